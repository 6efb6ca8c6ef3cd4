import ArgumentParser
import Datasets
import Foundation
import GANs
import Images
import Torch

/// The measures of a network that this program knows.
enum Metric: String, CaseIterable {
  case swd

  var summary: String {
    switch self {
    case .swd: "sliced Wasserstein distance of patches, × 10³, by scale (Progressive GAN)"
    }
  }
}

/// Metrics by name, with commas.
struct MetricList: ExpressibleByArgument, Sendable {
  let names: [String]

  init?(argument: String) { names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }

  func metrics() throws -> [Metric] {
    try names.map { name in
      guard let metric = Metric(rawValue: name) else {
        let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--metrics has '\(name)', which is not known; the metrics are: \(known)")
      }
      return metric
    }
  }
}

/// Which of a file's two generators.
enum WeightsChoice: String, ExpressibleByArgument, CaseIterable {
  case ema, raw
}

struct Metrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how near a network's pictures are to the data.",
    discussion: """
      Metrics:
      \(Metric.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      Pictures are drawn without truncation and with fresh noise. Each result is added to metric-NAME.jsonl beside the
      network file.

      Examples:
        stylegan metrics --network runs/00000-stylegan-fashion-mnist-32 --data fashion-mnist --metrics swd
        stylegan metrics --network net.safetensors --data photos.zip --metrics swd --samples 2048 --weights raw
      """)

  @Option(help: ArgumentHelp("A network file, or a run's folder for its newest.", valueName: "file"))
  var network: String
  @Option(help: "The data to compare with: what 'stylegan train' takes.") var data: String
  @Option(help: "Metrics with commas: \(Metric.allCases.map(\.rawValue).joined(separator: ", ")).")
  var metrics: MetricList
  @Option(parsing: .unconditional, help: "Pictures of each kind.") var samples: Int = 16_384
  @Option(parsing: .unconditional, help: "Fixes latents, noise, and what a metric draws.") var seed: UInt64 = 0
  @Option(help: "The averaged generator (ema), or the one in training (raw).") var weights: WeightsChoice = .ema
  @OptionGroup var compute: ComputeArguments
  @Flag(help: "Print nothing but errors.") var quiet = false

  mutating func validate() throws {
    _ = try metrics.metrics()
    if !(2...1_000_000).contains(samples) {
      throw ValidationError("--samples is \(samples), but must be 2 to 1000000")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      let path = try newestNetwork(at: network)
      let file = try NetworkFile(path: path, device: device)
      guard file.growth.resolution >= 8 else {
        throw ValidationError("\(path) draws at 4×4, which is too small for metrics; train it further")
      }
      let dataset = try DatasetSource.open(
        data, resolution: file.configuration.dataResolution, channels: file.configuration.imageChannels,
        notice: { printError($0) })
      let generator = weights == .ema ? file.generator : try file.rawGenerator()
      for metric in try metrics.metrics() {
        switch metric {
        case .swd: try measureSlicedWasserstein(path, file, generator, dataset, device)
        }
      }
    }
  }

  private func measureSlicedWasserstein(
    _ path: String, _ file: NetworkFile, _ generator: any Generator, _ dataset: any ImageDataset, _ device: Device
  ) throws {
    let distance = SlicedWassersteinDistance(samples: samples, seed: seed)
    let needed = distance.leastMemory(channels: file.configuration.imageChannels)
    if let limit = ProcessMemory.limit, needed > limit {
      throw ValidationError(
        "--samples \(samples) needs more memory than there is; \(samples / (needed / limit + 1)) may fit")
    }
    let clock = ContinuousClock()
    let start = clock.now
    let drawn = GeneratedImages(
      generator: generator, growth: file.growth, count: samples, seed: seed,
      compute: Compute(precision: compute.precision))
    let real = RealImages(dataset: dataset, growth: file.growth, seed: seed, device: device)
    let showsProgress = !quiet && isatty(STDERR_FILENO) != 0
    let result = try distance(
      resolution: file.growth.resolution + 2 * file.configuration.border, channels: file.configuration.imageChannels,
      reals: real.images,
      fakes: drawn.images
    ) { share in
      if showsProgress { printError("\rswd \(Int(share * 100)) % ", terminator: "") }
    }
    if showsProgress { printError("\r", terminator: "") }
    let line = SlicedWassersteinLine(
      value: result.average,
      levels: Dictionary(uniqueKeysWithValues: result.levels.map { (String($0.resolution), $0.distance) }),
      samples: samples, seed: seed, kimg: file.history?.kimg, seconds: (clock.now - start) / .seconds(1),
      network: URL(fileURLWithPath: path).lastPathComponent, weights: weights.rawValue, data: data)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let output = "\(AtomicFile.folder(of: path))/metric-swd.jsonl"
    try RunDirectory.append(String(decoding: try encoder.encode(line), as: UTF8.self), to: output)
    guard !quiet else { return }
    print("\(path), \(weights.rawValue) weights, \(samples) pictures: sliced Wasserstein distance × 10³")
    for (resolution, distance) in result.levels {
      print(
        "  \("\(resolution)×\(resolution)".padding(toLength: 10, withPad: " ", startingAt: 0))"
          + String(format: "%10.3f", distance))
    }
    print(
      "  \("average".padding(toLength: 10, withPad: " ", startingAt: 0))" + String(format: "%10.3f", result.average))
    print(output)
  }
}

/// A line of metric-swd.jsonl.
private struct SlicedWassersteinLine: Encodable {
  let metric = "swd"
  let value: Double
  let levels: [String: Double]
  let samples: Int
  let seed: UInt64
  let kimg: Double?
  let seconds: Double
  let network, weights, data: String
}
