import ArgumentParser
import Datasets
import GANs
import Images

/// How directions are found.
enum DirectionMethod: String, ExpressibleByArgument, CaseIterable {
  case sefa, pca, labels
}

struct FindDirections: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "directions",
    abstract: "Find directions in W along which pictures change, and draw along them.",
    discussion: """
      Methods:
        sefa    from the style weights alone (SeFa): what changes the styles of --layers most
        pca     principal components of w (GANSpace): in which w varies most
        labels  what separates the classes of --data: a classifier learns them and names the network's pictures

      Lists the directions, saves them as directions.safetensors, and draws for each seed a strip \
      a direction.

      Examples:
        stylegan directions --network net.safetensors --method pca --count 6 --seeds 0,1 --outdir out
        stylegan directions --network net.safetensors --layers fine --strength 5 --only 0,2
        stylegan directions --network net.safetensors --method labels --data fashion-mnist
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "How they are found.") var method: DirectionMethod = .sefa
  @Option(
    help: "Layers that are looked at (sefa) and moved: coarse, middle, fine, or numbers such as 0-3 (default: all).")
  var layers: LayerChoice?
  @Option(parsing: .unconditional, help: "How many directions (default: 8, or as many as there are classes).")
  var count: Int?
  @Option(help: "Draw only these of them, from 0.") var only: NumberList?
  @Option(help: "Seeds (or files of latents) from which to start.") var seeds: LatentList = LatentList(argument: "0")!
  @Option(parsing: .unconditional, help: "How far to go each way, in deviations of w along the direction.")
  var strength: Double = 3
  @Option(parsing: .unconditional, help: "Pictures of a strip.") var steps: Int = 7
  @Option(help: "Labelled data, as 'stylegan train' takes it, for --method labels.") var data: String?
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    if let count, !(1...8192).contains(count) { throw ValidationError("--count is \(count), but must be 1 to 8192") }
    if !(2...100).contains(steps) { throw ValidationError("--steps is \(steps), but must be 2 to 100") }
    if !(-1000...1000).contains(strength) {
      throw ValidationError("--strength is \(strength), but must be from −1000 to 1000")
    }
    if method == .labels, data == nil {
      throw ValidationError("--method labels needs labelled data: name it with --data")
    }
  }

  mutating func run() throws {
    try StyleGANTool.run {
      let renderer = try network.renderer(withStyles: true)
      pictures.enlargeSmall(renderer)
      let all = renderer.style.layers.count
      let layers = try layers?.layers(of: all, option: "--layers") ?? Set(0..<all)
      let starts = renderer.styles(try seeds.codes(renderer))
      let dataset = method == .labels ? try labelledData(renderer) : nil
      let most = dataset?.labelCount ?? renderer.style.wSize
      if let count, count > most {
        throw ValidationError(
          "--count is \(count), but there are \(most) " + (dataset == nil ? "dimensions of w" : "classes") + " at most")
      }
      let count = count ?? (dataset == nil ? min(8, most) : most)
      func requireOnly(below count: Int) throws {
        if let last = only?.values.max(), last >= count {
          throw ValidationError("--only has \(last), but there are directions 0 to \(count - 1)")
        }
      }
      // What can be refused is refused before the search.
      try requireOnly(below: count)
      try NetworkArguments.requireRoom((only?.values.count ?? count) * steps, renderer, scale: pictures.scale)
      let directions = try find(renderer, layers, dataset, count)
      try requireOnly(below: directions.count)
      try pictures.prepare()
      let path = "\(pictures.outdir)/directions.safetensors"
      try directions.write(to: path)
      print(path)
      let chosen = only.map { $0.values.map(Int.init) } ?? Array(0..<directions.count)
      let strengths = (0..<steps).map { strength * (2 * Double($0) / Double(steps - 1) - 1) }
      for start in 0..<starts.count {
        let images = chosen.flatMap { index in
          renderer.images(
            directions.moved(starts[start..<start + 1], along: index, strengths: strengths, layers: layers))
        }
        let sheet = try ImageGrid.labelled(
          try images.map(pictures.enlarged), rows: chosen.map { directions.names[$0] },
          columns: strengths.map { "\(($0 * 10).rounded() / 10)" }, padding: 1, textHeight: 10)
        let name = starts.count == 1 ? "directions.png" : "directions-\(padded(start, 4)).png"
        try pictures.write(sheet, as: name, enlarging: false)
      }
    }
  }

  private func labelledData(_ renderer: Renderer) throws -> any ImageDataset {
    let dataset = try DatasetSource.open(
      data!, resolution: renderer.growth.resolution, channels: renderer.generator.architecture.imageChannels,
      notice: { printError($0) })
    guard dataset.labelCount > 1 else {
      throw ValidationError("\(data!) has no labels: name data with classes, or use --method sefa or pca")
    }
    return dataset
  }

  /// Finds and lists them.
  private func find(
    _ renderer: Renderer, _ layers: Set<Int>, _ dataset: (any ImageDataset)?, _ count: Int
  ) throws -> Directions {
    guard let dataset else {
      let found =
        method == .sefa
        ? renderer.style.directionsOfStyles(layers: layers, condition: renderer.condition)
        : renderer.style.principalDirections(condition: renderer.condition)
      print(
        method == .sefa
          ? "direction  share of style change  deviation of w" : "direction  share of variance  deviation of w")
      for (index, rating) in found.ratings.prefix(count).enumerated() {
        print("\(index)  \(percent(rating))  \(rounded(found.deviations[index]))")
      }
      return found.prefix(count)
    }
    var line = ProgressLine(unit: "steps of the classifier")
    let found = try LabelDirections(renderer, dataset: dataset) { line.show($0, of: $1) }
    line.clear()
    guard found.directions.count > 0 else {
      throw ValidationError(
        "the network's pictures are of one class of \(data!), or of none: use data of what it draws, with more pictures a "
          + "class, or --method sefa or pca")
    }
    print("classifier: \(percent(found.classifierAccuracy)) of new pictures right")
    print("class  share of pictures  separation of w  share after moving by \(rounded(strength))")
    for (index, name) in found.directions.names.prefix(count).enumerated() {
      let moved = found.share(renderer, index: index, strength: strength)
      print(
        "\(name)  \(percent(found.shares[index]))  \(percent(found.directions.ratings[index]))  \(percent(moved))")
    }
    return found.directions.prefix(count)
  }

  private func percent(_ value: Double) -> String { "\(rounded(100 * value)) %" }
  private func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
