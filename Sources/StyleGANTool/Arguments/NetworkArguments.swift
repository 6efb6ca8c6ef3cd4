import ArgumentParser
import GANs
import Images
import Torch

enum NoiseChoice: String, ExpressibleByArgument, CaseIterable { case const, random, none }

enum PrecisionChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, fp32, bf16

  var precision: Compute.Precision {
    switch self {
    case .auto: KernelTuning.isOff ? .fastest : KernelTuning.precisionOfDrawing()
    case .fp32: .float32
    case .bf16: .bfloat16
    }
  }
}

/// Precision, device and threads. All commands that use a network share these options.
struct ComputeArguments: ParsableArguments {
  @Option(
    name: .customLong("precision"),
    help: "Precision of activations: fp32, bf16, or auto: the faster one (default: fp32).")
  var precisionChoice: PrecisionChoice?
  @Option(
    name: .customLong("device"), help: "Device: cpu, cuda, cuda:N or mps (default: cpu).",
    completion: .list(["cpu", "cuda", "mps"]))
  var deviceName: String?
  @Option(parsing: .unconditional, help: "Number of CPU threads (default: all cores).") var threads: Int?

  /// The given value, or the default.
  var precision: Compute.Precision { (precisionChoice ?? .fp32).precision }
  var device: String { deviceName ?? "cpu" }

  mutating func validate() throws { try requireRange("--threads", threads, 1...1024) }

  /// Sets the number of threads and opens the device.
  func apply() throws -> Device {
    if let threads { Processor.threadCount = threads }
    return try Device(device)
  }
}

