import ArgumentParser
import Datasets
import GANs

/// The shape of a new network.
struct ArchitectureArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Crop and resize the pictures to this side: a power of two, 8 to 1024 (default: as they are).")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Convert the pictures to 1, 3 or 4 channels (default: as they are).")
  var channels: Int?
  @Flag(name: .customLong("cond"), help: "Condition the network on the classes of the data.")
  var isConditional = false
  @OptionGroup var families: FamilyArguments

  /// What was asked of the architecture.
  var settings: Settings { families.settings }

  /// The options that were given and shape a network.
  var shaping: [String] {
    Families.settings.filter { settings[$0.field] != nil }.map(\.field.option)
      + given([("--cond", isConditional ? true : nil)])
  }

  /// All options that were given.
  var all: [String] { shaping + given([("--resolution", resolution), ("--channels", channels)]) }
}

extension NetworkWidth: ExpressibleByArgument {}
extension Objective.Loss: ExpressibleByArgument {}
extension Objective.Regularizer: ExpressibleByArgument {}
extension TrainingOptions.OptimizerKind: ExpressibleByArgument {}

/// Whose update comes first in a step.
enum StepOrderChoice: String, ExpressibleByArgument, CaseIterable {
  case discriminatorFirst = "d-first"
  case generatorFirst = "g-first"

  var order: TrainingOptions.StepOrder { self == .discriminatorFirst ? .discriminatorFirst : .generatorFirst }
}

