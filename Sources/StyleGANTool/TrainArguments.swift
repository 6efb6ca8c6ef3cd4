import ArgumentParser
import Datasets
import GANs

/// The shape of a new network.
struct ArchitectureArguments: ParsableArguments {
  @Option(help: "A named width: \(StyleGANConfiguration.Width.allCases.map(\.rawValue).joined(separator: ", ")).")
  var width: StyleGANConfiguration.Width = .small
  @Option(help: "Crop and resize the pictures to this side: a power of two, 8 to 1024 (default: as they are).")
  var resolution: Int?
  @Option(help: "Convert the pictures to 1, 3 or 4 channels (default: as they are).") var channels: Int?
  @Option(name: .customLong("fmap-base"), help: "Feature maps: min(base / 2^stage, max).") var fmapBase: Int?
  @Option(name: .customLong("fmap-max"), help: "The most feature maps of a layer.") var fmapMax: Int?
  @Option(name: .customLong("z-dim"), help: "Size of z.") var zSize: Int?
  @Option(name: .customLong("w-dim"), help: "Size of w.") var wSize: Int?
  @Option(name: .customLong("map-depth"), help: "Layers of the mapping network.") var mappingLayers: Int?

  func configuration(for dataset: any ImageDataset) throws -> StyleGANConfiguration {
    var c = StyleGANConfiguration(width: width, resolution: dataset.resolution, imageChannels: dataset.channels)
    if let fmapBase { c.fmapBase = fmapBase }
    if let fmapMax { c.fmapMax = fmapMax }
    if let zSize { c.zSize = zSize }
    if let wSize { c.wSize = wSize }
    if let mappingLayers { c.mappingLayers = mappingLayers }
    return c
  }
}

/// How a network is trained.
struct ScheduleArguments: ParsableArguments {
  @Option(help: "Thousands of pictures to show in all (default: 25000).") var kimg: Double?
  @Option(help: "Pictures a minibatch (default: the paper's, by resolution).") var batch: Int?
  @Option(help: "Adam's learning rate (default: the paper's, by resolution).") var lr: Double?
  @Option(help: "γ of the R1 penalty.") var gamma: Double = 10
  @Option(name: .customLong("r1-interval"), help: "Apply R1 every so many steps (16: lazy regularization).")
  var penaltyInterval: Int = 1
  @Option(help: "The share of minibatches with mixed styles.") var mixing: Double = 0.9
  @Option(name: .customLong("ema-kimg"), help: "Half-life of the generator's average, thousands of pictures.")
  var averageKimg: Double = 10
  @Flag(inversion: .prefixedNo, help: "Start at a low resolution and grow.") var growing = true
  @Option(name: .customLong("start-resolution"), help: "The resolution growing starts at.") var startResolution: Int = 8
  @Option(name: .customLong("fade-kimg"), help: "Thousands of pictures to fade a resolution in.") var fadeKimg: Double?
  @Option(name: .customLong("stable-kimg"), help: "Thousands of pictures at a resolution before the next.")
  var stableKimg: Double?
  @Flag(help: "Mirror half of the pictures left to right.") var mirror = false
  @Option(help: "Thousands of pictures between lines of statistics.") var tick: Double = 1
  @Option(help: "Ticks between snapshots.") var snap: Int = 25
  @Option(help: "Fixes weights, latents, noise and the order of the data.") var seed: UInt64 = 0

  func apply(to options: inout TrainingOptions) throws {
    let resolution = options.configuration.resolution
    var schedule = options.schedule
    schedule.initialResolution = growing ? min(startResolution, resolution) : resolution
    if let fadeKimg { schedule.fadeKimg = fadeKimg }
    if let stableKimg { schedule.stableKimg = stableKimg }
    if let batch { schedule.batchSizes = [4: batch] }
    if let lr { schedule.learningRates = [4: lr] }
    options.schedule = schedule
    options.objective = LogisticObjective(gamma: gamma, penaltyInterval: penaltyInterval)
    options.mixingProbability = mixing
    options.averageHalfLifeKimg = averageKimg
    options.mirror = mirror
    options.tickKimg = tick
    options.snapshotTicks = snap
    options.seed = seed
    if let kimg { options.totalKimg = kimg }
  }
}
