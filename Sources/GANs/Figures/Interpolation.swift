import Foundation
import Images
import Torch

/// The space in which a walk is straight.
public enum LatentSpace: String, CaseIterable, Sendable {
  /// Along great circles of Z (slerp).
  case z
  /// Along straight lines of W (lerp).
  case w
}

/// Spherical interpolation between rows of latents, on the unit sphere (StyleGAN §4.1: slerp).
/// - Parameters:
///   - a: `[N, size]`
///   - b: `[N, size]`
///   - t: 0 gives a, 1 gives b (normalised).
public func slerp(_ a: Tensor, _ b: Tensor, _ t: Double) -> Tensor {
  func normalized(_ x: Tensor) -> Tensor {
    x * (x.squared().sum(over: [1], keepingDimensions: true) + 1e-20).reciprocalSquareRoot()
  }
  let (a, b) = (normalized(a), normalized(b))
  let cosine = (a * b).sum(over: [1], keepingDimensions: true).clamped(minimum: -1, maximum: 1)
  let c = normalized(b - cosine * a)
  let angle = cosine.arcCosine() * t
  return normalized(a * angle.cosine() + c * angle.sine())
}

extension Renderer {
  /// The styles of a walk through seeds: `frames` steps from each to the next.
  /// - Parameter loop: whether the walk returns to the first seed; without, it ends on the last.
  /// - Returns: codes, `[frames · segments (+ 1), L, wSize]`, truncated.
  public func walk(seeds: [UInt32], frames: Int, space: LatentSpace, loop: Bool) -> Tensor {
    let points = space == .z ? z(seeds: seeds) : w(seeds: seeds)
    let count = seeds.count
    let segments = loop ? count : count - 1
    var rows: [Tensor] = []
    withoutGradients {
      func at(_ i: Int) -> Tensor { points[i % count..<i % count + 1] }
      for segment in 0..<segments {
        for frame in 0..<frames {
          let t = Double(frame) / Double(frames)
          let point = space == .z ? slerp(at(segment), at(segment + 1), t) : at(segment).lerp(to: at(segment + 1), t)
          rows.append(space == .z ? w(point) : point)
        }
      }
      if !loop { rows.append(space == .z ? w(at(count - 1)) : at(count - 1)) }
    }
    return styles(.concatenated(rows))
  }
}
