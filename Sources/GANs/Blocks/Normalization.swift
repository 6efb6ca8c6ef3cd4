import Torch

/// Scales each sample to the hypersphere of radius √C: x/√(mean_c x² + ε).
///
/// Over dimension 1 of `[N, C]` or `[N, C, H, W]`; ε = 1e−8. PGGAN §4.2.
public func pixelNorm(_ x: Tensor, epsilon: Double = 1e-8) -> Tensor {
  x * (x.squared().mean(over: [1], keepingDimensions: true) + epsilon).reciprocalSquareRoot()
}

/// (x − μ)/√(σ² + ε) with the mean and biased variance of each sample and channel over H and W.
///
/// `[N, C, H, W]` → the same shape; statistics in float32; ε = 1e−8. StyleGAN §2, Eq. 1.
public func instanceNorm(_ x: Tensor, epsilon: Double = 1e-8) -> Tensor {
  let x32 = x.to(.float32)
  let centered = x32 - x32.mean(over: [2, 3], keepingDimensions: true)
  let variance = centered.squared().mean(over: [2, 3], keepingDimensions: true)
  return (centered * (variance + epsilon).reciprocalSquareRoot()).to(x.dtype)
}

/// Appends one feature map with the variation among the samples of a group.
///
/// `[N, C, H, W]` → `[N, C + 1, H, W]`. The batch is divided into groups of G, the largest divisor of N up to
/// `groupSize`; the standard deviation over a group of every feature at every position, √(σ² + 1e−8), is averaged over
/// features and positions to one number per group. PGGAN §3.
public func appendingMinibatchStandardDeviation(_ x: Tensor, groupSize: Int = 4) -> Tensor {
  let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
  let group = (1...min(groupSize, n)).last { n % $0 == 0 }!
  let y = x.to(.float32).reshaped([group, n / group, c, h, w])  // [G M C H W]
  let centered = y - y.mean(over: [0], keepingDimensions: true)
  let deviation = (centered.squared().mean(over: [0]) + 1e-8).squareRoot()  // [M C H W]
  let statistic = deviation.mean(over: [1, 2, 3])  // [M]
  // Sample i = g·M + m belongs to group m.
  let map = statistic.reshaped([1, n / group, 1, 1, 1]).expanded([group, n / group, 1, h, w]).reshaped([n, 1, h, w])
  return Tensor.concatenated([x, map.to(x.dtype)], along: 1)
}
