import Datasets
import Foundation

/// All options of a training run; saved as `options.json` in its folder.
///
/// Two runs with equal options on the same build and machine write the same files.
public struct TrainingOptions: Sendable {
  /// The recipe's name, for the folder's name.
  public var recipe: String
  /// The path of the data: the argument of `DatasetSource.open`.
  public var data: String
  /// The data set's name and content at the start of the run.
  public var dataset: DatasetIdentity
  /// Whether half of the images are mirrored left to right.
  public var mirror = false
  /// The architecture, of any family.
  public var configuration: any NetworkConfiguration
  /// Growth, minibatch sizes and learning rates.
  public var schedule: Schedule
  /// The losses.
  public var objective = Objective()
  /// Updates of D, each on its own images, per update of G (WGAN: 5).
  public var criticSteps = 1
  /// The order of the updates.
  public var stepOrder = StepOrder.discriminatorFirst
  /// The details of a step.
  public var stepDetails = StepDetails.published
  /// The share of batches with mixed styles (StyleGAN §3.1).
  public var mixingProbability = 0.9
  /// The optimizer of both networks.
  public var optimizer = OptimizerKind.adam
  /// Adam's β₁, β₂ and ε.
  public var adam = AdamConstants()
  /// RMSProp's α and ε.
  public var rmsprop = RMSPropConstants()
  /// The half-life of the generator's moving average, in thousands of images.
  public var averageHalfLifeKimg = 10.0
  /// The decay per step of the moving average, in place of a half-life (PGGAN: 0.999); nil for the half-life.
  public var averageDecay: Double?
  /// The length of the training, in thousands of images.
  public var totalKimg = 25_000.0
  /// The seconds that the training takes, over all its processes; it is finished by then, even if images are left. nil for
  /// no limit.
  public var totalSeconds: Double?
  /// Thousands of images between two lines of statistics.
  public var tickKimg = 1.0
  /// Ticks between two snapshots.
  public var snapshotTicks = 25
  /// Steps between two grids of the first 25 fakes of a batch; 0 for no grids.
  public var batchGridSteps = 0
  /// Fixes weights, latents, noise and the order of the data.
  public var seed: UInt64 = 0
  /// The precision of activations.
  public var precision = Compute.Precision.float32
  /// The implementation of the blocks.
  public var kernels = Compute.Kernels.fast
  /// The engines of the fast kernels' convolutions, as measured at the start; nil: not measured. They change the last bits of
  /// results.
  public var convolutions: ConvolutionChoices?
  /// Threads per operation. The last bits of results depend on their number.
  public var threads = 1
  /// "cpu", "cuda:0", "mps"
  public var device = "cpu"
  /// A network file with the initial weights; nil for fresh weights.
  public var initialNetwork: String?
  /// Which networks of snapshots are kept; nil for all.
  public var keeping: SnapshotKeeping?
  /// A description of the run in the user's words, also in the folder's name; nil for none.
  public var description: String?
  /// Changes of the data during the run, oldest first.
  public var dataChanges: [DataChange] = []
  /// The metrics of each snapshot; nil for no metrics. They do not change the training.
  public var measures: MeasureOptions?

  /// Adam's constants.
  public struct AdamConstants: Codable, Sendable, Equatable {
    /// Decay of the first moment; the paper's is 0.
    public var beta1 = 0.0
    /// Decay of the second moment.
    public var beta2 = 0.99
    /// Added to √v̂.
    public var epsilon = 1e-8

    /// The paper's constants: 0, 0.99, 1e−8.
    public init() {}
  }

  /// RMSProp's constants.
  public struct RMSPropConstants: Codable, Sendable, Equatable {
    /// Decay of the moving average of squares.
    public var alpha = 0.99
    /// Added to the root.
    public var epsilon = 1e-8

    /// The usual constants: 0.99, 1e−8.
    public init() {}
  }

  /// The available optimizers.
  public enum OptimizerKind: String, Codable, CaseIterable, Sendable {
    /// Adam (Kingma & Ba 2015).
    case adam
    /// RMSProp (Tieleman & Hinton 2012).
    case rmsprop
  }

  /// The order of updates in a step.
  public enum StepOrder: String, Codable, CaseIterable, Sendable {
    /// D on fresh fakes, `criticSteps` times; then G on new fakes.
    case discriminatorFirst
    /// G; then D on the same fakes, drawn before G's update.
    case generatorFirst
  }

