import ArgumentParser
import GANs
import Images

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw pictures from seeds.",
    discussion: """
      A seed names the same latent as in the field's usual tools: z = NumPy's RandomState(seed).randn(1, z_dim).

      Examples:
        stylegan generate --network runs/00000-stylegan-fashion-mnist-32 --seeds 0,3,10-20 --outdir out
        stylegan generate --network net.safetensors --grid 8x4 --trunc 0.7 --outdir out
      """)

  @OptionGroup var network: NetworkArguments

  @Option(help: "Seeds, such as 0,3,10-20 (default: 0, or as many as the grid has places).")
  var seeds: NumberList?

  @Option(help: ArgumentHelp("One picture of columns × rows, such as 8x4, instead of a file a seed."))
  var grid: GridSize?

  @OptionGroup var pictures: PictureArguments

  func run() throws {
    try StyleGANTool.run {
      if let grid, let seeds, seeds.values.count > grid.columns * grid.rows {
        throw ValidationError(
          "--seeds names \(seeds.values.count) seeds, but a grid of \(grid.columns)x\(grid.rows) has fewer places")
      }
      let renderer = try network.renderer()
      if let grid { try NetworkArguments.requireRoom(grid.columns * grid.rows, renderer, scale: pictures.scale) }
      try pictures.prepare()
      if let grid {
        let seeds = seeds?.values ?? Array(0..<UInt32(grid.columns * grid.rows))
        try pictures.write(ImageGrid.tiled(renderer.images(seeds: seeds), columns: grid.columns), as: "grid.png")
      } else {
        let seeds = seeds?.values ?? [0]
        // Latents are made in blocks, so that a million seeds do not fill the memory.
        for block in stride(from: 0, to: seeds.count, by: 256) {
          let part = Array(seeds[block..<min(block + 256, seeds.count)])
          try renderer.draw(renderer.styles(renderer.w(seeds: part))) { i, image in
            try pictures.write(image, as: "seed\(padded(part[i], 4)).png")
          }
        }
      }
    }
  }
}
