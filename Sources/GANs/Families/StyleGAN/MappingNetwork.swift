import Torch

/// f: Z → W, the mapping network (StyleGAN §2, Fig. 1b): pixel norm, then fully connected layers with leaky ReLU.
public struct MappingNetwork {
  /// The layers; none: w is the normalised z.
  public let layers: [EqualizedLinear]
  /// The moving average of w, `[wSize]`: the centre that truncation pulls towards (StyleGAN §B).
  public let wAverage: Buffer

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
    layers = (0..<configuration.mappingLayers).map { i in
      EqualizedLinear(
        scope / "dense\(i)", inputs: i == 0 ? configuration.zSize : configuration.wSize, outputs: configuration.wSize,
        learningRateMultiplier: configuration.mappingLearningRateMultiplier)
    }
    wAverage = scope.buffer("w_avg", [configuration.wSize], .constant(0))
  }

  /// Maps latents.
  /// - Parameter z: `[N, zSize]`, samples of N(0, I).
  /// - Returns: w, `[N, wSize]`.
  public func callAsFunction(_ z: Tensor) -> Tensor {
    layers.reduce(pixelNorm(z)) { x, layer in layer(x).leakyReLU(slope: 0.2) }
  }

  /// Moves the average of w towards a batch: w_avg ← mean(w) + β·(w_avg − mean(w)), β = 0.995.
  func updateAverage(_ w: Tensor, beta: Double = 0.995) {
    Tensor.lerp([wAverage.value], towards: [w.withoutGraph.mean(over: [0])], weight: 1 - beta)
  }
}

/// The truncation trick in W (StyleGAN §B): w' = w_avg + ψ·(w − w_avg), in the first layers.
public struct Truncation: Sendable, Equatable {
  /// 1: none; 0: the average image; below 0: the opposite.
  public var psi: Double
  /// Layers before this one are truncated; nil: all.
  public var cutoff: Int?

  /// No truncation.
  public static let none = Truncation(psi: 1)

  /// A truncation; for showing pictures, never in metrics.
  public init(psi: Double, cutoff: Int? = nil) {
    self.psi = psi
    self.cutoff = cutoff
  }

  /// Truncates styles.
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
