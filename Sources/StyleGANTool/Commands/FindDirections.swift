import ArgumentParser
import Datasets
import GANs
import Images

/// The method of finding directions.
enum DirectionMethod: String, ExpressibleByArgument, CaseIterable { case sefa, pca, labels }

struct FindDirections: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "directions", abstract: "Find directions in W, and draw pictures along them.",
    discussion: """
      Methods:
        sefa    directions that change the styles of --layers most, from the style weights alone (SeFa)
        pca     principal components of w: directions of its largest variance (GANSpace)
        labels  directions that separate the classes of --data, found by a classifier in the network's pictures

      The command lists the directions, saves them as directions.safetensors, and draws one strip for each direction \
      and seed.

      Examples:
        stylegan directions --network net.safetensors --method pca --count 6 \\
            --seeds 0,1 --outdir out
        stylegan directions --network net.safetensors --layers fine --strength 5 \\
            --only 0,2
        stylegan directions --network net.safetensors --method labels \\
            --data fashion-mnist
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "The method.") var method: DirectionMethod = .sefa
  @Option(help: "Layers to analyze (sefa) and to move: coarse, middle, fine, or numbers such as 0-3 (default: all).")
  var layers: LayerChoice?
  @Option(parsing: .unconditional, help: "Number of directions (default: 8; for labels, one for each class).")
  var count: Int?
  @Option(help: "Draw only these directions, numbered from 0.") var only: NumberList?
  @Option(help: "Seeds (or files of latents) to start from.") var seeds: LatentList = LatentList(argument: "0")!
  @Option(parsing: .unconditional, help: "Distance to each side, in standard deviations of w along the direction.")
  var strength: Double = 3
  @Option(parsing: .unconditional, help: "Number of pictures in a strip.") var steps: Int = 7
  @Option(help: "Labeled data for --method labels, as for 'stylegan train'.", completion: .data) var data: String?
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    try requireRange("--count", count, 1...8192)
    try requireRange("--steps", steps, 2...100)
    try requireRange("--strength", strength, -1000...1000)
    if method != .labels, data != nil { throw ValidationError("--data is for --method labels: leave it out") }
    if method == .labels, data == nil {
      throw ValidationError("--method labels needs labeled data: name it with --data")
    }
  }

  mutating func run() throws {
    try StyleGANTool.run {
      if method == .labels, try openNetwork(network.network).configuration.labelSize > 0 {
        throw ValidationError(
          "\(network.network) is a conditional network: it draws one class at a time, which --method labels cannot separate. "
            + "Use sefa or pca within a class, or 'stylegan interpolate' between classes")
      }
      let renderer = try network.renderer(withStyles: true)
      pictures.enlargeSmall(renderer)
      let all = renderer.style.layers.count
      let layers = try layers?.layers(of: all, option: "--layers") ?? Set(0..<all)
      let starts = renderer.styles(try seeds.codes(renderer))
      let dataset = method == .labels ? try labeledData(renderer) : nil
      let most = dataset?.labelCount ?? renderer.style.wSize
      if let count, count > most {
        throw ValidationError(
          "--count is \(count), but there are at most \(most) " + (dataset == nil ? "dimensions of w" : "classes"))
      }
      let count = count ?? (dataset == nil ? min(8, most) : most)
      func requireOnly(below count: Int) throws {
        if let last = only?.values.max(), last >= count {
          throw ValidationError("--only has \(last), but the directions are 0 to \(count - 1)")
        }
      }
      // Mistakes are refused before the search.
      try requireOnly(below: count)
      try NetworkArguments.requireRoom((only?.values.count ?? count) * steps, renderer, scale: pictures.scale)
      let sheets = (0..<starts.count).map { starts.count == 1 ? "directions.png" : "directions-\(padded($0, 4)).png" }
      try pictures.prepare(
        ["directions.safetensors"] + sheets, inputs: network.inputs + seeds.files, data: data
      ) { isSafetensors($0, format: "swift-stylegan directions") || PictureMark.isTrue(at: $0) }
      var results = Results(network: network.path, method: method.rawValue)
      let directions = try find(renderer, layers, dataset, count, &results)
      try requireOnly(below: directions.count)
      let path = pictures.path("directions.safetensors")
      try directions.write(to: path)
      pictures.output.say(path)
      results.path = path
      let chosen = only.map { $0.values.map(Int.init) } ?? Array(0..<directions.count)
      let strengths = (0..<steps).map { strength * (2 * Double($0) / Double(steps - 1) - 1) }
      for start in 0..<starts.count {
        let images = chosen.flatMap { index in
          renderer.images(
            directions.moved(starts[start..<start + 1], along: index, strengths: strengths, layers: layers))
        }
        let sheet = try ImageGrid.labeled(
          try images.map(pictures.enlarged), rows: chosen.map { directions.names[$0] },
          columns: strengths.map { "\(($0 * 10).rounded() / 10)" }, padding: 1, textHeight: 10)
        results.files.append(try pictures.write(sheet, as: sheets[start], enlarging: false))
      }
      try pictures.output.finish(results)
    }
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// One direction.
    struct Direction: Encodable {
      /// Its name: a number, or a class.
      var name: String
      /// The share of the change of styles (sefa), of the variance of w (pca) or of the pictures (labels), 0…1.
      var share: Double
      /// The standard deviation of w along it (sefa, pca).
      var deviation: Double?
      /// How well w separates the class, and the share of pictures in it after moving by --strength, 0…1 (labels).
      var separation, shareAfterMoving: Double?
    }

    var network: String
    var method: String
    /// The file of the directions.
    var path = ""
    /// The share of new pictures that the classifier knows, 0…1 (labels).
    var classifierAccuracy: Double?
    var directions: [Direction] = []
    var files: [WrittenFile] = []
  }

  private func labeledData(_ renderer: Renderer) throws -> any ImageDataset {
    let dataset = try DatasetSource.open(
      data!, resolution: renderer.growth.resolution, channels: renderer.generator.architecture.imageChannels,
      notice: pictures.output.note)
    guard dataset.labelCount > 1 else {
      throw ValidationError("\(data!) has no labels: use data with classes, or --method sefa or pca")
    }
    return dataset
  }

  /// Finds and lists the directions.
  private func find(
    _ renderer: Renderer, _ layers: Set<Int>, _ dataset: (any ImageDataset)?, _ count: Int, _ results: inout Results
  ) throws -> Directions {
    let output = pictures.output
    guard let dataset else {
      let found =
        method == .sefa
        ? renderer.style.directionsOfStyles(layers: layers, condition: renderer.condition)
        : renderer.style.principalDirections(condition: renderer.condition)
      let share = method == .sefa ? "share of style change" : "share of variance"
      let table = Table([.text("direction"), .number(share), .number("deviation of w")])
      output.explain(table.heading)
      for (index, rating) in found.ratings.prefix(count).enumerated() {
        let deviation = Double(found.deviations[index])
        output.say(table.line(["\(index)", percent(Double(rating)), String(format: "%.1f", deviation)]))
        results.directions.append(.init(name: found.names[index], share: Double(rating), deviation: deviation))
      }
      return found.prefix(count)
    }
    var line = ProgressLine(unit: "steps of the classifier", quiet: output.quiet)
    let found = try LabelDirections(renderer, dataset: dataset) { line.show($0, of: $1) }
    line.clear()
    guard found.directions.count > 0 else {
      throw ValidationError(
        "the classifier finds fewer than two classes of \(data!) in the network's pictures: use the data of its "
          + "training, with more pictures of each class, or --method sefa or pca")
    }
    results.classifierAccuracy = found.classifierAccuracy
    output.say("accuracy of the classifier on new pictures: \(percent(found.classifierAccuracy))")
    let names = found.directions.names.prefix(count)
    let table = Table([
      .text("class", width: names.map(\.count).max() ?? 0), .number("share of pictures"), .number("separation of w"),
      .number("share after moving by \(String(format: "%g", strength))"),
    ])
    output.explain(table.heading)
    for (index, name) in names.enumerated() {
      let (share, separation) = (found.shares[index], found.directions.ratings[index])
      let moved = found.share(renderer, index: index, strength: strength)
      output.say(table.line([name, percent(share), percent(separation), percent(moved)]))
      results.directions.append(
        .init(name: name, share: share, separation: separation, shareAfterMoving: moved))
    }
    return found.directions.prefix(count)
  }
}
