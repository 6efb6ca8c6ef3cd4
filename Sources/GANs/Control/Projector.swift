import Foundation
import Torch

/// Projects images into the latent space: finds w, or one w per layer, with the most similar image (StyleGAN2 §5 and §D;
/// W+: Abdal et al. 2019).
///
/// It starts from the best of many random w. Adam minimizes an ``ImageDistance`` with decaying noise on w and a learning
/// rate that ramps up and down. Images of a batch do not influence each other.
public struct Projector {
  /// The space of the search.
  public enum Space: String, CaseIterable, Sendable {
    /// One w for all layers: the result stays typical of the network.
    case w
    /// One w per layer: closer to any target.
    case wPlus = "w+"
  }

  /// The settings of a projection.
  public struct Options: Sendable {
    /// One w, or one per layer.
    public var space = Space.w
    /// Steps of Adam, β = (0.9, 0.999).
    public var steps = 1000
    /// The learning rate, in standard deviations of w.
    public var learningRate = 0.1
    /// The shares of the steps in which the learning rate rises linearly from 0, and falls to 0 along a cosine.
    public var rampUp = 0.05, rampDown = 0.5
    /// The noise on w at the start, in standard deviations of w; it decays to 0 at three quarters of the steps.
    public var exploration = 0.1
    /// The number of random w from which the starts are chosen.
    public var candidates = 1000
    /// Starts per image: the best candidates. After a tenth of the steps the best of them is kept.
    public var starts = 4
    /// Whether to optimize the noise images too. The result is closer, but it needs this noise.
    public var optimizesNoise = false
    /// The weight of the noise regularization.
    public var noiseRegularization = 10.0
    /// Fixes all random numbers.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// The result of a projection.
  public struct Result {
    /// The latents, with their noise where it was optimized.
    public let latents: SavedLatents
    /// Their images, `[N, C, r, r]`.
    public let images: Tensor
    /// Peak signal-to-noise ratios to the targets, in dB.
    public let psnr: [Double]
    /// The mean distance over the images at each step.
    public let distances: [Double]
  }

  /// The generator and its settings; noise is the network's own.
  public let renderer: Renderer
  /// The settings of the search.
  public var options: Options
  /// The distance to minimize.
  public var distance: any ImageDistance

  /// A projector into a network.
  public init(_ renderer: Renderer, options: Options = Options(), distance: any ImageDistance = PyramidDistance()) {
    (self.renderer, self.options, self.distance) = (renderer, options, distance)
  }

  /// Finds the latents of images.
  /// - Parameters:
  ///   - targets: `[N, C, r, r]`, −1…1, of the network's current resolution.
  ///   - progress: called after each step.
  public func project(_ targets: Tensor, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> Result {
    let (r, channels) = (renderer.growth.resolution, renderer.style.architecture.imageChannels)
    precondition(Array(targets.shape[1...]) == [channels, r, r], "targets of shape \(targets.shape)")
    let targets = targets.to(renderer.style.store.device)
    let (count, layers) = (targets.size(0), renderer.style.layers.count)
    let random = RandomStream(seed: options.seed)
    let (start, deviation) = starts(targets, random)
    var distances: [Tensor] = []
    let starts = start.size(1)
    let trial = starts > 1 ? options.steps / 10 : 0

    // The trial: all starts in one batch, each on its own.
    var w = start.sliced(0..<1, along: 1)
    if trial > 0 {
      w = start.reshaped([count * starts, 1, -1])
      let many = targets.unsqueezed(at: 1).expanded([-1, starts, -1, -1, -1]).reshaped([count * starts, channels, r, r])
      let search = Search(self, start: w, targets: many, deviation: deviation, total: trial)
      for step in 0..<trial {
        distances.append(search.step(step, random, exploring: false).withoutGraph.mean().reshaped([1]))
        progress(step + 1, options.steps)
      }
      let best = search.distances().reshaped([count, starts])
      let choice = (-best).indexOfMaximum(along: 1).integers.enumerated().map { $0 * starts + $1 }
      w = search.w.value.withoutGraph.gathered(Tensor(choice, device: w.device), along: 0)
    }
    if options.space == .wPlus { w = w.expanded([-1, layers, -1]) }
    let search = Search(self, start: w, targets: targets, deviation: deviation, total: options.steps - trial)
    for step in 0..<options.steps - trial {
      distances.append(search.step(step, random, exploring: true).withoutGraph.mean().reshaped([1]))
      progress(trial + step + 1, options.steps)
    }
    let ws = search.ws.withoutGraph.copied()
    let noise = search.savedNoise
    let images = withoutGradients {
      renderer.style.architecture.straight(
        renderer.style.synthesize(
          ws, noise: noise.map { .given($0) } ?? .constant, growth: renderer.growth, renderer.compute))
    }
    return Result(
      latents: SavedLatents(LatentCodes(ws), noise: noise), images: images,
      psnr: peakSignalToNoiseRatio(images, targets),
      distances: distances.isEmpty ? [] : Tensor.concatenated(distances).doubles)
  }

  /// The best of many random w for each target, `[N, starts, wSize]`, and the standard deviation of an element of w.
  private func starts(_ targets: Tensor, _ random: RandomStream) -> (Tensor, Double) {
    withoutGradients {
      let generator = renderer.style
      let z = random.normal([max(options.candidates, 2), generator.architecture.zSize]).to(targets.device)
      let w = generator.map(z, condition: renderer.condition?.repeated(z.size(0)))
      let deviation = w.variance(over: [0]).mean().squareRoot().item
      let distances = chunks(w.size(0), of: 50).map { range in
        let images = generator.architecture.straight(
          generator.synthesize(
            generator.broadcast(w[range]), noise: .constant, growth: renderer.growth, renderer.compute))
        return Tensor.stacked(
          (0..<targets.size(0)).map { i in
            distance(images, targets[i..<i + 1].expanded([images.size(0), -1, -1, -1]))
          })  // [N, part]
      }
      let count = max(1, min(options.starts, w.size(0)))
      let table = Tensor.concatenated(distances, along: 1)
      let nearest = (0..<targets.size(0)).flatMap { i in
        let row = table[i].floats
        return row.indices.sorted { row[$0] < row[$1] }.prefix(count)
      }
      return (
        w.gathered(Tensor(nearest, device: w.device), along: 0).reshaped([targets.size(0), count, -1]), deviation
      )
    }
  }
}

/// The optimization of one batch.
private final class Search {
  let projector: Projector
  let targets: Tensor
  let deviation: Double
  let total: Int
  /// `[N, 1 or L, wSize]`
  let w: Parameter
  private let noise: [Parameter]
  private let optimizer: Adam

