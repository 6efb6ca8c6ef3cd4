import ArgumentParser
import GANs
import Images

struct StyleMixing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "style-mixing", abstract: "Mix the styles of rows and columns of seeds (StyleGAN, Figure 3).",
    discussion: """
      Each picture takes the styles of --styles from its column's seed and all other styles from its row's seed. The \
      first row and the first column show the seeds' own pictures. A file of latents from 'stylegan project' can \
      replace a seed. If --styles is repeated, each use makes a table, one below the other. Of a conditional network, \
      --class A,B draws the rows with class A and the columns with class B.

      Examples:
        stylegan style-mixing --network net.safetensors --rows 1-4 --cols 5-9 \\
            --styles coarse --outdir out
        stylegan style-mixing --network net.safetensors --rows 1,2 --cols 3-6 \\
            --styles 0-3,6 --trunc 0.7
        stylegan style-mixing --network net.safetensors --rows photo.npz \\
            --cols 2-5 --styles coarse --styles fine
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds (or files of latents) of the rows.") var rows: LatentList
  @Option(help: "Seeds (or files of latents) of the columns.") var cols: LatentList
  @Option(
    help: "Layers of the columns' styles: coarse, middle, fine, or numbers such as 0-3,6; repeatable (default: coarse)."
  )
  var styles: [LayerChoice] = []
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    if rows.count * cols.count * max(1, styles.count) > 10_000 {
      throw ValidationError("\(rows.count) rows × \(cols.count) columns are more than 10,000 pictures")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let drawings = try network.drawings(withStyles: true)
      guard drawings.count < 3 else {
        throw ValidationError("--class has \(drawings.count) classes: give one, or that of the rows and of the columns")
      }
      let (renderer, other) = (drawings[0].renderer, drawings[drawings.count - 1].renderer)
      let choices = styles.isEmpty ? [LayerChoice(argument: "coarse")!] : styles
      let tables = try choices.map { try $0.layers(of: renderer.style.layers.count, option: "--styles") }
      let (rows, columns) = (renderer.styles(try rows.codes(renderer)), other.styles(try cols.codes(other)))
      let width = columns.count + 1
      try NetworkArguments.requireRoom((rows.count + 1) * width * tables.count, renderer, scale: pictures.scale)
      try pictures.prepare(["style-mixing.png"], inputs: network.inputs + self.rows.files + cols.files)
      var images: [Image] = []
      for layers in tables {
        let table = renderer.styleMixing(rows: rows, columns: columns, layers: layers)
        // The columns' own pictures are drawn once, above all tables.
        images += images.isEmpty ? table[...] : table.dropFirst(width)
      }
      guard tables.count > 1 else {
        return try finish(
          try pictures.write(ImageGrid.tiled(images, columns: width, padding: 1), as: "style-mixing.png"))
      }
      let labels = choices.flatMap { choice in (0..<rows.count).map { $0 == 0 ? choice.text : "" } }
      try finish(
        try pictures.write(
          ImageGrid.labeled(
            try images.map(pictures.enlarged), rows: [""] + labels,
            columns: [String](repeating: "", count: width), padding: 1), as: "style-mixing.png", enlarging: false))
    }
  }

  private func finish(_ file: WrittenFile) throws {
    try pictures.output.finish(DrawnResults(network: network.path, files: [file]))
  }
}
