import Datasets
import Foundation

/// Everything that determines a training run; kept as `options.json` in its folder.
///
/// Two runs with equal options on the same build and machine make the same files.
public struct TrainingOptions: Sendable {
  /// The preset these options started from, for the folder's name.
  public var recipe: String
  /// Where the images are: what `DatasetSource.open` takes.
  public var data: String
  /// The data set's name and content, as found when the run started.
  public var dataset: DatasetIdentity
  /// Whether half of the images are mirrored left to right.
  public var mirror: Bool
  /// The architecture, of any family.
  public var configuration: any NetworkConfiguration
  /// Growth, minibatches and learning rates.
  public var schedule: Schedule
  /// The losses.
  public var objective: Objective
  /// Updates of D, each on its own images, to one of G (WGAN: 5).
  public var criticSteps: Int
  /// Whose update comes first.
  public var stepOrder: StepOrder
  /// The share of batches with mixed styles (StyleGAN §3.1).
  public var mixingProbability: Double
  /// What moves the weights.
  public var optimizer: OptimizerKind
  /// Adam's β₁, β₂ and ε.
  public var adam: AdamConstants
  /// RMSProp's α and ε.
  public var rmsprop: RMSPropConstants
  /// Thousands of images after which the generator's average has forgotten half.
  public var averageHalfLifeKimg: Double
  /// What the average keeps of itself in each step, in place of a half-life (PGGAN: 0.999); nil for the half-life.
  public var averageDecay: Double?
  /// Thousands of images in all.
  public var totalKimg: Double
  /// Thousands of images between two lines of statistics.
  public var tickKimg: Double
  /// Ticks between two snapshots.
  public var snapshotTicks: Int
  /// Steps between two grids of the first 25 fakes of a batch, in their own range of values; 0 for none.
  public var batchGridSteps: Int
  /// Fixes weights, latents, noise and the order of the data.
  public var seed: UInt64
  /// Precision of activations.
  public var precision: Compute.Precision
  /// Which implementation of the blocks.
  public var kernels: Compute.Kernels
  /// Threads of an operation; results differ in the last bits between counts.
  public var threads: Int
  /// "cpu", "cuda:0", "mps"
  public var device: String
  /// A network file whose weights the run starts from; nil for fresh ones.
  public var initialNetwork: String?
  /// What is measured at each snapshot; nil for nothing. It changes nothing of the training.
  public var measures: MeasureOptions?

  /// Adam's constants.
  public struct AdamConstants: Codable, Sendable, Equatable {
    /// Decay of the first moment; the paper's is 0.
    public var beta1 = 0.0
    /// Decay of the second moment.
    public var beta2 = 0.99
    /// Added to √v̂.
    public var epsilon = 1e-8

    /// The paper's: 0, 0.99, 1e−8.
    public init() {}
  }

  /// RMSProp's constants.
  public struct RMSPropConstants: Codable, Sendable, Equatable {
    /// Decay of the mean of squares.
    public var alpha = 0.99
    /// Added to the root.
    public var epsilon = 1e-8

    /// The usual ones: 0.99, 1e−8.
    public init() {}
  }

  /// The optimizers there are.
  public enum OptimizerKind: String, Codable, CaseIterable, Sendable {
    /// Adam (Kingma & Ba 2015).
    case adam
    /// RMSProp (Tieleman & Hinton 2012).
    case rmsprop
  }

  /// The order of updates in a step.
  public enum StepOrder: String, Codable, CaseIterable, Sendable {
    /// D on fresh fakes, as often as it is told; then G on others.
    case discriminatorFirst
    /// G; then D on the same fakes, as they were.
    case generatorFirst
  }

  /// What identifies a data set.
  public struct DatasetIdentity: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// A digest of its content.
    public var fingerprint: String
    /// The number of its images.
    public var count: Int

