import ArgumentParser
import Datasets
import GANs

/// The shape of a new network.
struct ArchitectureArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Crop and resize the pictures to this side, a power of two from 8 to 1024 (default: no change).")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Convert the pictures to 1, 3 or 4 channels (default: no change).")
  var channels: Int?
  @Flag(help: "Train a conditional network on the classes of the data.") var cond = false
  @OptionGroup var families: FamilyArguments

  /// The given settings of the architecture.
  var settings: Settings { families.settings }

  /// The given options that determine the shape of a network.
  var shaping: [String] {
    Families.settings.filter { settings[$0.field] != nil }.map(\.field.option) + given([("--cond", cond ? true : nil)])
  }

  /// All given options.
  var all: [String] { shaping + given([("--resolution", resolution), ("--channels", channels)]) }
}

extension NetworkWidth: ExpressibleByArgument {}
extension Objective.Loss: ExpressibleByArgument {}
extension Objective.Regularizer: ExpressibleByArgument {}
extension Objective.PenaltyResolution: ExpressibleByArgument {}
extension TrainingOptions.OptimizerKind: ExpressibleByArgument {}

/// The network that is updated first in a step.
enum StepOrderChoice: String, ExpressibleByArgument, CaseIterable {
  case discriminatorFirst = "d-first"
  case generatorFirst = "g-first"

  var order: TrainingOptions.StepOrder { self == .discriminatorFirst ? .discriminatorFirst : .generatorFirst }
}

