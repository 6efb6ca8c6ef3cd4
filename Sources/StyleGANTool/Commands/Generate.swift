import ArgumentParser
import Files
import GANs
import Images
import Torch

/// A format of pictures, by the extension of their names.
enum PictureFormat: String, ExpressibleByArgument, CaseIterable, CustomStringConvertible {
  case png, webp, jpg
  var description: String { rawValue }
}

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw pictures from seeds and saved latents.",
    discussion: """
      A seed gives the same latent as in the usual StyleGAN programs: z = NumPy's \
      RandomState(seed).randn(1, z_dim). A file of latents comes from 'stylegan project', or is an .npz with an array w. \
      A picture of a seed is named seed0003.png, one of a file like the file. An existing file is replaced only if \
      this program drew it and nobody changed it since.

      A conditional network draws the class of --class. Of several classes every seed is drawn with every class: as \
      seed0003-class1.png, or with --grid in a table with a row for each class and a column for each seed (or the other \
      way round, as the size of the grid tells) with the names of the classes beside it.

      Examples:
        stylegan generate --network runs/00000-stylegan-fashion-mnist-32 \\
            --seeds 0,3,10-20 --outdir out
        stylegan generate --network net.safetensors --grid 8x4 --trunc 0.7 \\
            --outdir out
        stylegan generate --network net.safetensors \\
            --seeds photo.safetensors,other.npz --outdir out
        stylegan generate --network net.safetensors --class all --grid 8x10 \\
            --trunc 0.7 --format webp
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds, such as 0,3,10-20, and files of latents (default: 0; with --grid, one for each cell).")
  var seeds: LatentList?
  @Option(help: "Write one picture of columns × rows, such as 8x4, instead of a file for each seed.")
  var grid: GridSize?
  @Option(help: "Format of the pictures: png, webp (lossless) or jpg (without alpha).")
  var format: PictureFormat = .png
  @OptionGroup var pictures: PictureArguments

  func run() throws {
    try StyleGANTool.run {
      let hasSeeds = seeds?.sources.contains { $0.seed != nil } ?? true
      if !hasSeeds, network.classes.isGiven {
        throw ValidationError("a file of latents has the class of its picture: leave out --class and --label")
      }
      let drawings = try network.drawings(needsLabel: hasSeeds)
      if drawings.count > 1 { return try draw(drawings) }
      let (label, renderer) = (drawings[0].label, drawings[0].renderer)
      if let grid, let seeds, seeds.count > grid.columns * grid.rows {
        throw ValidationError(
          "--seeds has \(seeds.count) seeds, but a grid of \(grid.columns)x\(grid.rows) has fewer places")
      }
      if let grid { try NetworkArguments.requireRoom(grid.columns * grid.rows, renderer, scale: pictures.scale) }
      let sources = seeds?.sources ?? (0..<UInt32(grid.map { $0.columns * $0.rows } ?? 1)).map { .seed($0) }
      // Files are opened before anything is written.
      let files = try sources.map { source -> SavedLatents? in
        if case .file = source { try LatentList.latents(source, renderer) } else { nil }
      }
      let names = Self.names(sources, files)
      try pictures.prepare(
        grid == nil ? names.joined().map { "\($0).\(format)" } : ["grid.\(format)"],
        inputs: network.inputs + (seeds?.files ?? []),
        pixels: names.reduce(0) { $0 + $1.count } * renderer.growth.resolution * renderer.growth.resolution)
      var cells: [Image] = []
      var written: [WrittenFile] = []
      var at = 0
      while at < sources.count {
        if let latents = files[at] {
          try draw(latents, renderer) { i, image in
            guard grid == nil else { return cells.append(image) }
            written.append(try pictures.write(image, as: "\(names[at][i]).\(format)"))
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
            written.append(try pictures.write(image, as: "\(names[at + i][0]).\(format)"))
            (written[written.count - 1].seed, written[written.count - 1].label) = (block[i].seed, label?.name)
          }
          at += block.count
        }
      }
      if let grid {
        written = [try pictures.write(ImageGrid.tiled(cells, columns: grid.columns), as: "grid.\(format)")]
      }
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

// Every seed with every one of several labels.

extension Generate {
  /// Draws all seeds with all labels: a table, or a file each.
  private func draw(_ drawings: [NetworkArguments.Drawing]) throws {
    guard seeds == nil || seeds!.seeds != nil else {
      throw ValidationError("a file of latents has the class of its picture: give seeds, or leave out --class")
    }
    let side = drawings[0].renderer.growth.resolution
    let count = try seedCount(drawings.count)
    let seeds = seeds?.seeds ?? Array(0..<UInt32(count))
    try NetworkArguments.requireRoom(grid == nil ? 1 : seeds.count * drawings.count, drawings[0].renderer)
    func name(_ drawing: NetworkArguments.Drawing, _ seed: UInt32) -> String {
      "seed\(padded(seed, 4))-\(drawing.label!.fileName).\(format)"
    }
    try pictures.prepare(
      grid == nil ? drawings.flatMap { drawing in seeds.map { name(drawing, $0) } } : ["grid.\(format)"],
      inputs: network.inputs, pixels: seeds.count * drawings.count * side * side)
    var written: [WrittenFile] = []
    var table: [[Image]] = []
    for drawing in drawings {
      let renderer = drawing.renderer
      var row: [Image] = []
      for start in stride(from: 0, to: seeds.count, by: 256) {
        let block = Array(seeds[start..<min(start + 256, seeds.count)])
        try renderer.draw(renderer.styles(renderer.codes(seeds: block))) { i, image in
          guard grid == nil else { return row.append(try pictures.enlarged(image)) }
          var file = try pictures.write(image, as: name(drawing, block[i]))
          (file.seed, file.label) = (block[i], drawing.label!.name)
          written.append(file)
        }
      }
      table.append(row)
    }
    if let grid {
      let (names, numbers) = (drawings.map { $0.label!.name.shown }, seeds.map { "\($0)" })
      let rowsAreLabels = grid.rows == drawings.count
      let images = rowsAreLabels ? table.joined().map(\.self) : seeds.indices.flatMap { i in table.map { $0[i] } }
      let sheet = try ImageGrid.labeled(
        images, rows: rowsAreLabels ? names : numbers, columns: rowsAreLabels ? numbers : names)
      written = [try pictures.write(sheet, as: "grid.\(format)", enlarging: false)]
    }
    try pictures.output.finish(DrawnResults(network: network.path, files: written))
  }

  /// The seeds of each label: those given, or as many as the grid has places for.
  private func seedCount(_ labels: Int) throws -> Int {
    guard let grid else { return seeds?.count ?? 1 }
    guard grid.rows == labels || grid.columns == labels else {
      throw ValidationError(
        "--grid \(grid.columns)x\(grid.rows) has neither a row nor a column for each of \(labels) classes: give "
          + "\(grid.columns)x\(labels)")
    }
    let places = grid.rows == labels ? grid.columns : grid.rows
    if let seeds, seeds.count > places {
      throw ValidationError("--seeds has \(seeds.count) seeds, but --grid has \(counted(places, "place")) for a class")
    }
    return places
  }
}
