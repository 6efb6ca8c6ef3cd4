import ArgumentParser
import GANs
import Images

struct StyleMixing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "style-mixing",
    abstract: "Mix the styles of rows and columns of seeds (StyleGAN, Figure 3).",
    discussion: """
      Each picture has the styles of its row's seed, but those of --styles from its column's seed. The seeds' own
      pictures stand in the first column and the first row.

      Examples:
        stylegan style-mixing --network net.safetensors --rows 1-4 --cols 5-9 --styles coarse --outdir out
        stylegan style-mixing --network net.safetensors --rows 1,2 --cols 3-6 --styles 0-3,6 --trunc 0.7
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds of the rows, which give most styles.") var rows: NumberList
  @Option(help: "Seeds of the columns, which give the styles of --styles.") var cols: NumberList
  @Option(help: "Layers taken from the columns: coarse, middle, fine, or numbers such as 0-3,6.")
  var styles: LayerChoice = LayerChoice(argument: "coarse")!
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    if rows.values.count * cols.values.count > 10_000 {
      throw ValidationError("\(rows.values.count) rows × \(cols.values.count) columns are more than 10,000 pictures")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let renderer = try network.renderer(withStyles: true)
      let layers = try styles.layers(of: renderer.styleGenerator!.configuration.layerCount)
      try NetworkArguments.requireRoom(
        (rows.values.count + 1) * (cols.values.count + 1), renderer, scale: pictures.scale)
      try pictures.prepare()
      let images = renderer.styleMixing(rows: rows.values, columns: cols.values, layers: layers)
      try pictures.write(
        ImageGrid.tiled(images, columns: cols.values.count + 1, padding: 1), as: "style-mixing.png")
    }
  }
}
