// Useless combinations of options. They would run, but training them is pointless, so they are refused.

extension TrainingOptions {
  /// Refuses useless combinations.
  /// - Throws: ``ConfigurationError`` with the reason.
  func requireSense() throws(ConfigurationError) {
    try requireSensibleObjective()
    let (title, traits) = (type(of: configuration).title, configuration.traits)
    if schedule.grows && !traits.grows {
      throw ConfigurationError("\(title) has one resolution and cannot grow: leave out \(field: .grows)")
    }
    if mixingProbability > 0 && !traits.hasStyles {
      throw ConfigurationError("there are no styles to mix in this \(title): use \(field: .mixingProbability, 0)")
    }
    if objective.pathLength != nil && !traits.hasW {
      throw ConfigurationError(
        "path lengths are measured in W, and \(title) has no W: use \(field: .pathLengthWeight, 0)")
    }
    if objective.separability != nil && !traits.hasW {
      throw ConfigurationError(
        "separability is measured in W, and \(title) has no W: use \(field: .separabilityWeight, 0)")
    }
    if objective.regularizer == .gradientPenalty && traits.normalizesCriticBatches {
      throw ConfigurationError(
        "the gradient penalty is a norm of each image's own gradient, but \(title)'s discriminator normalizes over the "
          + "batch, so each score depends on all images: use \(field: .recipe, "wgan-gp"), which does not normalize")
    }
    if stepOrder == .generatorFirst && criticSteps > 1 {
      throw ConfigurationError(
        "each of \(criticSteps) critic steps needs its own fakes, but with G first D uses the fakes of G: use "
          + "\(field: .criticSteps, 1) or \(field: .stepOrder, "d-first")")
    }
    if stepOrder == .generatorFirst && objective.loss.comparesPairs && configuration.labelSize > 0 {
      throw ConfigurationError(
        "the \(objective.loss.rawValue) loss compares pairs of one class, but with G first its fakes have the classes of "
          + "D's pictures: use \(field: .stepOrder, "d-first")")
    }
    let isLazy = objective.penaltyInterval > 1 || objective.generatorIntervals.contains { $0 > 1 }
    if isLazy && optimizer != .adam {
      throw ConfigurationError(
        "lazy regularization needs a correction of Adam's constants: use \(field: .optimizer, "adam")")
    }
  }

  /// The minibatch sizes of the resolutions that are trained.
  public var trainedBatches: [Int] {
    configuration.resolutions.filter {
      ($0 >= schedule.initialResolution && $0 <= schedule.finalResolution) || configuration.resolutions.count == 1
    }.map(schedule.batchSize)
  }

  /// Refuses minibatches of one image where a network normalizes over the minibatch: one value has no variance.
  /// - Throws: ``ConfigurationError`` with the remedy.
  public func requireBatches() throws(ConfigurationError) {
    let traits = configuration.traits
    guard traits.normalizesGeneratorBatches || traits.normalizesCriticBatches, trainedBatches.contains(1) else {
      return
    }
    throw ConfigurationError(
      "\(type(of: configuration).title) normalizes over the minibatch, and one image has no variance: use "
        + "\(field: .batchSizes, 2) or more")
  }

  /// Options that may help after a divergence.
  public var remedies: Message {
    let bound: Message? =
      objective.clip != nil ? "a smaller \(field: .clip)" : objective.isRegularized ? "a larger \(field: .gamma)" : nil
    let rest: [Message?] = [
      "a smaller \(field: .learningRates)", precision == .float32 ? nil : "\(field: .precision, "fp32")",
    ]
    let all = ([bound] + rest).compactMap { $0 }
    return all.dropFirst().reduce(all[0]) { $0 + " or " + $1 }
  }

  private func requireSensibleObjective() throws(ConfigurationError) {
    let loss = objective.loss
    let isWasserstein = loss == .wasserstein
    if objective.clip != nil && !isWasserstein {
      throw ConfigurationError(
        "clipping bounds the Lipschitz constant of a Wasserstein critic, and the \(loss.rawValue) loss does not need "
          + "that: use \(field: .loss, "wasserstein") or no \(field: .clip)")
    }
    if objective.clip != nil && objective.isRegularized {
      throw ConfigurationError(
        "clipping and the penalty '\(objective.regularizer.rawValue)' both bound the critic's Lipschitz constant: "
          + "use one of them")
    }
    if isWasserstein && objective.clip == nil && !(objective.regularizer == .gradientPenalty && objective.gamma > 0) {
      throw ConfigurationError(
        "the Wasserstein loss is unbounded if the critic is not Lipschitz: use \(field: .clip, 0.01) or "
          + "\(field: .regularizer, "gp")")
    }
    if objective.drift > 0 && !isWasserstein && loss != .relativistic {
      throw ConfigurationError(
        "the drift term is for losses that ignore a constant shift of scores, and the \(loss.rawValue) loss does not: "
          + "use \(field: .drift, 0)")
    }
    if objective.penaltyInterval > 1 && objective.regularizer == .none {
      throw ConfigurationError(
        "there is no penalty to apply every \(objective.penaltyInterval) steps: use \(field: .regularizer, "r1")")
    }
  }
}
