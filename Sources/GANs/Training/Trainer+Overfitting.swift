import Torch

// What a training records to see overfitting and collapse.

extension Trainer {
  /// How many images are held out of the training, in words; nil without `--validation`.
  public var heldOut: String? { validation?.summary }

  /// Records the diversity of a step's reals and fakes.
  func recordDiversity(ofReals reals: Tensor?, _ fakes: Tensor) {
    guard let ofReals = reals?.nearestDistance, let ofFakes = fakes.nearestDistance else { return }
    record("Diversity/reals", ofReals)
    record("Diversity/fakes", ofFakes)
  }

  /// The means of a tick with the signs of overfitting and the relative diversity of fakes.
  func withOverfitting(_ means: [String: Double]) throws -> [String: Double] {
    var values = means
    if let fakes = means["Diversity/fakes"], let reals = means["Diversity/reals"], reals > 0 {
      values["Diversity/ratio"] = fakes / reals
    }
    guard let validation else { return values }
    let discriminator = networks.discriminator
    // Normalization over the minibatch moves buffers.
    let buffers = discriminator.store.buffers.map { $0.value.copied() }
    let found = try validation.values(means, batch: options.schedule.batchSize(at: growth.resolution)) { batch in
      withoutGradients {
        let reals = reals(batch, growth)
        return discriminator(reals.images, condition: reals.condition, growth: growth, options.compute)
      }
    }
    for (buffer, value) in zip(discriminator.store.buffers, buffers) { buffer.set(value) }
    return values.merging(found) { $1 }
  }
}
