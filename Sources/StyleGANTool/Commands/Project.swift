import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

extension Projector.Space: ExpressibleByArgument {}

struct Project: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find latents of photographs (projection).",
    discussion: """
      For each picture the command writes its latents as NAME.safetensors and NAME.npz. 'generate', 'style-mixing' and \
      'interpolate' accept these files instead of seeds. NAME-projected.png shows the picture, its projection and their \
      difference (gray: no difference). projections.png shows all pictures. Pictures are cropped to the shape of the \
      network's pictures and resized. Two pictures of one name are numbered (photo, photo-2). Existing files are not \
      overwritten; with --force, earlier projections are replaced. The search in a conditional network starts from the class \
      of --class; pictures of --data start from their own classes without it.

      Examples:
        stylegan project photo.jpg other.png --network net.safetensors \\
            --outdir projected
        stylegan project --data fashion-mnist-test --items 0-15 \\
            --network net.safetensors --space w+
        stylegan generate --network net.safetensors \\
            --seeds projected/photo.safetensors
      """)

  @Argument(help: "Pictures to project.", completion: .file()) var images: [String] = []
  @Option(help: "Project pictures of this data set instead, as for 'stylegan train'.", completion: .data)
  var data: String?
  @Option(help: "Numbers of the pictures in --data, from 0.") var items: NumberList = NumberList(argument: "0")!
  @Option(
    help: ArgumentHelp("A network file, or the folder of a run (its newest network).", valueName: "file"),
    completion: .network)
  var network: String
  @Option(
    help: "w: one w for all layers, near the network's own pictures; w+: one for each layer, nearer to the picture.")
  var space: Projector.Space = .w
  @Option(parsing: .unconditional, help: "Number of optimization steps.") var steps: Int = 1000
  @Option(parsing: .unconditional, help: "Learning rate, in standard deviations of w.") var lr: Double = 0.1
  @Flag(help: "Optimize the noise images too, and save them in NAME.safetensors.") var optimizeNoise = false
  @Option(parsing: .unconditional, help: "Seed of all random numbers.") var seed: UInt64 = 0
  @OptionGroup var classes: ClassArguments
  @OptionGroup var compute: ComputeArguments
  @OptionGroup var pictures: PictureArguments
  @Flag(help: "Replace earlier projections of the same names.") var force = false

  mutating func validate() throws {
    if images.isEmpty == (data == nil) { throw ValidationError("name pictures or a data set (--data), one of the two") }
    try requireRange("--steps", steps, 1...1_000_000)
    if !(lr > 0 && lr <= 100) { throw ValidationError("--lr is \(lr.plain), but must be above 0 and at most 100") }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      let file = try openNetwork(network, device: device)
      // w+ has one w for each layer, so the network needs styles.
      try file.styleGenerator(withStyles: space == .wPlus)
      if optimizeNoise && !file.configuration.traits.hasNoise {
        throw ValidationError("\(file.name) is a network without noise inputs: leave out --optimize-noise")
      }
      let targets = try targets(file, area: Renderer(file).pictureArea)
      let condition =
        targets.contains { $0.condition != nil } ? nil : try classes.label(for: file, device: device)?.condition
      let renderer = Renderer(file, condition: condition, compute: Compute(precision: compute.precision))
      try NetworkArguments.requireRoom(3 * targets.count, renderer, scale: pictures.scale)
      var options = Projector.Options()
      options.space = space
      options.steps = steps
      options.learningRate = lr
      options.optimizesNoise = optimizeNoise
      options.seed = seed
      try prepare(targets.map(\.name), renderer, network: file.path)
      var projections: [Results.Projection] = []
      var triples: [Image] = []
      let chunks = chunks(of: targets)
      var line = ProgressLine(unit: "steps", quiet: pictures.output.quiet)
      for (number, part) in chunks.enumerated() {
        let projector = Projector(
          part[0].condition.map { renderer.with(condition: $0) } ?? renderer, options: options)
        let result = projector.project(.concatenated(part.map(\.image))) { done, total in
          line.show(number * total + done, of: chunks.count * total)
        }
        line.clear()
        for (i, target) in part.enumerated() {
          let range = i..<i + 1
          let latents = SavedLatents(result.latents.codes[range], noise: result.latents.noise?.map { $0[range] })
          let saved = ["safetensors", "npz"].map { pictures.path("\(target.name).\($0)") }
          for path in saved { try latents.write(to: path) }
          let (before, after) = (target.image.to(.cpu), result.images[range].to(.cpu))
          let difference = (after.clamped(minimum: -1, maximum: 1) - before) * 0.5
          let triple = try ImageGrid.tiled(
            renderer.pictures(of: .concatenated([before, after, difference])), columns: 3)
          let drawn = try pictures.write(
            triple, as: "\(target.name)-projected.png", note: "\(decibels(result.psnr[i])) dB")
          projections.append(.init(name: target.name, latents: saved, picture: drawn, psnr: result.psnr[i]))
          triples.append(triple)
        }
      }
      var results = Results(network: file.path, projections: projections)
      if projections.count > 1 {
        results.overview = try pictures.write(ImageGrid.tiled(triples, columns: 4, padding: 2), as: "projections.png")
        pictures.output.say("mean of \(projections.count): \(decibels(results.meanPSNR)) dB (PSNR)")
      }
      try pictures.output.finish(results)
    }
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// One projected picture.
    struct Projection: Encodable {
      /// The name of its files.
      let name: String
      /// The files of its latents.
      let latents: [String]
      /// The picture, its projection and their difference.
      let picture: WrittenFile
      /// The peak signal-to-noise ratio in dB.
      let psnr: Double
    }

    let network: String
    let projections: [Projection]
    /// The mean of all projections in dB.
    let meanPSNR: Double
    /// All pictures in one; nil for one picture.
    var overview: WrittenFile?

    init(network: String, projections: [Projection]) {
      (self.network, self.projections) = (network, projections)
      meanPSNR = projections.reduce(0) { $0 + $1.psnr } / Double(max(1, projections.count))
    }
  }

  /// Checks the outputs before the first step.
  private func prepare(_ names: [String], _ renderer: Renderer, network: String) throws {
    let endings = [".safetensors", ".npz", "-projected.png"]
    let files = names.flatMap { name in endings.map { name + $0 } }
    let inputs = images + [network]
    try pictures.prepare(
      files + (names.count > 1 ? ["projections.png"] : []), inputs: inputs, data: data,
      pixels: 3 * names.count * renderer.growth.resolution * renderer.growth.resolution
    ) { path in
      if path.hasSuffix(".png") {
        return (force || path == pictures.path("projections.png")) && PictureMark.isTrue(at: path)
      }
      // The .npz is of a projection if the .safetensors beside it is.
      let latents = path.hasSuffix(".npz") ? path.dropLast(".npz".count) + ".safetensors" : path
      return force && isSafetensors(latents, format: "swift-stylegan latents")
    }
  }

  private func decibels(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A picture to project.
  private struct Target {
    /// The unique name of its files.
    let name: String
    /// `[1, C, r, r]`
    let image: Tensor
    /// Its own label; nil where --class gives it, or without labels.
    let condition: Condition?
  }

  /// Up to 16 successive pictures of one label at a time.
  private func chunks(of targets: [Target]) -> [[Target]] {
    targets.reduce(into: []) { parts, target in
      if let last = parts.last, last.count < 16, last[0].condition?.vectors.floats == target.condition?.vectors.floats {
        parts[parts.count - 1].append(target)
      } else {
        parts.append([target])
      }
    }
  }

  /// The pictures to project, in the size of the network.
  /// - Parameter area: the part of the network's images that holds the picture; nil for the whole images.
  private func targets(_ file: NetworkFile, area: PictureArea?) throws -> [Target] {
    let (r, channels) = (file.growth.resolution, file.configuration.imageChannels)
    var targets: [Target] = []
    var names = Outputs.Names()
    func add(_ name: String, _ pixels: [UInt8], _ condition: Condition? = nil) {
      let batch = ImageBatch(pixels: pixels, labels: [], count: 1)
      targets.append(
        Target(name: names.take(name), image: batch.tensor(channels: channels, resolution: r), condition: condition))
    }
    /// A picture in the size of the network, with its padding.
    func target(_ picture: Image) throws -> Image {
      let (width, height) = (area?.width ?? r, area?.height ?? r)
      let image = picture.croppedToCenter(width: width, height: height)
      let small = try image.resized(width: width, height: height, kernel: width < image.width ? .area : .lanczos)
        .converted(toChannels: channels).withoutHiddenColors()
      return try area.map { try small.padded(to: r, at: $0) } ?? small
    }
    if let data {
      let dataset = try DatasetSource.open(
        data, resolution: r, channels: channels, resize: file.history?.resize, notice: pictures.output.note)
      let isLabeled =
        classes.choice == nil && classes.vectors.isEmpty && file.configuration.labelSize > 0
        && (dataset.labelSize, dataset.labelKind) == (file.configuration.labelSize, file.labelKind)
        && file.differentClass(from: dataset) == nil
      for item in items.values {
        guard item < dataset.count else {
          throw ValidationError("--items has \(item), but \(data) has pictures 0 to \(dataset.count - 1)")
        }
        var pixels = try dataset.image(at: Int(item))
        if dataset.pictureArea != area {
          let image = Image(planar: pixels, channels: channels, height: r, width: r)
          pixels = try target(image.cropped(to: dataset.pictureArea)).planar
        }
        add(
          "item\(padded(item, 5))", pixels,
          isLabeled ? dataset.condition(of: [Int(item)], device: file.generator.store.device) : nil)
      }
    }
    for path in images {
      add(FileSystem.stem(of: path), try target(ImageDecoder.decode(contentsOf: path)).planar)
    }
    return targets
  }
}
