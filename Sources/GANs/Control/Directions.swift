import Files
import Foundation
import Torch

/// Directions in W; each changes one aspect of the images.
public struct Directions {
  /// Unit vectors, `[K, wSize]`.
  public let vectors: Tensor
  /// The standard deviation of w along each direction: the unit of strengths.
  public let deviations: [Double]
  /// The name of each: "0", or a class of the data.
  public let names: [String]
  /// The rating of each: its share of the sum of eigenvalues, or the accuracy of its separation.
  public let ratings: [Double]

  init(vectors: Tensor, names: [String], ratings: [Double], samples: Tensor) {
    (self.vectors, self.names, self.ratings) = (vectors, names, ratings)
    deviations = names.isEmpty ? [] : samples.matmul(vectors.transposed).variance(over: [0]).squareRoot().doubles
  }

  /// The number of directions.
  public var count: Int { names.count }

  /// The first `count` directions.
  public func prefix(_ count: Int) -> Directions { selected(Array(0..<min(count, self.count))) }

  /// Some of the directions.
  public func selected(_ indices: [Int]) -> Directions { Directions(self, indices) }

  private init(_ all: Directions, _ indices: [Int]) {
    vectors = all.vectors.gathered(Tensor(indices, device: all.vectors.device), along: 0)
    deviations = indices.map { all.deviations[$0] }
    names = indices.map { all.names[$0] }
    ratings = indices.map { all.ratings[$0] }
  }

  /// Styles moved along direction `index`: w + strength · σ · direction, in `layers`.
  /// - Parameters:
  ///   - styles: of one image.
  ///   - strengths: one per result, in standard deviations σ of w.
  /// - Returns: as many styles as strengths.
  public func moved(_ styles: Styles, along index: Int, strengths: [Double], layers: Set<Int>) -> Styles {
    let ws = styles.tensor
    let step = vectors[index].reshaped([1, 1, -1]) * deviations[index]
    let amounts = Tensor(strengths, shape: [strengths.count, 1, 1], device: ws.device)
    let mask = Tensor(
      (0..<ws.size(1)).map { layers.contains($0) ? 1.0 : 0 }, shape: [1, ws.size(1), 1], device: ws.device)
    return Styles(withoutGradients { ws + amounts * mask * step })
  }

  /// Writes `directions` `[K, wSize]`, `deviations` `[K]` and, as metadata, the names. The write is atomic.
  /// - Throws: `SafetensorsError`.
  public func write(to path: String) throws {
    var writer = SafetensorsWriter(metadata: [
      "format": "swift-stylegan directions 1", "names": try JSON.compact(names),
    ])
    writer.add([("deviations", Tensor(deviations, shape: [count])), ("directions", vectors)])
    try writer.write(to: path)
  }
}

extension StyleBasedGenerator {
  /// w of random latents, `[count, wSize]`.
  func sampledW(_ count: Int, condition: Condition? = nil, seed: UInt64) -> Tensor {
    withoutGradients {
      map(
        RandomStream(seed: seed).normal([count, architecture.zSize]).to(store.device),
        condition: condition?.repeated(count))
    }
  }

  /// Directions from the weights alone: the eigenvectors of Σ AᵀA, where A are the style matrices of `layers`,
  /// `[2C, wSize]` (StyleGAN2: `[C, wSize]`). The first changes the styles most (SeFa: Shen & Zhou 2021, Eq. 5).
  public func directionsOfStyles(
    layers: Set<Int>, condition: Condition? = nil, samples: Int = 10_000, seed: UInt64 = 0
  ) -> Directions {
    let matrices = self.layers.enumerated().compactMap { layers.contains($0) ? $1.styleWeight : nil }
    precondition(!matrices.isEmpty, "no layers")
    let sum = withoutGradients {
      let a = Tensor.concatenated(matrices).to(.float64)
      return a.transposed.matmul(a)
    }
    return directions(of: sum, samples: sampledW(samples, condition: condition, seed: seed))
  }

  /// Directions in which w varies most: the principal components of random w (GANSpace: Härkönen et al. 2020, §2.1).
  public func principalDirections(condition: Condition? = nil, samples: Int = 10_000, seed: UInt64 = 0) -> Directions {
    let w = sampledW(samples, condition: condition, seed: seed)
    let covariance = withoutGradients {
      let centered = (w - w.mean(over: [0], keepingDimensions: true)).to(.float64)
      return centered.transposed.matmul(centered) / Double(samples - 1)
    }
    return directions(of: covariance, samples: w)
  }

  private func directions(of matrix: Tensor, samples: Tensor) -> Directions {
    let (values, vectors) = matrix.rankedEigenvectors()
    let total = values.reduce(0) { $0 + max($1, 0) }
    return Directions(
      vectors: vectors.to(.float32).to(store.device), names: values.indices.map(String.init),
      ratings: values.map { max($0, 0) / max(total, .leastNormalMagnitude) }, samples: samples)
  }
}
