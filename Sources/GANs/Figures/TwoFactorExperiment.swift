import Torch

/// An experiment on the purpose of the mapping network (StyleGAN Fig. 6): two factors of variation, and one combination is
/// missing in the data.
///
/// The data are points (a, b), uniform on [−1, 1]² without the quarter a > 0, b > 0. A fully connected GAN learns them: f
/// maps z, uniform on the whole square, to a w of two numbers, and g maps w to (a, b); logistic loss with R1, moving
/// average. z fills the square, so g∘f must be curved. w does not have to fill a square, so g can be linear. The result
/// measures how linear both are.
public struct TwoFactorExperiment: Sendable {
  /// Training steps.
  public var steps = 4000
  /// Points per batch.
  public var batch = 256
  /// Adam's learning rate; β = (0, 0.99).
  public var learningRate = 0.003
  /// The learning-rate multiplier of f (StyleGAN §C).
  public var mappingMultiplier = 0.01
  /// γ of R1.
  public var gamma = 0.1
  /// Fixes all random numbers.
  public var seed: UInt64

  /// The experiment with a seed.
  public init(seed: UInt64 = 0) { self.seed = seed }

  /// The measurements, and the trained functions for the figure.
  public struct Result {
    /// Perceptual path length (StyleGAN §4.1) of straight lines in Z and in W, with distances of (a, b) over full paths, in
    /// units of the mean squared distance of the ends: 1 for straight, even paths, else more.
    public let pathLengthZ, pathLengthW: Double
    /// R² of a linear function of z, and of w, to the factors, averaged over both factors: 1 where the map is linear.
    public let linearityZ, linearityW: Double
    /// The share of generated points in the missing quarter.
    public let missing: Double
    /// f: `[N, 2]` → `[N, 2]`
    let mapping: (Tensor) -> Tensor
    /// g: `[N, 2]` → `[N, 2]`
    let synthesis: (Tensor) -> Tensor
  }

  /// Points of the data, `[count, 2]`.
  public static func data(_ count: Int, _ random: RandomStream) -> Tensor {
    var points: [Float] = []
    while points.count < 2 * count {
      let drawn = random.uniform([2 * count, 2]).floats.map { 2 * $0 - 1 }
      for i in stride(from: 0, to: drawn.count, by: 2) where drawn[i] <= 0 || drawn[i + 1] <= 0 {
        points += [drawn[i], drawn[i + 1]]
      }
    }
    return Tensor(Array(points[..<(2 * count)]), shape: [count, 2])
  }

  /// Trains and measures.
  /// - Parameter progress: called after each step.
  public func run(progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) -> Result {
    let random = RandomStream(seed: seed)
    let (generator, average) = (TwoFactorGenerator(self), TwoFactorGenerator(self))
    let discriminator = ParameterStore(seed: seed &+ 1)
    let d = Perceptron(discriminator.root, [2, 128, 128, 128, 1])
    let objective = Objective(gamma: gamma)
    func adam(_ store: ParameterStore) -> Adam {
      Adam(store.parameters, learningRate: learningRate, beta1: 0, beta2: 0.99)
    }
    let (adamG, adamD) = (adam(generator.store), adam(discriminator))
    func step(_ optimizer: Adam, _ loss: Tensor) {
      optimizer.step(gradients(of: loss, withRespectTo: optimizer.parameters.map(\.value)))
    }
    for done in 1...max(steps, 1) {
      let reals = Self.data(batch, random).requiringGradient()
      let fakes = withoutGradients { generator(latents(random)) }
      let realScores = d(reals)
      step(
        adamD,
        objective.discriminatorLoss(realScores: realScores, fakeScores: d(fakes))
          + objective.penalty(points: reals, scores: realScores))
      step(adamG, objective.generatorLoss(fakeScores: d(generator(latents(random)))))
      withoutGradients {
        Tensor.lerp(
          average.store.parameters.map(\.value), towards: generator.store.parameters.map(\.value), weight: 0.005)
      }
      progress(done, steps)
    }
    return withoutGradients { measured(average, random) }
  }

