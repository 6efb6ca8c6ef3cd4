import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

struct Metrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how near a network's pictures are to the data.",
    discussion: """
      Metrics:
      \(Metric.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      Pictures are drawn without truncation and with fresh noise. Each result is added to metric-NAME.jsonl beside the \
      network file, and named with its detector: values of different detectors do not compare. '@5000' behind a name \
      says that --samples was not the usual number.

      Detectors: 'fashion' is a classifier for Fashion-MNIST, 'random-vgg' a network of random weights for any data; both \
      are built in, and 'auto' takes the one that fits. A TorchScript file is called as the field's usual ones are \
      (inception-2015-12-05.pt, vgg16.pt): only with the first is an FID the one that papers print, only with the second \
      is a path length. 'stylegan detector train' makes one for labelled data.

      Features of the real images are kept in \(Metrics.cacheName) for the next time.
      After an interruption the same command goes on where it was.

      Examples:
        stylegan metrics --network runs/00000-… --data fashion-mnist --metrics fid50k_full
        stylegan metrics --network net.safetensors --data photos.zip --metrics fid50k --detector inception.pt
        stylegan metrics --network runs/00000-… --metrics ppl_zend,ppl_wend,ls --samples 10000
        stylegan metrics --images drawn/ --data photos.zip --metrics fid50k_full,pr50k3_full
        stylegan metrics --network runs/00000-… --data photos.zip --metrics fid50k --mixing-stress 1,2,3,4
      """)

  static let cacheName = "~/.cache/swift-stylegan/features"

  @Option(help: ArgumentHelp("A network file, or a run's folder for its newest.", valueName: "file"))
  var network: String?
  @Option(help: ArgumentHelp("Pictures to measure in place of a network: what --data takes.", valueName: "dir"))
  var images: String?
  @Option(help: "The data to compare with: what 'stylegan train' takes; ppl, ls, is50k and msssim need none.")
  var data: String?
  @Option(help: "Metrics with commas: \(Metric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metrics: MetricList
  @Option(parsing: .unconditional, help: "Fakes, or pairs of them (default: what the metric's name stands for).")
  var samples: Int?
  @OptionGroup var detectors: DetectorArguments
  @Flag(help: "For aligned faces: path lengths look at the middle of the face only.") var cropFaces = false
  @Option(
    help: ArgumentHelp("Mix so many latents in each picture, a pass for each number: 1,2,3,4.", valueName: "counts"))
  var mixingStress: NumberList?
  @Option(parsing: .unconditional, help: "Fixes latents, noise, and what a metric draws.") var seed: UInt64 = 0
  @Option(help: "The averaged generator (ema), or the one in training (raw).") var weights: WeightsChoice = .ema
  @Option(help: "Where metric-NAME.jsonl are (default: beside the network).") var outdir: String?
  @OptionGroup var compute: ComputeArguments
  @Flag(help: "Print nothing but errors.") var quiet = false

  mutating func validate() throws {
    _ = try metrics.metrics()
    if let samples, !(2...1_000_000).contains(samples) {
      throw ValidationError("--samples is \(samples), but must be 2 to 1000000")
    }
    guard (network == nil) != (images == nil) else {
      throw ValidationError(network == nil ? "give --network or --images" : "give --network or --images, not both")
    }
    if let mixingStress {
      guard images == nil else { throw ValidationError("--mixing-stress needs --network: pictures cannot be mixed") }
      guard mixingStress.values.allSatisfy({ (1...16).contains($0) }) else {
        throw ValidationError("--mixing-stress takes numbers of latents from 1 to 16")
      }
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      let signals = StopSignals()
      do {
        if let network { try measure(network, device, signals) } else { try measurePictures(images!, device, signals) }
      } catch is MetricEvaluation.Stopped {
        printError("stopped; the same command goes on from here")
        throw ExitCode(128 + (signals.received ?? SIGINT))
      }
    }
  }

  private func measure(_ network: String, _ device: Device, _ signals: StopSignals) throws {
    let path = try newestNetwork(at: network)
    let file = try NetworkFile(path: path, device: device)
    guard file.growth.resolution >= 8 else {
      throw ValidationError("\(path) draws at 4×4, which is too small for metrics; train it further")
    }
    let reals = try data.map {
      try DatasetSource.open(
        $0, resolution: file.configuration.dataResolution, channels: file.configuration.imageChannels,
        notice: { printError($0) })
    }
    try requireMemory(channels: file.configuration.imageChannels, reals)
    let run = try self.run(reals, file.history?.dataset, device, signals)
    if let obstacle = run.obstacle(try run.subject(file, raw: weights == .raw, reals: reals), reals) { throw obstacle }
    if !quiet { print("\(path), \(weights.rawValue) weights") }
    let folder = outdir ?? Folder.of(path)
    if let outdir { try Folder.make(outdir) }
    for mixing in mixingStress?.values.map(Int.init) ?? [1] {
      try run(try run.subject(file, raw: weights == .raw, mixing: mixing, reals: reals), reals, folder: folder) {
        result in
        result.kimg = file.history?.kimg
        result.network = URL(fileURLWithPath: path).lastPathComponent
        result.weights = weights.rawValue
        result.data = data
        if mixingStress != nil { result.mixing = mixing }
      }
    }
  }

  private func measurePictures(_ images: String, _ device: Device, _ signals: StopSignals) throws {
    let pictures = try DatasetSource.open(images, notice: { printError($0) })
    let reals = try data.map {
      try DatasetSource.open(
        $0, resolution: pictures.resolution, channels: pictures.channels, notice: { printError($0) })
    }
    try requireMemory(channels: pictures.channels, reals)
    let run = try self.run(reals ?? pictures, nil, device, signals)
    let subject = MetricSubject(pictures, seed: seed)
    if let obstacle = run.obstacle(subject, reals) { throw obstacle }
    if !quiet { print("\(images), \(pictures.count) pictures") }
    if let outdir { try Folder.make(outdir) }
    try run(subject, reals, folder: outdir) { result in
      result.images = images
      result.data = data
    }
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
      device: device, precision: compute.precision,
      say: { if !quiet { print($0) } }, note: { if !quiet { printError($0) } }, showsProgress: !quiet,
      shouldStop: { signals.received != nil })
  }

  /// Sliced Wasserstein distances hold all patches of a level.
  private func requireMemory(channels: Int, _ reals: (any ImageDataset)?) throws {
    guard try metrics.metrics().contains(.swd) else { return }
    let count = min(samples ?? Metric.swd.usualSamples, reals?.count ?? .max)
    let needed = SlicedWassersteinDistance(samples: count).leastMemory(channels: channels)
    if let limit = ProcessMemory.limit, needed > limit {
      throw ValidationError(
        "--samples \(count) needs more memory than there is; \(count / (needed / limit + 1)) may fit")
    }
  }
}
