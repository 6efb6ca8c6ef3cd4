import Torch

/// All that is random in one batch of fakes: latents, where they are mixed, noise, and where a penalty is taken.
public struct TrainingSample {
  /// `[N, zSize]`
  public var z: Tensor
  /// What each fake shows; nil for networks without labels.
  public var condition: Condition?
  /// Mixing regularization (StyleGAN §3.1): a second latent for the layers from the crossover on.
  public var mixing: (z: Tensor, crossover: Int)?
  /// One image `[N, 1, r, r]` for each active layer with a noise input.
  public var noise: [Tensor?]
  /// Where between a real and a fake the gradient penalty is taken, uniform in 0…1, `[N, 1, 1, 1]`; nil without one.
  public var position: Tensor?

  /// A sample of given parts.
  public init(
    z: Tensor, condition: Condition? = nil, mixing: (z: Tensor, crossover: Int)? = nil, noise: [Tensor?] = [],
    position: Tensor? = nil
  ) { (self.z, self.condition, self.mixing, self.noise, self.position) = (z, condition, mixing, noise, position) }
}

/// The random streams of a training. On the CPU both are one.
public struct SamplingStreams {
  /// Choices that steer a step, drawn where the program runs, so that no step waits for the device.
  public let choices: RandomStream
  /// Latents and noise, drawn on the networks' device.
  public let tensors: RandomStream

  /// Streams that start from `seed`.
  public init(seed: UInt64, device: Device = .cpu) {
    choices = RandomStream(seed: seed)
    tensors = device == .cpu ? choices : RandomStream(seed: seed, device: device)
  }

  /// The streams' states by name, as a training state keeps them.
  var state: [(name: String, value: Tensor)] {
    [("random", choices.state)] + (tensors === choices ? [] : [("random.device", tensors.state)])
  }

  /// Continues from saved states.
  /// - Throws: `RandomStreamError`, or what `tensor` throws.
  func restore(_ tensor: (_ name: String) throws -> Tensor) throws {
    try choices.restore(tensor("random"))
    if tensors !== choices { try tensors.restore(tensor("random.device")) }
  }
}
