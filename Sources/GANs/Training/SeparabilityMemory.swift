import Torch

/// Exponentially weighted sums over the latents and the answers of past minibatches, and the hyperplanes that follow from
/// them.
///
/// The memory only reads values; no gradient passes through it.
final class SeparabilityMemory {
  /// The weight of a new minibatch.
  private let decay: Double
  private let (dimensions, classes): (Int, Int)
  /// The sum of all weights: 1 − (1 − decay)^t after t minibatches, `[1]`.
  private let weight: Tensor
  /// Sums of w `[d]`, of y `[K]`, of y² `[K]`, of w wᵀ `[d, d]` and of w yᵀ `[d, K]`.
  private let w, y, yy, ww, wy: Tensor
  /// Sums of x `[K]` and of x·y `[K]`, x the soft side of the hyperplane.
  private let x, xy: Tensor
  /// The sum of unit gradients of the predicted class's logit, `[K, d]`.
  private let gradients: Tensor
  /// I, `[d, d]`
  private let identity: Tensor

  init(dimensions d: Int, classes k: Int, decay: Double, device: Device) {
    (dimensions, classes, self.decay) = (d, k, decay)
    func zeros(_ shape: [Int]) -> Tensor { .zeros(shape, device: device) }
    (weight, w, y, yy, ww, wy) = (zeros([1]), zeros([d]), zeros([k]), zeros([k]), zeros([d, d]), zeros([d, k]))
    (x, xy, gradients) = (zeros([k]), zeros([k]), zeros([k, d]))
    identity = Tensor((0..<d * d).map { $0 % (d + 1) == 0 ? 1.0 : 0 }, shape: [d, d]).to(device)
  }

  /// All sums by name.
  var state: [(name: String, value: Tensor)] {
    [
      ("weight", weight), ("w", w), ("y", y), ("yy", yy), ("ww", ww), ("wy", wy), ("x", x), ("xy", xy),
      ("gradients", gradients),
    ].map { ("separability.\($0)", $1) }
  }

  /// The weight, at least 10⁻¹², so that an empty memory has means of 0.
  private var divisor: Tensor { weight.clamped(minimum: 1e-12, maximum: 1) }

  /// The number of samples in the memory, n, as a part of n + d: between 0 (empty) and 1, `[1]`.
  /// - Parameter batch: the size of a minibatch.
  func trust(batch: Int) -> Tensor {
    let samples = weight * (Double(batch) / decay)
    return samples / (samples + Double(dimensions))
  }

  /// E[y], `[K]`, kept away from 0 and 1.
  var shares: Tensor { (y / divisor).clamped(minimum: 1e-3, maximum: 1 - 1e-3) }
  /// Var[y] = E[y²] − E[y]², `[K]`.
  var variances: Tensor { (yy / divisor - (y / divisor).squared()).clamped(minimum: 1e-6, maximum: 1) }
  /// E[x] and E[x·y], `[K]`.
  var sides: (x: Tensor, xy: Tensor) { (x / divisor, xy / divisor) }
  /// The mean unit gradient of each class, of length 1, `[K, d]`; 0 for a class that was never predicted.
  var directions: Tensor {
    gradients / (gradients.squared().sum(over: [1], keepingDimensions: true) + 1e-24).squareRoot()
  }

  /// A linear function of w for each class: u(w) = (w − mean)·slopes.
  struct Discriminant {
    /// E[w], `[d]`
    let mean: Tensor
    /// E[y], `[K]`
    let shares: Tensor
    /// β, `[d, K]`: u is the regression of y − E[y] on w.
    let slopes: Tensor
    /// The log-odds are scale·u + offset, `[K]`.
    let scale, offset: Tensor

    /// u, `[N, K]`, for w, `[N, d]`.
    func regression(_ w: Tensor) -> Tensor { (w - mean).matmul(slopes) }
    /// a, the log-odds of each class against the rest, `[N, K]`.
    func logOdds(_ w: Tensor) -> Tensor { regression(w) * scale + offset }
  }

  /// The linear discriminant of each class against the rest.
  ///
  /// β = Σ'⁻¹ cov(w, y), with the covariance shrunk towards a sphere: Σ' = (1 − s)Σ + s·(tr Σ/d)·I, s = d/(d + n). With
  /// m = E[y], v = m(1 − m) and g = β·cov(w, y), two normal distributions of u with equal variance have the log-odds
  /// a = (u − g(1 − 2m)/(2v))/(v − g) + log(m/(1 − m)). v − g is at least v/50.
  func discriminant(batch: Int) -> Discriminant {
    let mean = w / divisor
    let column = mean.reshaped([dimensions, 1])
    let covariance = ww / divisor - column.matmul(column.transposed)
    let answers = wy / divisor - column.matmul((y / divisor).reshaped([1, classes]))
    let trust = trust(batch: batch)
    let sphere = (covariance * identity).sum() * (1 / Double(dimensions))
    let shrunk = covariance * trust + identity * ((1 - trust) * sphere + 1e-12)
    let slopes = shrunk.solving(answers)
    let m = shares
    let v = m * (1 - m)
    let explained = ((slopes * answers).sum(over: [0]) / v).clamped(minimum: 0, maximum: 0.98)
    let scale = (v * (1 - explained)).power(-1)
    // g(1 − 2m)/(2v)
    let middle = explained * (1 - 2 * m) * 0.5
    return Discriminant(
      mean: mean, shares: m, slopes: slopes, scale: scale, offset: (m / (1 - m)).log() - middle * scale)
  }

  /// Adds a minibatch.
  /// - Parameters:
  ///   - latents: w, `[N, d]`
  ///   - answers: y, `[N, K]`
  ///   - sides: x, `[N, K]`; nil to leave out.
  ///   - units: the sum over the minibatch of unit gradients of each class, divided by N, `[K, d]`; nil to leave out.
  func add(latents: Tensor, answers: Tensor, sides: Tensor? = nil, units: Tensor? = nil) {
    let n = Double(latents.size(0))
    func move(_ sum: Tensor, _ value: Tensor) { sum.overwrite(with: sum.lerp(to: value, decay)) }
    move(weight, .ones([1], device: weight.device))
    move(w, latents.mean(over: [0]))
    move(y, answers.mean(over: [0]))
    move(yy, answers.squared().mean(over: [0]))
    move(ww, latents.transposed.matmul(latents) / n)
    move(wy, latents.transposed.matmul(answers) / n)
    if let sides {
      move(x, sides.mean(over: [0]))
      move(xy, (sides * answers).mean(over: [0]))
    }
    if let units { move(gradients, units) }
  }
}