    /// An identity.
    public init(name: String, fingerprint: String, count: Int) {
      self.name = name
      self.fingerprint = fingerprint
      self.count = count
    }
  }

  /// A recipe's training of an architecture on a data set.
  public init(recipe: Recipe, data: String, dataset: DatasetIdentity, configuration: any NetworkConfiguration) {
    self.init(recipe: recipe.name, data: data, dataset: dataset, configuration: configuration)
    recipe.apply(to: &self)
  }

  /// StyleGAN's training of an architecture on a data set, to start from.
  public init(recipe: String, data: String, dataset: DatasetIdentity, configuration: any NetworkConfiguration) {
    self.recipe = recipe
    self.data = data
    self.dataset = dataset
    mirror = false
    self.configuration = configuration
    schedule = .paper(resolution: configuration.resolution)
    objective = Objective()
    criticSteps = 1
    stepOrder = .discriminatorFirst
    mixingProbability = 0.9
    optimizer = .adam
    adam = AdamConstants()
    rmsprop = RMSPropConstants()
    averageHalfLifeKimg = 10
    totalKimg = 25_000
    tickKimg = 1
    snapshotTicks = 25
    batchGridSteps = 0
    seed = 0
    precision = .float32
    kernels = .fast
    threads = 1
    device = "cpu"
    initialNetwork = nil
    measures = nil
  }

  /// How the networks compute.
  public var compute: Compute { Compute(precision: precision, kernels: kernels) }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first that is out of range.
  public func validate() throws(ConfigurationError) {
    try configuration.validate()
    try schedule.validate()
    try require(
      schedule.finalResolution == configuration.resolution, .finalResolution, schedule.finalResolution,
      "the network's \(configuration.resolution)")
    try requireSense()
    try require(objective.gamma >= 0 && objective.gamma <= 1e6, .gamma, objective.gamma, "0 to 1000000")
    try require(
      (1...1024).contains(objective.penaltyInterval), .penaltyInterval, objective.penaltyInterval, "1 to 1024")
    try require((0...1).contains(mixingProbability), .mixingProbability, mixingProbability, "0 to 1")
    try require((1...1000).contains(criticSteps), .criticSteps, criticSteps, "1 to 1000")
    try require(objective.drift >= 0 && objective.drift <= 1e6, .drift, objective.drift, "0 to 1000000")
    if let clip = objective.clip { try require(clip > 0 && clip <= 1e6, .clip, clip, "above 0") }
    if let length = objective.pathLength {
      try require(length.weight > 0 && length.weight <= 1e6, .pathLengthWeight, length.weight, "above 0")
      try require(length.decay > 0 && length.decay <= 1, .pathLengthDecay, length.decay, "above 0 and at most 1")
      try require((1...1024).contains(length.interval), .pathLengthInterval, length.interval, "1 to 1024")
      try require((1...1024).contains(length.batchShrink), .pathLengthBatchShrink, length.batchShrink, "1 to 1024")
    }
    try require((0..<1).contains(rmsprop.alpha), "rmsprop.alpha", rmsprop.alpha, "0 to below 1")
    try require(rmsprop.epsilon > 0 && rmsprop.epsilon < 1, "rmsprop.epsilon", rmsprop.epsilon, "above 0 and below 1")
    if let decay = averageDecay { try require((0..<1).contains(decay), .averageDecay, decay, "0 to below 1") }
    try require((0...1_000_000_000).contains(batchGridSteps), .batchGridSteps, batchGridSteps, "0 (none) or more")
    try require((0..<1).contains(adam.beta1), .beta1, adam.beta1, "0 to below 1")
    try require((0..<1).contains(adam.beta2), .beta2, adam.beta2, "0 to below 1")
    try require(adam.epsilon > 0 && adam.epsilon < 1, .epsilon, adam.epsilon, "above 0 and below 1")
    try require(
      averageHalfLifeKimg >= 0 && averageHalfLifeKimg <= 1e6, .averageHalfLifeKimg, averageHalfLifeKimg,
      "0 (no averaging) to 1000000")
    try require(totalKimg > 0 && totalKimg <= 1e9, .totalKimg, totalKimg, "above 0")
    try require(tickKimg > 0 && tickKimg <= 1e6, .tickKimg, tickKimg, "above 0")
    try require((1...1_000_000).contains(snapshotTicks), .snapshotTicks, snapshotTicks, "1 or more")
    try require((1...1024).contains(threads), .threads, threads, "1 to 1024")
    if let count = measures?.samples {
      try require((2...1_000_000).contains(count), .metricSamples, count, "2 to 1000000")
    }
  }

  /// Checks that images of a data set are what the networks take.
  /// - Throws: ``ConfigurationError``.
  func requireFit(_ dataset: any ImageDataset) throws(ConfigurationError) {
    func shape(_ side: Int, _ channels: Int) -> String { "\(side)×\(side)×\(channels)" }
    guard dataset.resolution == configuration.dataResolution, dataset.channels == configuration.imageChannels else {
      throw ConfigurationError(
        "the images are \(shape(dataset.resolution, dataset.channels)), but the network is for "
          + "\(shape(configuration.dataResolution, configuration.imageChannels)): give both the same resolution and channels"
      )
    }
    guard configuration.labelSize == 0 || configuration.labelSize == dataset.labelCount else {
      throw ConfigurationError(
        "the network takes \(configuration.labelSize) classes, but the data has \(dataset.labelCount)")
    }
  }
}
