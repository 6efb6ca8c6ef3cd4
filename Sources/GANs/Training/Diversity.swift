import Torch

extension Tensor {
  /// The diversity of images: the mean over them of the distance to the nearest other one, as a root mean square over
  /// their values.
  ///
  /// It is 0 where each image has a copy in the minibatch. A generator that draws only a few pictures has a small one,
  /// although the variance of its pictures may be large. It depends on the number of images: compare equal numbers only.
  /// - Returns: `[1]`, without a graph; nil for less than 2 images.
  package var nearestDistance: Tensor? {
    let count = Swift.min(64, size(0))
    guard count >= 2 else { return nil }
    return withoutGradients {
      let x = withoutGraph[0..<count].to(.float32).laidOut(.contiguous).reshaped([count, -1])
      let squares = x.squared().sum(over: [1])
      let products = x.matmul(x.transposed)
      let distances = squares.reshaped([count, 1]) + squares.reshaped([1, count]) - products * 2
      // An image is no neighbor of itself.
      let own = Tensor((0..<count * count).map { $0 % (count + 1) == 0 ? 1e30 : 0 }, shape: [count, count]).to(device)
      let nearest = (distances + own).minimum(over: [1]).clamped(minimum: 0, maximum: 1e30).squareRoot()
      return nearest.mean().reshaped([1]) * (1 / Double(x.size(1)).squareRoot())
    }
  }
}