/// How a network is trained.
///
/// None has a default here: what was given can be told from what was not, which counts when a run is resumed.
struct ScheduleArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Thousands of pictures to show in all (default: the configuration's).")
  var kimg: Double?
  @Option(
    parsing: .unconditional,
    help: "Pictures a minibatch: a number, or by resolution as in 8:64,32:16 (default: the paper's).")
  var batch: ByResolution<Int>?
  @Option(parsing: .unconditional, help: "The learning rate: a number, or by resolution (default: the paper's).")
  var lr: ByResolution<Double>?
  @Option(help: "The loss (default: the configuration's).") var loss: Objective.Loss?
  @Option(help: "What regularizes D (default: the configuration's).") var penalty: Objective.Regularizer?
  @Option(parsing: .unconditional, help: "How strong it is: γ of R1, λ of the gradient penalty (default: 10).")
  var gamma: Double?
  @Option(
    name: .customLong("r1-interval"), parsing: .unconditional,
    help: "Apply the penalty every so many steps (default: 1; 16: lazy regularization).")
  var penaltyInterval: Int?
  @Option(parsing: .unconditional, help: "ε of the drift term, which keeps Wasserstein scores near 0; 0: none.")
  var drift: Double?
  @Option(parsing: .unconditional, help: "Clip D's weights to ± this after each of its steps; 0: do not.")
  var clip: Double?
  @Option(
    name: .customLong("pl-weight"), parsing: .unconditional,
    help: "Weight of path length regularization of G (StyleGAN2: 2); 0: none (default: the configuration's).")
  var pathLengthWeight: Double?
  @Option(name: .customLong("pl-interval"), parsing: .unconditional, help: "Apply it every so many steps (default: 4).")
  var pathLengthInterval: Int?
  @Option(
    name: .customLong("pl-decay"), parsing: .unconditional,
    help: "The share of a new length in the moving mean of path lengths (default: 0.01).")
  var pathLengthDecay: Double?
  @Option(
    name: .customLong("pl-batch-shrink"), parsing: .unconditional,
    help: "Take path lengths of a minibatch divided by this (default: 2).")
  var pathLengthBatchShrink: Int?
  @Option(name: .customLong("critic-steps"), parsing: .unconditional, help: "Updates of D to one of G.")
  var criticSteps: Int?
  @Option(
    name: .customLong("step-order"),
    help: "D first, on fakes of its own, or G first and D on the same fakes (default: the configuration's).")
  var stepOrder: StepOrderChoice?
  @Flag(name: .customLong("halve-d-loss"), inversion: .prefixedNo, help: "The mean of D's two halves, not their sum.")
  var halvesDiscriminatorLoss: Bool?
  @Option(help: "What moves the weights (default: the configuration's).") var optimizer: TrainingOptions.OptimizerKind?
  @Option(parsing: .unconditional, help: "Adam's β₁ (default: the configuration's).") var beta1: Double?
  @Option(parsing: .unconditional, help: "Adam's β₂ (default: the configuration's).") var beta2: Double?
  @Option(parsing: .unconditional, help: "The share of minibatches with mixed styles (default: the configuration's).")
  var mixing: Double?
  @Option(
    name: .customLong("ema-kimg"), parsing: .unconditional,
    help: "Half-life of the generator's average, thousands of pictures; 0: no average.")
  var averageKimg: Double?
  @Option(
    name: .customLong("ema-decay"), parsing: .unconditional,
    help: "In its place: what the average keeps of itself in each step, as PGGAN's 0.999.")
  var averageDecay: Double?
  @Flag(inversion: .prefixedNo, help: "Start at a low resolution and grow (default: the configuration's).") var growing:
    Bool?
  @Option(
    name: .customLong("start-resolution"), parsing: .unconditional,
    help: "The resolution growing starts at (default: the configuration's).")
  var startResolution: Int?
  @Option(
    name: .customLong("fade-kimg"), parsing: .unconditional,
    help: "Thousands of pictures to fade a resolution in (default: the paper's, less in short trainings).")
  var fadeKimg: Double?
  @Option(
    name: .customLong("stable-kimg"), parsing: .unconditional,
    help: "Thousands of pictures at a resolution before the next (default: the paper's, less in short trainings).")
  var stableKimg: Double?
  @Flag(help: "Mirror half of the pictures left to right.") var mirror = false
  @Option(parsing: .unconditional, help: "Thousands of pictures between lines of statistics (default: 1).")
  var tick: Double?
  @Option(parsing: .unconditional, help: "Ticks between snapshots (default: 25).") var snap: Int?
  @Option(
    name: .customLong("sample-interval"), parsing: .unconditional,
    help: "Steps between grids of a batch's first 25 fakes; 0: none (default: 2000 for gan, else 0).")
  var batchGridSteps: Int?
  @Option(parsing: .unconditional, help: "Fixes weights, latents, noise and the order of the data (default: 0).")
  var seed: UInt64?

  func apply(to options: inout TrainingOptions) throws {
    let resolution = options.configuration.resolution
    var schedule = options.schedule
    if growing ?? schedule.grows || startResolution != nil {
      schedule.initialResolution = min(startResolution ?? (schedule.grows ? schedule.initialResolution : 8), resolution)
    }
    if growing == false { schedule.initialResolution = resolution }
    if let fadeKimg { schedule.fadeKimg = fadeKimg }
    if let stableKimg { schedule.stableKimg = stableKimg }
    if let batch { schedule.batchSizes = batch.values }
    if let lr { schedule.learningRates = lr.values }
    if let kimg { options.totalKimg = kimg }
    if fadeKimg == nil && stableKimg == nil { schedule.fitGrowth(totalKimg: options.totalKimg) }
    options.schedule = schedule
    applyObjective(to: &options)
    try applyPathLength(to: &options.objective)
    try applyOptimizer(to: &options)
    options.mirror = mirror
    if let mixing { options.mixingProbability = mixing }
    if let averageKimg { (options.averageHalfLifeKimg, options.averageDecay) = (averageKimg, nil) }
    if let averageDecay { options.averageDecay = averageDecay }
    if let batchGridSteps { options.batchGridSteps = batchGridSteps }
    if let tick { options.tickKimg = tick }
    if let snap { options.snapshotTicks = snap }
    if let seed { options.seed = seed }
    try requireEffect(on: options)
  }

  /// The options of path length regularization but its weight.
  private var pathLengthDetails: [String] {
    given([
      ("--pl-interval", pathLengthInterval), ("--pl-decay", pathLengthDecay),
      ("--pl-batch-shrink", pathLengthBatchShrink),
    ])
  }

  private func applyPathLength(to objective: inout Objective) throws {
    if let pathLengthWeight {
      objective.pathLength = pathLengthWeight == 0 ? nil : PathLength(weight: pathLengthWeight)
    }
    guard var length = objective.pathLength else {
      guard let name = pathLengthDetails.first else { return }
      throw ValidationError("\(name) is for path length regularization, and there is none: give --pl-weight 2")
    }
    if let pathLengthInterval { length.interval = pathLengthInterval }
    if let pathLengthDecay { length.decay = pathLengthDecay }
    if let pathLengthBatchShrink { length.batchShrink = pathLengthBatchShrink }
    objective.pathLength = length
  }

  private func applyObjective(to options: inout TrainingOptions) {
    if let loss { options.objective.loss = loss }
    if let penalty {
      options.objective.regularizer = penalty
      // The papers' strength, where the configuration had no penalty.
      if penalty != .none && options.objective.gamma == 0 { options.objective.gamma = 10 }
    }
    if let gamma { options.objective.gamma = gamma }
    if let penaltyInterval { options.objective.penaltyInterval = penaltyInterval }
    if let drift { options.objective.drift = drift }
    if let clip { options.objective.clip = clip == 0 ? nil : clip }
    if let criticSteps { options.criticSteps = criticSteps }
    if let stepOrder { options.stepOrder = stepOrder.order }
    if let halvesDiscriminatorLoss { options.objective.halvesDiscriminatorLoss = halvesDiscriminatorLoss }
  }

  private func applyOptimizer(to options: inout TrainingOptions) throws {
    if let optimizer { options.optimizer = optimizer }
    if let beta1 { options.adam.beta1 = beta1 }
    if let beta2 { options.adam.beta2 = beta2 }
    if let name = given([("--beta1", beta1), ("--beta2", beta2)]).first, options.optimizer != .adam {
      throw ValidationError("\(name) is Adam's, and the optimizer is \(options.optimizer.rawValue): leave it out")
    }
  }

  /// Refuses options that would have no effect: what they change is not part of this training.
  private func requireEffect(on options: TrainingOptions) throws {
    if gamma != nil && options.objective.regularizer == .none {
      throw ValidationError("--gamma is the strength of a penalty, and there is none: name one with --penalty")
    }
    if let name = given([("--fade-kimg", fadeKimg), ("--stable-kimg", stableKimg)]).first,
      growing == false || !options.configuration.traits.grows
    {
      throw ValidationError("\(name) is a phase of growing, and nothing grows here: leave it out")
    }
    if averageKimg != nil && averageDecay != nil {
      throw ValidationError("--ema-kimg and --ema-decay are two ways to say the same: use one of them")
    }
  }

  /// The options that were given, but for --kimg: a resumed run may be told a new end.
  var allButEnd: [String] {
    given([
      ("--batch", batch), ("--lr", lr), ("--loss", loss), ("--penalty", penalty), ("--gamma", gamma),
      ("--r1-interval", penaltyInterval), ("--drift", drift), ("--clip", clip),
      ("--pl-weight", pathLengthWeight),
      ("--critic-steps", criticSteps), ("--step-order", stepOrder),
      (halvesDiscriminatorLoss ?? true ? "--halve-d-loss" : "--no-halve-d-loss", halvesDiscriminatorLoss),
      ("--optimizer", optimizer), ("--beta1", beta1), ("--beta2", beta2), ("--mixing", mixing),
      ("--ema-kimg", averageKimg), ("--ema-decay", averageDecay), ("--sample-interval", batchGridSteps),
      (growing ?? true ? "--growing" : "--no-growing", growing),
      ("--start-resolution", startResolution), ("--fade-kimg", fadeKimg), ("--stable-kimg", stableKimg),
      ("--mirror", mirror ? true : nil), ("--tick", tick), ("--snap", snap), ("--seed", seed),
    ]) + pathLengthDetails
  }
}

/// The names of those options that have a value.
func given(_ options: [(name: String, value: Any?)]) -> [String] {
  options.compactMap { $0.value == nil ? nil : $0.name }
}