  /// The identity of a data set.
  public struct DatasetIdentity: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// A digest of its content.
    public var fingerprint: String
    /// The number of its images.
    public var count: Int

    /// An identity.
    public init(name: String, fingerprint: String, count: Int) {
      (self.name, self.fingerprint, self.count) = (name, fingerprint, count)
    }
  }

  /// The training of an architecture on a data set by a recipe.
  public init(recipe: Recipe, data: String, dataset: DatasetIdentity, configuration: any NetworkConfiguration) {
    self.init(recipe: recipe.name, data: data, dataset: dataset, configuration: configuration)
    recipe.apply(to: &self)
  }

  /// StyleGAN's training of an architecture on a data set.
  public init(recipe: String, data: String, dataset: DatasetIdentity, configuration: any NetworkConfiguration) {
    (self.recipe, self.data, self.dataset, self.configuration) = (recipe, data, dataset, configuration)
    schedule = .paper(resolution: configuration.resolution)
  }

  /// Minibatches of images in a step: one for each update of D, and one for G where its loss compares pairs.
  var batchesPerStep: Int {
    (stepOrder == .discriminatorFirst ? criticSteps : 1) + (objective.loss.comparesPairs ? 1 : 0)
  }

  /// Precision and kernels.
  public var compute: Compute { Compute(precision: precision, kernels: kernels, convolutions: convolutions) }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
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
    if let clip = objective.clip { try require(clip > 0 && clip <= 1e6, .clip, clip, "above 0 and at most 1000000") }
    if let length = objective.pathLength {
      try require(
        length.weight > 0 && length.weight <= 1e6, .pathLengthWeight, length.weight, "above 0 and at most 1000000")
      try require(length.decay > 0 && length.decay <= 1, .pathLengthDecay, length.decay, "above 0 and at most 1")
      try require((1...1024).contains(length.interval), .pathLengthInterval, length.interval, "1 to 1024")
      try require((1...1024).contains(length.batchShrink), .pathLengthBatchShrink, length.batchShrink, "1 to 1024")
    }
    try require((0..<1).contains(rmsprop.alpha), "rmsprop.alpha", rmsprop.alpha, "0 to below 1")
    try require(rmsprop.epsilon > 0 && rmsprop.epsilon < 1, "rmsprop.epsilon", rmsprop.epsilon, "above 0 and below 1")
    if let decay = averageDecay { try require((0..<1).contains(decay), .averageDecay, decay, "0 to below 1") }
    try require((0...1_000_000_000).contains(batchGridSteps), .batchGridSteps, batchGridSteps, "0 (none) to 1000000000")
    try require((0..<1).contains(adam.beta1), .beta1, adam.beta1, "0 to below 1")
    try require((0..<1).contains(adam.beta2), .beta2, adam.beta2, "0 to below 1")
    try require(adam.epsilon > 0 && adam.epsilon < 1, .epsilon, adam.epsilon, "above 0 and below 1")
    try require(
      averageHalfLifeKimg >= 0 && averageHalfLifeKimg <= 1e6, .averageHalfLifeKimg, averageHalfLifeKimg,
      "0 (no averaging) to 1000000")
    try require(totalKimg > 0 && totalKimg <= 1e9, .totalKimg, totalKimg, "above 0 and at most 1000000000")
    if let totalSeconds {
      try require(
        totalSeconds > 0 && totalSeconds <= 1e9, "totalSeconds", totalSeconds, "above 0 and at most 1000000000")
    }
    try require(tickKimg > 0 && tickKimg <= 1e6, .tickKimg, tickKimg, "above 0 and at most 1000000")
    try require((1...1_000_000).contains(snapshotTicks), .snapshotTicks, snapshotTicks, "1 to 1000000")
    try require((1...1024).contains(threads), .threads, threads, "1 to 1024")
    if let keeping {
      try require((1...1_000_000).contains(keeping.newest), .keptSnapshots, keeping.newest, "1 to 1000000")
    }
    if let best = keeping?.best, measures?.metrics.contains(best) != true {
      throw ConfigurationError(
        "\(field: .bestMetric) is \(best.rawValue), but the run does not measure it: give \(field: .metrics, best.rawValue)"
      )
    }
    if let count = measures?.samples {
      try require((2...1_000_000).contains(count), .metricSamples, count, "2 to 1000000")
    }
  }

  /// Checks that the images of a data set fit the networks.
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
