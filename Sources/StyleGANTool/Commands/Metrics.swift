import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

struct Metrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the quality of pictures: FID, path lengths and other metrics.",
    discussion: """
      Metrics:
      \(Metric.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      Pictures are drawn without truncation and with fresh noise. Each result is appended to metric-NAME.jsonl in the \
      folder of the network file. Values of different detectors cannot be compared, so each result carries the name of \
      its detector. '@5000' after a name means that --samples was not the usual number.

      Detectors: 'fashion' is a classifier of Fashion-MNIST. 'random-vgg' is a network of random weights for any data. \
      Both are built in; 'auto' chooses between them. A TorchScript file must have the interface of the usual files \
      (inception-2015-12-05.pt, vgg16.pt). An FID can be compared with papers only if the detector is the first file, \
      a path length only if it is the second. 'stylegan detector train' makes a detector for labeled data.

      Features of the real images are cached in \(Metrics.cacheName).
      To resume after an interruption, give the same command again.

      Examples:
        stylegan metrics --network runs/00000-stylegan-fashion-mnist-32 \\
            --data fashion-mnist --metrics fid50k_full
        stylegan metrics --network net.safetensors --data photos.zip \\
            --metrics fid50k --detector inception.pt
        stylegan metrics --network runs/00000-stylegan-fashion-mnist-32 \\
            --metrics ppl_zend,ppl_wend,ls --samples 10000
        stylegan metrics --images drawn/ --data photos.zip \\
            --metrics fid50k_full,pr50k3_full
        stylegan metrics --network runs/00000-stylegan-photos-64 --data photos.zip \\
            --metrics fid50k --mixing-stress 1,2,3,4
      """)

  static let cacheName = "~/.cache/swift-stylegan/features"

  @Option(
    help: ArgumentHelp("A network file, or the folder of a run (its newest network).", valueName: "file"),
    completion: .network)
  var network: String?
  @Option(
    help: ArgumentHelp("Pictures to measure instead of a network, as for --data.", valueName: "dir"),
    completion: .data)
  var images: String?
  @Option(
    help: "The real images, as for 'stylegan train'; ppl, ls, is50k and msssim need none.", completion: .data)
  var data: String?
  @Option(parsing: .unconditional, help: "Crop and resize the pictures of --images to this side (default: no change).")
  var resolution: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Compare with the real images and their mirror images (default: as in the training of the network).")
  var mirror: Bool?
  @Option(help: "Metrics, separated by commas: \(Metric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metrics: MetricList
  @Option(
    parsing: .unconditional, help: "Number of fakes, or of pairs of fakes (default: the usual number of the metric).")
  var samples: Int?
  @OptionGroup var detectors: DetectorArguments
  @Flag(help: "For aligned faces: measure path lengths only in the middle of the face.") var cropFaces = false
  @Option(
    help: ArgumentHelp(
      "Mix this many latents in each picture; 1,2,3,4 measures once for each number.", valueName: "counts"))
  var mixingStress: NumberList?
  @Option(parsing: .unconditional, help: "Seed of latents, noise and random choices of metrics.") var seed: UInt64 = 0
  @Option(help: "The generator: ema (moving average) or raw (as in training).") var weights: WeightsChoice = .ema
  @Option(help: "The folder of metric-NAME.jsonl (default: that of the network).", completion: .directory)
  var outdir: String?
  @OptionGroup var compute: ComputeArguments
  @OptionGroup var output: OutputArguments

  mutating func validate() throws {
    _ = try metrics.metrics()
    try requireRange("--samples", samples, 2...1_000_000)
    guard (network == nil) != (images == nil) else {
      throw ValidationError(network == nil ? "give --network or --images" : "give --network or --images, not both")
    }
    if let mixingStress {
      guard images == nil else { throw ValidationError("--mixing-stress needs --network: pictures cannot be mixed") }
      guard mixingStress.values.allSatisfy({ (1...16).contains($0) }) else {
        throw ValidationError("--mixing-stress takes numbers of latents from 1 to 16")
      }
    }
    try requireEffect()
  }

  /// Refuses options that have no effect on the metrics.
  private func requireEffect() throws {
    let metrics = try metrics.metrics()
    try detectors.requireUse(by: metrics)
    if cropFaces && !metrics.contains(where: { $0.output == .perceptual }) {
      throw ValidationError("--crop-faces is for path lengths, and none is measured: leave it out, or measure ppl_wend")
    }
    if mixingStress != nil, let metric = metrics.first(where: { $0.output == .perceptual || $0 == .ls }) {
      throw ValidationError(
        "--mixing-stress is for pictures, and \(metric.rawValue) mixes no latents: leave one of them out")
    }
    if resolution != nil && images == nil {
      throw ValidationError("--resolution is for --images: the pictures of a network have its own resolution")
    }
    if let mirror, data == nil || !metrics.contains(where: \.needsReals) {
      throw ValidationError(
        "--\(mirror ? "" : "no-")mirror is for real images, and \(data == nil ? "--data is missing" : "no metric uses them")"
          + ": leave it out")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      let signals = StopSignals()
      do {
        if let network { try measure(network, device, signals) } else { try measurePictures(images!, device, signals) }
      } catch is MetricEvaluation.Stopped {
        printError("stopped; give the same command again to resume")
        throw ExitCode(128 + (signals.received ?? SIGINT))
      }
    }
  }

  private func measure(_ network: String, _ device: Device, _ signals: StopSignals) throws {
    let path = try newestNetwork(at: network)
    let file = try NetworkFile(path: path, device: device)
    guard file.growth.resolution >= 8 else {
      throw ValidationError("\(path) draws at 4×4, too small for metrics: train it further")
    }
    let reals = try data.map {
      try DatasetSource.open(
        $0, resolution: file.configuration.dataResolution, channels: file.configuration.imageChannels,
        notice: output.note
      ).mirrored(mirror ?? file.wasMirrored)
    }
    try requireMemory(channels: file.configuration.imageChannels, reals)
    let run = try self.run(reals, file.history?.dataset, device, signals)
    let subject = try run.subject(file, raw: weights == .raw, reals: reals)
    if let obstacle = run.obstacle(subject, reals) { throw obstacle }
    let folder = outdir ?? Folder.of(path)
    try prepare(folder, inputs: [path])
    run.remarks(subject, reals).forEach(run.note)
    output.explain("\(path), \(weights.rawValue) weights")
    output.explain(run.table(mixes: mixingStress != nil).heading)
    var results: [MetricResult] = []
    for mixing in mixingStress?.values.map(Int.init) ?? [1] {
      try run(try run.subject(file, raw: weights == .raw, mixing: mixing, reals: reals), reals, folder: folder) {
        result in
        result.kimg = file.history?.kimg
        result.network = FileSystem.name(of: path)
        result.weights = weights.rawValue
        result.data = data
        if mixingStress != nil { result.mixing = mixing }
        results.append(result)
      }
    }
    if let table = Self.mixingTable(results) { for line in [""] + [table.heading] + table.lines { output.say(line) } }
    try output.finish(Results(network: path, results: results))
  }

  /// Results by the number of mixed latents (StyleGAN, Table 2); nil for one number.
  private static func mixingTable(_ results: [MetricResult]) -> Table? {
    var numbers: [Int] = []
    for number in results.compactMap(\.mixing) where !numbers.contains(number) { numbers.append(number) }
    guard numbers.count > 1 else { return nil }
    var table = Table([.text("latents mixed")] + numbers.map { .number("\($0)") })
    var metrics: [String] = []
    for metric in results.map(\.metric) where !metrics.contains(metric) { metrics.append(metric) }
    for metric in metrics {
      table.add(
        [metric]
          + numbers.map { number in
            results.last { $0.metric == metric && $0.mixing == number }.map { String(format: "%.4f", $0.value) } ?? "–"
          })
    }
    return table
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// The network file, or the pictures that were measured.
    var network, images: String?
    /// One result for each metric and number of mixed latents, as in `metric-NAME.jsonl`.
    let results: [MetricResult]
  }

  private func measurePictures(_ images: String, _ device: Device, _ signals: StopSignals) throws {
    let pictures = try DatasetSource.open(images, resolution: resolution, notice: output.note)
    let reals = try data.map {
      try DatasetSource.open($0, resolution: pictures.resolution, channels: pictures.channels, notice: output.note)
        .mirrored(mirror ?? false)
    }
    try requireMemory(channels: pictures.channels, reals)
    let run = try self.run(reals ?? pictures, nil, device, signals)
    let subject = MetricSubject(pictures, seed: seed)
    if let obstacle = run.obstacle(subject, reals) { throw obstacle }
    if let outdir { try prepare(outdir, inputs: [images]) }
    run.remarks(subject, reals).forEach(run.note)
    output.explain("\(images), \(pictures.count) pictures")
    output.explain(run.table(mixes: mixingStress != nil).heading)
    var results: [MetricResult] = []
    try run(subject, reals, folder: outdir) { result in
      result.images = images
      result.data = data
      results.append(result)
    }
    try output.finish(Results(images: images, results: results))
  }

  /// Makes the folder of the results, and checks that they can be written, before anything is measured.
  private func prepare(_ folder: String, inputs: [String]) throws {
    guard !folder.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
    let metrics = try metrics.metrics()
    let values = metrics.filter { $0.output == .perceptual }.map { "\(folder)/\(MetricRun.valuesName($0))" }
    let outputs = Outputs(inputs: inputs + (data.map { [$0] } ?? []))
    do {
      // Results are appended; path lengths are replaced.
      try outputs.check(metrics.map { "\(folder)/\(MetricRun.resultsName($0))" } + values) { path in
        values.contains(path) ? (try? SafetensorsFile(path: path))?.metadata["metric"] != nil : access(path, W_OK) == 0
      }
      try Folder.makeWritable(folder)
    } catch let error as FileError where outdir == nil { throw NoPlaceForResults(error: error) }
  }

  private func run(
    _ reals: (any ImageDataset)?, _ name: String?, _ device: Device, _ signals: StopSignals
  ) throws -> MetricRun {
    let measures = MeasureOptions(
      metrics: try metrics.metrics(), samples: samples, detector: detectors.detector ?? "auto",
      attributes: detectors.attributes)
    return MetricRun(
      metrics: measures.metrics, detectors: try measures.openDetectors(for: reals, named: name, device: device),
      attributes: try measures.openAttributes(device: device), samples: samples, cropsFaces: cropFaces, seed: seed,
      device: device, precision: compute.precision, say: output.say, note: output.note,
      showsProgress: !output.quiet, shouldStop: { signals.received != nil })
  }

  /// The sliced Wasserstein distance keeps all patches of a level in memory.
  private func requireMemory(channels: Int, _ reals: (any ImageDataset)?) throws {
    guard try metrics.metrics().contains(.swd) else { return }
    let count = min(samples ?? Metric.swd.usualSamples, reals?.count ?? .max)
    let needed = SlicedWassersteinDistance(samples: count).leastMemory(channels: channels)
    if let limit = ProcessMemory.limit, needed > limit {
      throw ValidationError(
        "--samples \(count) needs more memory than is available; \(count / (needed / limit + 1)) may fit")
    }
  }
}

/// The folder of the network cannot be written, and no other was given.
struct NoPlaceForResults: UserFacingError {
  let error: FileError
  var exitCode: Int32 { error.exitCode }
  var sentence: String { "\(error) for the results with --outdir" }
}