  private func latents(_ random: RandomStream, count: Int? = nil) -> Tensor {
    random.uniform([count ?? batch, 2]) * 2 - 1
  }

  private func measured(_ generator: TwoFactorGenerator, _ random: RandomStream) -> Result {
    let count = 20_000
    let (z0, z1) = (latents(random, count: count), latents(random, count: count))
    let (w0, w1) = (generator.f(z0), generator.f(z1))
    let t = random.uniform([count, 1])
    let epsilon = 1e-3
    func pathLength(_ x: (Tensor) -> Tensor, _ a: Tensor, _ b: Tensor) -> Double {
      func at(_ t: Tensor) -> Tensor { x(a + (b - a) * t) }
      let speed = (at(t + epsilon) - at(t)).squared().sum(over: [1]).mean().item / (epsilon * epsilon)
      return speed / (x(a) - x(b)).squared().sum(over: [1]).mean().item
    }
    let x = generator.g(w0)
    let points = x.floats
    let missing = stride(from: 0, to: points.count, by: 2).filter { points[$0] > 0.05 && points[$0 + 1] > 0.05 }.count
    return Result(
      pathLengthZ: pathLength({ generator.g(generator.f($0)) }, z0, z1), pathLengthW: pathLength(generator.g, w0, w1),
      linearityZ: linearity(of: x, in: z0), linearityW: linearity(of: x, in: w0),
      missing: Double(missing) / Double(count), mapping: { z in withoutGradients { generator.f(z) } },
      synthesis: { w in withoutGradients { generator.g(w) } })
  }

  /// R² of the least-squares linear function of two variables, averaged over both factors: cᵀC⁻¹c/σ².
  private func linearity(of x: Tensor, in inputs: Tensor) -> Double {
    func centered(_ a: Tensor) -> Tensor { a.to(.float64) - a.to(.float64).mean(over: [0], keepingDimensions: true) }
    let (x, inputs) = (centered(x), centered(inputs))
    let c = inputs.transposed.matmul(x)  // [input, factor]
    let solution = inputs.transposed.matmul(inputs).solving(c)
    return ((c * solution).sum(over: [0]) / x.squared().sum(over: [0])).mean().item
  }
}

/// Equalized linear layers with leaky ReLU between them.
private struct Perceptron {
  let layers: [EqualizedLinear]

  init(_ scope: Scope, _ sizes: [Int], multiplier: Double = 1) {
    layers = (0..<sizes.count - 1).map { i in
      EqualizedLinear(
        scope / "dense\(i)", inputs: sizes[i], outputs: sizes[i + 1], gain: i == sizes.count - 2 ? 1 : leakyReLUGain,
        learningRateMultiplier: multiplier)
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    layers.last!(layers.dropLast().reduce(x) { $1($0).leakyReLU(slope: 0.2) })
  }
}

private final class TwoFactorGenerator {
  let store: ParameterStore
  let f, g: (Tensor) -> Tensor

  init(_ experiment: TwoFactorExperiment) {
    store = ParameterStore(seed: experiment.seed)
    let mapping = Perceptron(store.root / "f", [2, 64, 64, 64, 64, 2], multiplier: experiment.mappingMultiplier)
    let synthesis = Perceptron(store.root / "g", [2, 32, 2])
    (f, g) = ({ mapping($0) }, { synthesis($0) })
  }

  func callAsFunction(_ z: Tensor) -> Tensor { g(f(z)) }
}

extension Objective {
  /// R1 of points `[N, 2]` instead of images.
  fileprivate func penalty(points: Tensor, scores: Tensor) -> Tensor {
    let gradient = gradients(of: scores.sum(), withRespectTo: [points], createGraph: true)[0]
    return gradient.squared().sum(over: [1]).mean() * (gamma / 2)
  }
}
