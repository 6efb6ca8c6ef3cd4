// Which parts of a training go together: what is refused here could be computed, but not for any good.

extension TrainingOptions {
  /// Refuses combinations that make no sense.
  /// - Throws: ``ConfigurationError`` with the reason.
  func requireSense() throws(ConfigurationError) {
    try requireSensibleObjective()
    let (title, traits) = (type(of: configuration).title, configuration.traits)
    if schedule.grows && !traits.grows {
      throw ConfigurationError("\(title) has one resolution and cannot grow: leave out --growing")
    }
    if mixingProbability > 0 && !traits.hasStyles {
      throw ConfigurationError("there are no styles to mix in this \(title): use --mixing 0")
    }
    if objective.regularizer == .gradientPenalty && traits.normalizesCriticBatches {
      throw ConfigurationError(
        "the gradient penalty is a norm of each image's own gradient, but \(title)'s discriminator normalises over the "
          + "batch, so that each score depends on all images: use --cfg wgan-gp, whose critic does not")
    }
    if stepOrder == .generatorFirst && criticSteps > 1 {
      throw ConfigurationError(
        "\(criticSteps) critic steps need fakes of their own each, but G comes first here and D gets the same: use "
          + "--critic-steps 1 or --step-order d-first")
    }
    if objective.penaltyInterval > 1 && optimizer != .adam {
      throw ConfigurationError("lazy regularization corrects Adam's constants for its steps: use --optimizer adam")
    }
  }

  /// Refuses minibatches of one image where a network normalises over the minibatch: one value has no variance.
  /// - Throws: ``ConfigurationError`` with the way out.
  public func requireBatches() throws(ConfigurationError) {
    let trained = configuration.resolutions.filter {
      ($0 >= schedule.initialResolution && $0 <= schedule.finalResolution) || configuration.resolutions.count == 1
    }
    guard trained.contains(where: { schedule.batchSize(at: $0) == 1 }) else { return }
    // Rarely asked for: the generator itself tells what it keeps of its minibatches.
    let keepsStatistics = configuration.makeGenerator(seed: 0, device: .cpu).store.buffers.contains {
      $0.name.hasSuffix("running_var")
    }
    if keepsStatistics || configuration.traits.normalizesCriticBatches {
      throw ConfigurationError(
        "\(type(of: configuration).title) normalises over the minibatch, and one image has no variance: use --batch 2 or "
          + "more")
    }
  }

  /// What may help where this training diverges.
  public var remedies: String {
    let bound = objective.clip != nil ? "a smaller --clip" : objective.isRegularized ? "a larger --gamma" : nil
    return [bound, "a smaller --lr", precision == .float32 ? nil : "--precision fp32"].compactMap { $0 }
      .joined(separator: " or ")
  }

  private func requireSensibleObjective() throws(ConfigurationError) {
    let loss = objective.loss
    let isWasserstein = loss == .wasserstein
    if objective.clip != nil && !isWasserstein {
      throw ConfigurationError(
        "clipping keeps a Wasserstein critic's slope bounded, which the \(loss.rawValue) loss does not ask for: use "
          + "--loss wasserstein or no --clip")
    }
    if objective.clip != nil && objective.isRegularized {
      throw ConfigurationError(
        "clipping and the penalty '\(objective.regularizer.rawValue)' bound the same slope: use one of them")
    }
    if isWasserstein && objective.clip == nil && !(objective.regularizer == .gradientPenalty && objective.gamma > 0) {
      throw ConfigurationError(
        "the Wasserstein loss has no bound unless the critic's slope has one: use --clip 0.01 or --penalty gp")
    }
    if objective.drift > 0 && !isWasserstein {
      throw ConfigurationError(
        "the drift term holds scores that may be shifted at will, which the \(loss.rawValue) loss does not allow: use "
          + "--drift 0")
    }
    if objective.penaltyInterval > 1 && objective.regularizer == .none {
      throw ConfigurationError(
        "there is no penalty to apply every \(objective.penaltyInterval) steps: use --penalty r1")
    }
  }
}
