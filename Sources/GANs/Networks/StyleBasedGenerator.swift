import Torch

/// A generator with an intermediate latent space W: a mapping network f: Z → W and a synthesis network g: W → images
/// (StyleGAN Fig. 1b). Code that controls or measures images uses this protocol, not a family.
public protocol StyleBasedGenerator: Generator {
  /// Size of w.
  var wSize: Int { get }
  /// The L layers with an input w, from the coarsest to the finest.
  var layers: [SynthesisLayer] { get }
  /// w_avg, `[wSize]`: the moving average of w, the center of truncation (StyleGAN §B).
  var wAverage: Buffer { get }
  /// f: latents to intermediate latents.
  /// - Parameters:
  ///   - z: `[N, zSize]`, samples of N(0, I).
  ///   - condition: one for each latent; nil for networks without labels.
  /// - Returns: w, `[N, wSize]`
  func map(_ z: Tensor, condition: Condition?) -> Tensor
  /// g: intermediate latents to images.
  /// - Parameters:
  ///   - ws: one w per layer, `[N, L, wSize]`.
  ///   - noise: the source of the noise inputs.
  ///   - growth: the growth of the network.
  /// - Returns: `[N, imageChannels, r, r]`, float32, nominally −1…1, r = growth.resolution.
  func synthesize(_ ws: Tensor, noise: NoiseMode, growth: Growth, _ compute: Compute) -> Tensor
}

/// The parts of a synthesis layer that control uses.
public struct SynthesisLayer {
  /// Its resolution.
  public let resolution: Int
  /// Its stored noise image, `[1, 1, r, r]`; nil without a noise input.
  public let noise: Tensor?
  /// The weight of the affine map from w to its style, `[styles, wSize]`; nil without a style.
  public let styleWeight: Tensor?
}

extension StyleBasedGenerator {
  /// The layers active at a growth: those up to its resolution.
  public func activeLayers(at growth: Growth) -> [SynthesisLayer] {
    layers.filter { $0.resolution <= growth.resolution }
  }

  /// One w in every layer: `[N, wSize]` → `[N, L, wSize]`.
  public func broadcast(_ w: Tensor) -> Tensor { w.unsqueezed(at: 1).expanded([-1, layers.count, -1]) }

  /// Images for latents, without gradients.
  public func images(
    _ z: Tensor, condition: Condition? = nil, truncation: Truncation = .none, noise: NoiseMode = .constant,
    growth: Growth? = nil, _ compute: Compute = .default
  ) -> Tensor {
    withoutGradients {
      synthesize(
        truncation(broadcast(map(z, condition: condition)), average: wAverage.value), noise: noise,
        growth: growth ?? architecture.grown, compute)
    }
  }

  /// Latents, the second latents of mixing regularization (StyleGAN §3.1) and noise.
  ///
  /// A batch is mixed with the given probability; the crossover is uniform over the active layers.
  public func sample(
    count: Int, condition: Condition?, growth: Growth, mixingProbability: Double, random: SamplingStreams
  ) -> TrainingSample {
    let active = activeLayers(at: growth)
    var sample = TrainingSample(z: random.tensors.normal([count, architecture.zSize]), condition: condition)
    if random.choices.uniform() < mixingProbability {
      let second = random.tensors.normal([count, architecture.zSize])
      sample.mixing = (second, random.choices.integer(in: 1..<active.count))
    }
    sample.noise = active.map { layer in
      layer.noise == nil ? nil : random.tensors.normal([count, 1, layer.resolution, layer.resolution])
    }
    return sample
  }

  /// The intermediate latents of a training step, differentiable.
  /// - Parameter updatingAverage: whether to update w_avg from the w of the first latents.
  /// - Returns: `[N, L, wSize]`
  func trainingStyles(_ sample: TrainingSample, updatingAverage: Bool) -> Tensor {
    guard let mixing = sample.mixing else {
      let w = map(sample.z, condition: sample.condition)
      if updatingAverage { updateAverage(w) }
      return broadcast(w)
    }
    // Both latents go through the mapping network in one batch, to read its weights once.
    let count = sample.z.size(0)
    let both = map(
      .concatenated([sample.z, mixing.z], along: 0), condition: sample.condition.map { .joined([$0, $0]) })
    let w = both.sliced(0..<count, along: 0)
    if updatingAverage { updateAverage(w) }
    return mixedStyles(broadcast(w), broadcast(both.sliced(count..<2 * count, along: 0)), crossover: mixing.crossover)
  }

  /// The fakes of a training step, differentiable.
  public func trainingImages(
    _ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute = .default
  ) -> Tensor {
    synthesize(
      trainingStyles(sample, updatingAverage: updatingAverage), noise: .given(sample.noise), growth: growth, compute)
  }

  /// Updates the moving average of w: w_avg ← mean(w) + β·(w_avg − mean(w)), β = 0.995 (StyleGAN §B).
  private func updateAverage(_ w: Tensor, beta: Double = 0.995) {
    wAverage.moveTowards(w.withoutGraph.mean(over: [0]), weight: 1 - beta)
  }
}

/// The truncation trick in W (StyleGAN §B): w' = w_avg + ψ·(w − w_avg), in the first layers.
public struct Truncation: Sendable, Equatable {
  /// ψ. 1: no truncation; 0: the average image; below 0: the opposite image.
  public var psi: Double
  /// The number of truncated layers; nil: all.
  public var cutoff: Int?

  /// No truncation.
  public static let none = Truncation(psi: 1)

  /// A truncation. Metrics never use one.
  public init(psi: Double, cutoff: Int? = nil) { (self.psi, self.cutoff) = (psi, cutoff) }

  /// Truncates intermediate latents.
  /// - Parameters:
  ///   - ws: `[N, L, wSize]`
  ///   - average: w_avg, `[wSize]`
  public func callAsFunction(_ ws: Tensor, average: Tensor) -> Tensor {
    let layers = min(cutoff ?? ws.size(1), ws.size(1))
    if psi == 1 || layers <= 0 { return ws }
    let truncated = average + (ws.sliced(0..<layers, along: 1) - average) * psi
    if layers == ws.size(1) { return truncated }
    return .concatenated([truncated, ws.sliced(layers..<ws.size(1), along: 1)], along: 1)
  }
}

/// The source of the noise inputs.
public enum NoiseMode {
  /// Fresh noise from a stream: training, stochastic variation.
  case random(RandomStream)
  /// The noise images stored in the network: the result is always the same.
  case constant
  /// No noise.
  case none
  /// One noise image per layer, `[N or 1, 1, r, r]`; nil for no noise.
  case given([Tensor?])

  /// The noise image of a layer for a batch of `count`.
  /// - Parameter stored: the layer's own image, `[1, 1, r, r]`; nil without a noise input.
  func image(_ layer: Int, stored: Tensor?, count: Int) -> Tensor? {
    switch self {
    case .none: nil
    case .constant: stored
    case .given(let images): layer < images.count ? images[layer] : nil
    case .random(let stream): stored.map { stream.normal([count, 1, $0.size(2), $0.size(3)]).to($0.device) }
    }
  }
}

/// Mixes styles: layers before `crossover` come from `first`, the others from `second` (StyleGAN §3.1).
/// - Parameters:
///   - first: `[N, L, wSize]`
///   - second: the same shape
func mixedStyles(_ first: Tensor, _ second: Tensor, crossover: Int) -> Tensor {
  let layers = first.size(1)
  if crossover >= layers { return first }
  if crossover <= 0 { return second }
  return .concatenated([first.sliced(0..<crossover, along: 1), second.sliced(crossover..<layers, along: 1)], along: 1)
}