  init(_ projector: Projector, start: Tensor, targets: Tensor, deviation: Double, total: Int) {
    (self.projector, self.targets, self.deviation, self.total) = (projector, targets, deviation, total)
    let store = ParameterStore(seed: 0, device: targets.device)
    w = store.root.parameter("w", start.shape, .constant(0))
    w.set(start)
    let renderer = projector.renderer
    noise =
      projector.options.optimizesNoise
      ? renderer.style.activeLayers(at: renderer.growth).enumerated().map { index, layer in
        let r = layer.resolution
        let parameter = store.root.parameter("noise\(index)", [start.size(0), 1, r, r], .constant(0))
        if let image = layer.noise { parameter.set(image.expanded([start.size(0), -1, -1, -1])) }
        return parameter
      } : []
    optimizer = Adam(store.parameters, learningRate: 0, beta1: 0.9, beta2: 0.999)
  }

  /// `[N, L, wSize]`
  var ws: Tensor { w.value.expanded([-1, projector.renderer.style.layers.count, -1]) }

  /// The noise of every layer; layers above the current resolution keep the network's own.
  var savedNoise: [Tensor]? {
    guard !noise.isEmpty else { return nil }
    return projector.renderer.style.layers.enumerated().compactMap { index, layer in
      index < noise.count
        ? noise[index].value.withoutGraph.copied() : layer.noise?.expanded([targets.size(0), -1, -1, -1])
    }
  }

  private func distances(_ ws: Tensor) -> Tensor {
    let renderer = projector.renderer
    let images = renderer.style.synthesize(
      ws, noise: noise.isEmpty ? .constant : .given(noise.map(\.value)), growth: renderer.growth, renderer.compute)
    return projector.distance(renderer.style.architecture.straight(images), targets)
  }

  /// The current distances, `[N]`.
  func distances() -> Tensor { withoutGradients { distances(ws) } }

  /// Does one step and returns the distances before it, `[N]`.
  func step(_ step: Int, _ random: RandomStream, exploring: Bool) -> Tensor {
    let options = projector.options
    let t = Double(step) / Double(max(total, 1))
    let down = min(1, (1 - t) / options.rampDown)
    let ramp = (0.5 - 0.5 * cos(down * .pi)) * min(1, (t + 1 / Double(max(total, 1))) / options.rampUp)
    optimizer.learningRate = options.learningRate * deviation * ramp
    let faded = max(0, 1 - t / 0.75)
    var ws = ws
    if exploring, options.exploration > 0, faded > 0 {
      let size = options.exploration * deviation * faded * faded
      ws = ws + random.normal(w.value.shape).to(ws.device) * size
    }
    let found = distances(ws)
    var loss = found.sum()
    if !noise.isEmpty {
      loss =
        loss + noise.map { noiseCorrelation($0.value) }.reduce(Tensor.zeros([1], device: ws.device), +)
        .sum() * options.noiseRegularization
    }
    optimizer.step(gradients(of: loss, withRespectTo: optimizer.parameters.map(\.value)))
    for image in noise {
      withoutGradients {
        let centered = image.value - image.value.mean(over: [2, 3], keepingDimensions: true)
        let scale = (centered.squared().mean(over: [2, 3], keepingDimensions: true) + 1e-12).reciprocalSquareRoot()
        image.set(centered * scale)
      }
    }
    return found.withoutGraph
  }
}

/// The noise regularization of StyleGAN2 §D: the squared correlations of horizontal and vertical neighbors at every scale
/// from 8×8; 0 for ideal white noise.
/// - Parameter noise: `[N, 1, r, r]`
/// - Returns: a scalar: the sum over images and scales.
public func noiseCorrelation(_ noise: Tensor) -> Tensor {
  func shifted(_ x: Tensor, _ dimension: Int) -> Tensor {
    let last = x.size(dimension) - 1
    return .concatenated(
      [x.sliced(last..<last + 1, along: dimension), x.sliced(0..<last, along: dimension)], along: dimension)
  }
  var sum = Tensor.zeros([1], device: noise.device).sum()
  var x = noise
  while x.size(3) >= 8 {
    for dimension in [2, 3] { sum = sum + (x * shifted(x, dimension)).mean(over: [1, 2, 3]).squared().sum() }
    // 2×2 averages of white noise have half its standard deviation.
    x = x.averagePooled() * 2
  }
  return sum
}