/// The options of a training. They have no defaults here, because a resumed run must know which options were given.
struct ScheduleArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Length of the training in thousands of pictures (default: from --cfg).")
  var kimg: Double?
  @Option(
    parsing: .unconditional,
    help: "Minibatch size: a number, or by resolution as in 8:64,32:16 (default: the paper's).")
  var batch: ByResolution<Int>?
  @Option(parsing: .unconditional, help: "Learning rate: a number, or by resolution (default: the paper's).")
  var lr: ByResolution<Double>?
  @Option(help: "The loss (default: from --cfg).") var loss: Objective.Loss?
  @Option(help: "The penalty that regularizes D (default: from --cfg).") var penalty: Objective.Regularizer?
  @Option(parsing: .unconditional, help: "Strength of the penalty: γ of R1, λ of the gradient penalty (default: 10).")
  var gamma: Double?
  @Option(parsing: .unconditional, help: "Steps between two uses of the penalty; above 1: lazy (default: 1).")
  var r1Interval: Int?
  @Option(
    help: """
      Resolution at which the penalty takes D's gradient while growing: full (pictures enlarged to the final size, as in \
      the published program), or current (the papers' formulas; stronger at low resolutions) (default: full).
      """)
  var penaltyResolution: Objective.PenaltyResolution?
  @Option(parsing: .unconditional, help: "Weight ε of the drift term, which keeps Wasserstein scores near 0; 0: none.")
  var drift: Double?
  @Option(parsing: .unconditional, help: "Clip the weights of D to ± this value after each of its steps; 0: do not.")
  var clip: Double?
  @Option(parsing: .unconditional, help: "Weight of path length regularization of G, 2 in StyleGAN2; 0: none.")
  var plWeight: Double?
  @Option(parsing: .unconditional, help: "Steps between two uses of path length regularization (default: 4).")
  var plInterval: Int?
  @Option(parsing: .unconditional, help: "Weight of a new length in the moving average of lengths (default: 0.01).")
  var plDecay: Double?
  @Option(parsing: .unconditional, help: "Measure path lengths on a minibatch divided by this number (default: 2).")
  var plBatchShrink: Int?
  @Option(parsing: .unconditional, help: "Updates of D for each update of G (default: from --cfg).")
  var criticSteps: Int?
  @Option(help: "Update D first, on its own fakes, or G first and then D on the same fakes (default: from --cfg).")
  var stepOrder: StepOrderChoice?
  @Flag(inversion: .prefixedNo, help: "Take the mean of D's losses on reals and on fakes, not their sum.")
  var halveDLoss: Bool?
  @Option(help: "The optimizer (default: from --cfg).") var optimizer: TrainingOptions.OptimizerKind?
  @Option(parsing: .unconditional, help: "Adam's β₁ (default: from --cfg).") var beta1: Double?
  @Option(parsing: .unconditional, help: "Adam's β₂ (default: from --cfg).") var beta2: Double?
  @Option(parsing: .unconditional, help: "Fraction of minibatches with style mixing (default: from --cfg).")
  var mixing: Double?
  @Option(
    parsing: .unconditional, help: "Half-life of the moving average of G in thousands of pictures; 0: no average.")
  var emaKimg: Double?
  @Option(parsing: .unconditional, help: "Decay of that average in each step, such as 0.999; replaces --ema-kimg.")
  var emaDecay: Double?
  @Flag(inversion: .prefixedNo, help: "Start at a low resolution and grow (default: from --cfg).") var growing: Bool?
  @Option(parsing: .unconditional, help: "Resolution at the start of growing (default: from --cfg).")
  var startResolution: Int?
  @Option(
    parsing: .unconditional,
    help: "Thousands of pictures for fading in a resolution (default: the paper's, fewer in short trainings).")
  var fadeKimg: Double?
  @Option(
    parsing: .unconditional,
    help: "Thousands of pictures between two fades (default: the paper's, fewer in short trainings).")
  var stableKimg: Double?
  @Flag(help: "Mirror half of the pictures horizontally.") var mirror = false
  @Option(
    parsing: .unconditional, help: "Thousands of pictures in a tick, between two lines of statistics (default: 1).")
  var tick: Double?
  @Option(parsing: .unconditional, help: "Ticks between two snapshots (default: 25).") var snap: Int?
  @Option(
    parsing: .unconditional,
    help: "Steps between two grids of a batch's first 25 fakes; 0: none (default: 2000 for gan, else 0).")
  var sampleInterval: Int?
  @Option(parsing: .unconditional, help: "Seed of weights, latents, noise and the order of the data (default: 0).")
  var seed: UInt64?

  func apply(to options: inout TrainingOptions) throws {
    let resolution = options.configuration.resolution
    var schedule = options.schedule
    if let startResolution {
      schedule.initialResolution = startResolution
    } else if growing ?? schedule.grows {
      schedule.initialResolution = min(schedule.grows ? schedule.initialResolution : 8, resolution)
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
    if let emaKimg { (options.averageHalfLifeKimg, options.averageDecay) = (emaKimg, nil) }
    if let emaDecay { options.averageDecay = emaDecay }
    if let sampleInterval { options.batchGridSteps = sampleInterval }
    if let tick { options.tickKimg = tick }
    if let snap { options.snapshotTicks = snap }
    if let seed { options.seed = seed }
    try requireEffect(on: options)
  }

  /// The given options of path length regularization, except its weight.
  private var pathLengthDetails: [String] {
    given([("--pl-interval", plInterval), ("--pl-decay", plDecay), ("--pl-batch-shrink", plBatchShrink)])
  }

  private func applyPathLength(to objective: inout Objective) throws {
    if let plWeight { objective.pathLength = plWeight == 0 ? nil : PathLength(weight: plWeight) }
    guard var length = objective.pathLength else {
      guard let name = pathLengthDetails.first else { return }
      throw ValidationError("\(name) is for path length regularization: give --pl-weight 2 too")
    }
    if let plInterval { length.interval = plInterval }
    if let plDecay { length.decay = plDecay }
    if let plBatchShrink { length.batchShrink = plBatchShrink }
    objective.pathLength = length
  }

  private func applyObjective(to options: inout TrainingOptions) {
    if let loss { options.objective.loss = loss }
    if let penalty {
      options.objective.regularizer = penalty
      // The strength of the papers, if the recipe has no penalty.
      if penalty != .none && options.objective.gamma == 0 { options.objective.gamma = 10 }
    }
    if let gamma { options.objective.gamma = gamma }
    if let r1Interval { options.objective.penaltyInterval = r1Interval }
    if let penaltyResolution { options.objective.penaltyResolution = penaltyResolution }
    if let drift { options.objective.drift = drift }
    if let clip { options.objective.clip = clip == 0 ? nil : clip }
    if let criticSteps { options.criticSteps = criticSteps }
    if let stepOrder { options.stepOrder = stepOrder.order }
    if let halveDLoss { options.objective.halvesDiscriminatorLoss = halveDLoss }
  }

  private func applyOptimizer(to options: inout TrainingOptions) throws {
    if let optimizer { options.optimizer = optimizer }
    if let beta1 { options.adam.beta1 = beta1 }
    if let beta2 { options.adam.beta2 = beta2 }
    if let name = given([("--beta1", beta1), ("--beta2", beta2)]).first, options.optimizer != .adam {
      throw ValidationError(
        "\(name) is a constant of Adam, but the optimizer is \(options.optimizer.rawValue): leave it out")
    }
  }

  /// Refuses options without effect on this training.
  private func requireEffect(on options: TrainingOptions) throws {
    if gamma != nil && options.objective.regularizer == .none {
      throw ValidationError("--gamma is the strength of a penalty, but there is no penalty: choose one with --penalty")
    }
    if penaltyResolution != nil && !(options.objective.regularizer != .none && options.schedule.grows) {
      throw ValidationError(
        "--penalty-resolution is for a penalty in a network that grows, and this training has no such penalty: leave it out"
      )
    }
    if let name = given([
      ("--start-resolution", startResolution), ("--fade-kimg", fadeKimg), ("--stable-kimg", stableKimg),
    ]).first, growing == false || !options.configuration.traits.grows {
      throw ValidationError("\(name) is for progressive growing, but this network does not grow: leave it out")
    }
    if halveDLoss == true && options.objective.loss == .relativistic {
      throw ValidationError(
        "--halve-d-loss takes the mean of a loss on reals and one on fakes, but the relativistic loss is one, of pairs: "
          + "leave it out")
    }
    if let plBatchShrink, let batch = options.trainedBatches.min(), plBatchShrink > batch {
      throw ValidationError(
        "--pl-batch-shrink is \(plBatchShrink), but a minibatch has \(counted(batch, "image")): give 1 to \(batch)")
    }
    if emaKimg != nil && emaDecay != nil {
      throw ValidationError("--ema-kimg and --ema-decay both set the moving average: use one of them")
    }
  }

  /// What a training of a given time (`--hours`) leaves as it was given.
  var asked: Set<TimedTraining.Asked> {
    var asked: Set<TimedTraining.Asked> = []
    if emaKimg != nil || emaDecay != nil { asked.insert(.average) }
    if snap != nil { asked.insert(.snapshots) }
    return asked
  }

  /// A given option that a training of a given time sets itself; nil if there is none.
  var againstHours: String? {
    given([
      ("--kimg", kimg), ("--start-resolution", startResolution), ("--fade-kimg", fadeKimg),
      ("--stable-kimg", stableKimg),
      ("--penalty", penalty),
    ]).first
  }

  /// All given options that a resumed run cannot change.
  var fixed: [String] {
    given([
      ("--batch", batch), ("--lr", lr), ("--loss", loss), ("--penalty", penalty), ("--gamma", gamma),
      ("--r1-interval", r1Interval), ("--penalty-resolution", penaltyResolution),
      ("--drift", drift), ("--clip", clip), ("--pl-weight", plWeight),
      ("--critic-steps", criticSteps), ("--step-order", stepOrder),
      (halveDLoss ?? true ? "--halve-d-loss" : "--no-halve-d-loss", halveDLoss),
      ("--optimizer", optimizer), ("--beta1", beta1), ("--beta2", beta2), ("--mixing", mixing),
      ("--ema-kimg", emaKimg), ("--ema-decay", emaDecay),
      (growing ?? true ? "--growing" : "--no-growing", growing),
      ("--start-resolution", startResolution), ("--fade-kimg", fadeKimg), ("--stable-kimg", stableKimg),
      ("--mirror", mirror ? true : nil), ("--tick", tick), ("--seed", seed),
    ]) + pathLengthDetails
  }
}

/// The names of those options that have a value.
func given(_ options: [(name: String, value: Any?)]) -> [String] {
  options.compactMap { $0.value == nil ? nil : $0.name }
}
