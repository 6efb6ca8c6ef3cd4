import ArgumentParser
import Datasets
import GANs

/// The shape of a new network.
struct ArchitectureArguments: ParsableArguments {
  @Option(
    help:
      "A named width: \(StyleGANConfiguration.Width.allCases.map(\.rawValue).joined(separator: ", ")) (default: small)."
  )
  var width: StyleGANConfiguration.Width?
  @Option(
    parsing: .unconditional,
    help: "Crop and resize the pictures to this side: a power of two, 8 to 1024 (default: as they are).")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Convert the pictures to 1, 3 or 4 channels (default: as they are).")
  var channels: Int?
  @Option(name: .customLong("fmap-base"), parsing: .unconditional, help: "Feature maps: min(base / 2^stage, max).")
  var fmapBase: Int?
  @Option(name: .customLong("fmap-max"), parsing: .unconditional, help: "The most feature maps of a layer.")
  var fmapMax: Int?
  @Option(name: .customLong("z-dim"), parsing: .unconditional, help: "Size of z.") var zSize: Int?
  @Option(name: .customLong("w-dim"), parsing: .unconditional, help: "Size of w.") var wSize: Int?
  @Option(name: .customLong("map-depth"), parsing: .unconditional, help: "Layers of the mapping network.")
  var mappingLayers: Int?

  func configuration(for dataset: any ImageDataset) throws -> StyleGANConfiguration {
    var c = StyleGANConfiguration(
      width: width ?? .small, resolution: dataset.resolution, imageChannels: dataset.channels)
    if let fmapBase { c.fmapBase = fmapBase }
    if let fmapMax { c.fmapMax = fmapMax }
    if let zSize { c.zSize = zSize }
    if let wSize { c.wSize = wSize }
    if let mappingLayers { c.mappingLayers = mappingLayers }
    return c
  }

  /// The options that were given and shape a network.
  var shaping: [String] {
    given([
      ("--width", width), ("--fmap-base", fmapBase), ("--fmap-max", fmapMax), ("--z-dim", zSize), ("--w-dim", wSize),
      ("--map-depth", mappingLayers),
    ])
  }

  /// All options that were given.
  var all: [String] { shaping + given([("--resolution", resolution), ("--channels", channels)]) }
}

/// How a network is trained.
///
/// None has a default here: what was given can be told from what was not, which counts when a run is resumed.
struct ScheduleArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Thousands of pictures to show in all (default: 25000).") var kimg: Double?
  @Option(
    parsing: .unconditional,
    help: "Pictures a minibatch: a number, or by resolution as in 8:64,32:16 (default: the paper's).")
  var batch: ByResolution<Int>?
  @Option(parsing: .unconditional, help: "Adam's learning rate: a number, or by resolution (default: the paper's).")
  var lr: ByResolution<Double>?
  @Option(parsing: .unconditional, help: "γ of the R1 penalty (default: 10).") var gamma: Double?
  @Option(
    name: .customLong("r1-interval"), parsing: .unconditional,
    help: "Apply R1 every so many steps (default: 1; 16: lazy regularization).")
  var penaltyInterval: Int?
  @Option(parsing: .unconditional, help: "The share of minibatches with mixed styles (default: 0.9).")
  var mixing: Double?
  @Option(
    name: .customLong("ema-kimg"), parsing: .unconditional,
    help: "Half-life of the generator's average, thousands of pictures (default: 10).")
  var averageKimg: Double?
  @Flag(inversion: .prefixedNo, help: "Start at a low resolution and grow (default: --growing).") var growing: Bool?
  @Option(
    name: .customLong("start-resolution"), parsing: .unconditional,
    help: "The resolution growing starts at (default: 8).")
  var startResolution: Int?
  @Option(
    name: .customLong("fade-kimg"), parsing: .unconditional,
    help: "Thousands of pictures to fade a resolution in (default: 600, less in short trainings).")
  var fadeKimg: Double?
  @Option(
    name: .customLong("stable-kimg"), parsing: .unconditional,
    help: "Thousands of pictures at a resolution before the next (default: 600, less in short trainings).")
  var stableKimg: Double?
  @Flag(help: "Mirror half of the pictures left to right.") var mirror = false
  @Option(parsing: .unconditional, help: "Thousands of pictures between lines of statistics (default: 1).")
  var tick: Double?
  @Option(parsing: .unconditional, help: "Ticks between snapshots (default: 25).") var snap: Int?
  @Option(parsing: .unconditional, help: "Fixes weights, latents, noise and the order of the data (default: 0).")
  var seed: UInt64?

  func apply(to options: inout TrainingOptions) throws {
    let resolution = options.configuration.resolution
    var schedule = options.schedule
    schedule.initialResolution = growing ?? true ? min(startResolution ?? 8, resolution) : resolution
    if let fadeKimg { schedule.fadeKimg = fadeKimg }
    if let stableKimg { schedule.stableKimg = stableKimg }
    if let batch { schedule.batchSizes = batch.values }
    if let lr { schedule.learningRates = lr.values }
    if let kimg { options.totalKimg = kimg }
    if fadeKimg == nil && stableKimg == nil { schedule.fitGrowth(totalKimg: options.totalKimg) }
    options.schedule = schedule
    options.objective = LogisticObjective(gamma: gamma ?? 10, penaltyInterval: penaltyInterval ?? 1)
    options.mirror = mirror
    if let mixing { options.mixingProbability = mixing }
    if let averageKimg { options.averageHalfLifeKimg = averageKimg }
    if let tick { options.tickKimg = tick }
    if let snap { options.snapshotTicks = snap }
    if let seed { options.seed = seed }
  }

  /// The options that were given, but for --kimg: a resumed run may be told a new end.
  var allButEnd: [String] {
    given([
      ("--batch", batch), ("--lr", lr), ("--gamma", gamma), ("--r1-interval", penaltyInterval), ("--mixing", mixing),
      ("--ema-kimg", averageKimg), (growing ?? true ? "--growing" : "--no-growing", growing),
      ("--start-resolution", startResolution), ("--fade-kimg", fadeKimg), ("--stable-kimg", stableKimg),
      ("--mirror", mirror ? true : nil), ("--tick", tick), ("--snap", snap), ("--seed", seed),
    ])
  }
}

/// The names of those options that have a value.
func given(_ options: [(name: String, value: Any?)]) -> [String] {
  options.compactMap { $0.value == nil ? nil : $0.name }
}
