import ArgumentParser
import Files
import GANs
import Images
import Torch

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw pictures from seeds and saved latents.",
    discussion: """
      A seed gives the same latent as in the usual StyleGAN programs: z = NumPy's \
      RandomState(seed).randn(1, z_dim). A file of latents comes from 'stylegan project', or is an .npz with an array w. \
      A picture of a seed is named seed0003.png, one of a file like the file. An existing file is replaced only if \
      this program drew it and nobody changed it since.

      Examples:
        stylegan generate --network runs/00000-stylegan-fashion-mnist-32 \\
            --seeds 0,3,10-20 --outdir out
        stylegan generate --network net.safetensors --grid 8x4 --trunc 0.7 \\
            --outdir out
        stylegan generate --network net.safetensors \\
            --seeds photo.safetensors,other.npz --outdir out
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds, such as 0,3,10-20, and files of latents (default: 0; with --grid, one for each cell).")
  var seeds: LatentList?
  @Option(help: "Write one picture of columns × rows, such as 8x4, instead of a file for each seed.")
  var grid: GridSize?
  @OptionGroup var pictures: PictureArguments

  func run() throws {
    try StyleGANTool.run {
      if let grid, let seeds, seeds.count > grid.columns * grid.rows {
        throw ValidationError(
          "--seeds has \(seeds.count) seeds, but a grid of \(grid.columns)x\(grid.rows) has fewer places")
      }
      let renderer = try network.renderer()
      if let grid { try NetworkArguments.requireRoom(grid.columns * grid.rows, renderer, scale: pictures.scale) }
      let sources = seeds?.sources ?? (0..<UInt32(grid.map { $0.columns * $0.rows } ?? 1)).map { .seed($0) }
      // Files are opened before anything is written.
      let files = try sources.map { source -> SavedLatents? in
        if case .file = source { try LatentList.latents(source, renderer) } else { nil }
      }
      let names = Self.names(sources, files)
      try pictures.prepare(
        grid == nil ? names.joined().map { "\($0).png" } : ["grid.png"], inputs: network.inputs + (seeds?.files ?? []),
        pixels: names.reduce(0) { $0 + $1.count } * renderer.growth.resolution * renderer.growth.resolution)
      var cells: [Image] = []
      var written: [WrittenFile] = []
      var at = 0
      while at < sources.count {
        if let latents = files[at] {
          try draw(latents, renderer) { i, image in
            guard grid == nil else { return cells.append(image) }
            written.append(try pictures.write(image, as: "\(names[at][i]).png"))
            if case .file(let path) = sources[at] {
              (written[written.count - 1].latents, written[written.count - 1].item) = (path, i)
            }
          }
          at += 1
        } else {
          // Latents are made in blocks, so that a million seeds do not fill the memory.
          let block = Array(sources[at..<min(at + 256, sources.count)].prefix { $0.seed != nil })
          try renderer.draw(renderer.styles(renderer.codes(seeds: block.compactMap(\.seed)))) { i, image in
            guard grid == nil else { return cells.append(image) }
            written.append(try pictures.write(image, as: "\(names[at + i][0]).png"))
            written[written.count - 1].seed = block[i].seed
          }
          at += block.count
        }
      }
      if let grid { written = [try pictures.write(ImageGrid.tiled(cells, columns: grid.columns), as: "grid.png")] }
      try pictures.output.finish(DrawnResults(network: network.path, files: written))
    }
  }

  /// The names of the pictures of each source; none occurs twice.
  private static func names(_ sources: [LatentList.Source], _ files: [SavedLatents?]) -> [[String]] {
    var names = Outputs.Names()
    return zip(sources, files).map { source, latents in
      let count = latents?.codes.count ?? 1
      return (0..<count).map { names.take(count == 1 ? source.name : "\(source.name)-\(padded($0, 4))") }
    }
  }

  /// Draws saved latents. With constant noise, their own saved noise is used.
  private func draw(_ latents: SavedLatents, _ renderer: Renderer, each: (Int, Image) throws -> Void) throws {
    let styles = renderer.styles(latents.codes)
    guard network.noiseMode == .const, let noise = latents.noise else { return try renderer.draw(styles, each: each) }
    for i in 0..<styles.count {
      try renderer.with(noise: .given(noise.map { $0[i..<i + 1] })).draw(styles[i..<i + 1]) { try each(i, $1) }
    }
  }
}