/// A trained network, and the options for drawing with it.
struct NetworkArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("A network file, or the folder of a run (its newest network).", valueName: "file"),
    completion: .network)
  var network: String
  @Option(
    name: .customLong("trunc"), parsing: .unconditional,
    help: "Truncation ψ: 1 for none, 0.7 as in the paper's figures, 0 for the average picture.")
  var psi: Double = 1
  @Option(parsing: .unconditional, help: "Truncate only the layers before this one (default: all).")
  var truncCutoff: Int?
  @Option(
    help: """
      Truncate a conditional network to the mean w of the drawn class, or to the average of all classes, as the usual \
      programs do (default: class).
      """)
  var truncCenter: TruncationCenter?
  @Option(
    name: .customLong("noise-mode"),
    help: "Noise inputs: const (the network's stored noise images), random (fresh noise) or none (default: const).")
  var noiseChoice: NoiseChoice?
  @Option(
    name: .customLong("noise-seed"), parsing: .unconditional,
    help: "Seed of the noise of --noise-mode random (default: 0).")
  var noiseSeedChoice: UInt64?
  @OptionGroup var classes: ClassArguments
  @OptionGroup var compute: ComputeArguments

  /// The network file that is drawn with, for the output of `--json`.
  var path: String { (try? newestNetwork(at: network)) ?? network }

  /// The network file, as an input of the command.
  var inputs: [String] { [path] }

  /// The given value, or the default.
  var noiseMode: NoiseChoice { noiseChoice ?? .const }
  var noiseSeed: UInt64 { noiseSeedChoice ?? 0 }

  mutating func validate() throws {
    try requireRange("--trunc", psi, -100...100)
    if let truncCutoff, truncCutoff < 0 {
      throw ValidationError("--trunc-cutoff is \(truncCutoff), but must be 0 or more")
    }
  }

  /// Refuses more pictures than one file can hold, before any is drawn.
  static func requireRoom(_ count: Int, _ renderer: Renderer, scale: Int = 1) throws {
    let side = renderer.growth.resolution * scale
    guard count <= ImageGrid.largestArea / (side * side) else {
      throw ValidationError("\(count) pictures of \(side)×\(side) are too many for one file; ask for fewer")
    }
  }

  /// A renderer for one label of a conditional network, or for another network.
  struct Drawing {
    /// The label; nil for a network without labels.
    let label: ClassArguments.Label?
    let renderer: Renderer
  }

  /// Opens the network, for one label.
  /// - Throws: as ``drawings(withStyles:movingNoise:truncates:)``, and for several labels.
  func renderer(withStyles: Bool = false) throws -> Renderer {
    let all = try drawings(withStyles: withStyles)
    guard all.count == 1 else {
      throw ValidationError("this command draws one label at a time, and \(all.count) are given: give one")
    }
    return all[0].renderer
  }

  /// Opens the network: a renderer for each label, at least one.
  /// - Parameters:
  ///   - withStyles: whether the network must have styles.
  ///   - movingNoise: whether the noise moves; then --noise-seed is allowed in every noise mode.
  ///   - truncates: whether the command truncates without --trunc.
  ///   - needsLabel: whether a conditional network needs a label; saved latents need none.
  /// - Throws: `ValidationError` if the network lacks a part that an option needs.
  func drawings(
    withStyles: Bool = false, movingNoise: Bool = false, truncates: Bool = false, needsLabel: Bool = true
  ) throws -> [Drawing] {
    if noiseSeedChoice != nil && noiseMode != .random && !movingNoise {
      throw ValidationError(
        "--noise-seed is for random noise, but the noise mode is \(noiseMode.rawValue): use --noise-mode random")
    }
    let device = try compute.apply()
    let file = try openNetwork(network, device: device)
    let (title, traits) = (type(of: file.configuration).title, file.configuration.traits)
    if withStyles { try file.styleGenerator() }
    if (psi != 1 || truncCutoff != nil) && !traits.hasW {
      throw ValidationError(
        "\(file.name) is a \(title) network and has no W to truncate in: leave out --trunc"
          + (psi == 1 ? "-cutoff" : ""))
    }
    if let noiseChoice, !traits.hasNoise {
      throw ValidationError(
        "\(file.name) is a \(title) network without noise inputs: leave out --noise-mode \(noiseChoice.rawValue)")
    }
    let labels = try needsLabel || classes.isGiven ? classes.labels(for: file, device: device) : []
    let isTruncated = psi != 1 || truncates
    if truncCenter != nil && (labels.isEmpty || !isTruncated) {
      throw ValidationError(
        labels.isEmpty
          ? "--trunc-center is for classes, and \(file.name) is not a conditional network: leave it out"
          : "--trunc-center is for truncation, and there is none: give --trunc 0.7, say")
    }
    func noise() -> NoiseMode {
      switch noiseMode {
      case .const: .constant
      // The same noise for every label.
      case .random: .random(RandomStream(seed: noiseSeed))
      case .none: .none
      }
    }
    func renderer() -> Renderer {
      Renderer(
        file, truncation: Truncation(psi: psi, cutoff: truncCutoff), noise: noise(),
        compute: Compute(precision: compute.precision))
    }
    guard !labels.isEmpty else { return [Drawing(label: nil, renderer: renderer())] }
    let centered = isTruncated && traits.hasW && truncCenter != .average
    return labels.map { Drawing(label: $0, renderer: renderer().with(condition: $0.condition, centered: centered)) }
  }
}

/// Layers of a network: "coarse", "middle", "fine", or numbers, separated by commas.
struct LayerChoice: ExpressibleByArgument, Sendable {
  let text: String
  var defaultValueDescription: String { text }

  init?(argument: String) { text = argument }

  /// The layers in a network of `count` layers.
  /// - Parameter option: the name of the option, for errors.
  func layers(of count: Int, option: String) throws -> Set<Int> {
    var layers: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if let band = StyleBand(rawValue: String(part)) {
        let found = band.layers(of: count)
        guard !found.isEmpty else {
          throw ValidationError("\(option) has '\(part)', but a network of \(count) layers has none: use numbers")
        }
        layers.formUnion(found)
      } else if let numbers = NumberList(argument: String(part)) {
        layers.formUnion(numbers.values.map(Int.init))
      } else {
        throw ValidationError("\(option) has '\(part)'; use coarse, middle, fine, or layers such as 0-3,6")
      }
    }
    if let high = layers.max(), high >= count {
      throw ValidationError("\(option) has layer \(high), but this network has layers 0 to \(count - 1)")
    }
    return layers
  }
}
