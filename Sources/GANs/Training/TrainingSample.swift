import Torch

/// All random inputs of one batch of fakes: latents, mixing, noise, and the position of the gradient penalty.
public struct TrainingSample {
  /// `[N, zSize]`
  public var z: Tensor
  /// The labels of the fakes; nil for networks without labels.
  public var condition: Condition?
  /// Mixing regularization (StyleGAN §3.1): a second latent for the layers from the crossover on.
  public var mixing: (z: Tensor, crossover: Int)?
  /// One entry for each active layer: an image `[N, 1, r, r]`, or nil without a noise input.
  public var noise: [Tensor?]
  /// The position of the gradient penalty between real (0) and fake (1), uniform, `[N, 1, 1, 1]`; nil without a penalty.
  public var position: Tensor?

  /// A sample of given parts.
  public init(
    z: Tensor, condition: Condition? = nil, mixing: (z: Tensor, crossover: Int)? = nil, noise: [Tensor?] = [],
    position: Tensor? = nil
  ) { (self.z, self.condition, self.mixing, self.noise, self.position) = (z, condition, mixing, noise, position) }
}

/// The random streams of a training. On the CPU both are the same stream.
public struct SamplingStreams {
  /// Random choices of the program, drawn on the CPU, so that no step waits for the device.
  public let choices: RandomStream
  /// Latents and noise, drawn on the networks' device.
  public let tensors: RandomStream

  /// Streams that start from `seed`.
  public init(seed: UInt64, device: Device = .cpu) {
    choices = RandomStream(seed: seed)
    tensors = device == .cpu ? choices : RandomStream(seed: seed, device: device)
  }

  /// The streams' states by name, for the training state.
  var state: [(name: String, value: Tensor)] {
    [("random", choices.state)] + (tensors === choices ? [] : [("random.device", tensors.state)])
  }

  /// Restores saved states.
  /// - Throws: `RandomStreamError`, or errors of `tensor`.
  func restore(_ tensor: (_ name: String) throws -> Tensor) throws {
    try choices.restore(tensor("random"))
    if tensors !== choices { try tensors.restore(tensor("random.device")) }
  }
}
