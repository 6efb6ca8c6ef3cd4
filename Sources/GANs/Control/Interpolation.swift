import Foundation
import Images
import Torch

/// The space in which a walk interpolates.
public enum LatentSpace: String, CaseIterable, Sendable {
  /// Along great circles of Z (slerp).
  case z
  /// Along straight lines of W (lerp).
  case w
}

/// The path of a walk in W between two points.
public enum WalkPath: String, CaseIterable, Sendable {
  /// Straight lines.
  case line
  /// A smooth cubic curve (Catmull & Rom 1974).
  case cubic
  /// One layer after another, from coarse to fine, as in style mixing.
  case mixing
}

extension Tensor {
  /// Spherical interpolation between the directions of rows, on the unit sphere (StyleGAN §4.1: slerp).
  /// - Parameters:
  ///   - other: `[N, size]`, the same shape.
  ///   - t: `[N, 1]`; 0 gives the direction of this tensor's row, 1 the direction of the other's row.
  public func slerp(to other: Tensor, _ t: Tensor) -> Tensor {
    // 1e-20 avoids 0/0 for equal and opposite rows.
    func unit(_ x: Tensor) -> Tensor { x / (x.squared().sum(over: [1], keepingDimensions: true) + 1e-20).squareRoot() }
    let (a, b) = (unit(self), unit(other))
    let cosine = (a * b).sum(over: [1], keepingDimensions: true)
    let angle = t * cosine.clamped(minimum: -1, maximum: 1).arcCosine()
    return a * angle.cosine() + unit(b - a * cosine) * angle.sine()
  }

  /// Spherical interpolation with the same t in every row.
  public func slerp(to other: Tensor, _ t: Double) -> Tensor {
    slerp(to: other, Tensor([t], shape: [1, 1], dtype: dtype, device: device))
  }
}

extension Renderer {
  /// The codes of a walk through seeds: `frames` steps from each to the next.
  /// - Parameter loop: whether the walk returns to the first seed; else it ends at the last.
  /// - Returns: frames · segments (+ 1) codes.
  public func walk(seeds: [UInt32], frames: Int, space: LatentSpace, loop: Bool) -> LatentCodes {
    if space == .w, styleGenerator != nil { return codes(seeds: seeds).walk(frames: frames, path: .line, loop: loop) }
    let points = z(seeds: seeds)
    return withoutGradients {
      let rows = stops(seeds.count, frames: frames, loop: loop).map { from, t in
        func at(_ i: Int) -> Tensor { points[i % seeds.count..<i % seeds.count + 1] }
        return between(at(from), at(from + 1), t)
      }
      return codes(w: w(.concatenated(rows)))
    }
  }

  /// A point on the great circle from one latent to another, `[1, zSize]`.
  func between(_ a: Tensor, _ b: Tensor, _ t: Double) -> Tensor {
    if t == 0 { return a }
    func norm(_ x: Tensor) -> Tensor { x.squared().sum(over: [1], keepingDimensions: true).squareRoot() }
    // slerp gives directions. The length goes from one latent's to the other's, for families that do not normalize z.
    return a.slerp(to: b, t) * (norm(a) * (1 - t) + norm(b) * t)
  }

  /// Styles of one image under `frames` truncations, ψ in equal steps from `first` to `last`, with this renderer's cutoff.
  /// - Parameter codes: of one image.
  public func truncationSweep(_ codes: LatentCodes, from first: Double, to last: Double, frames: Int) -> Styles {
    .joined(
      (0..<frames).map { frame in
        let psi = first + (last - first) * Double(frame) / Double(max(frames - 1, 1))
        return with(truncation: Truncation(psi: psi, cutoff: truncation.cutoff)).styles(codes)
      })
  }

  /// Images of styles with moving noise: each noise image is cos θ·n₁ + sin θ·n₂ with θ from 0 to 2π, so that its variance
  /// is constant and the last frame joins the first.
  /// - Parameter seed: fixes the noise.
  public func images(_ styles: Styles, movingNoise seed: UInt64) -> [Image] {
    let (stream, device) = (RandomStream(seed: seed), styles.tensor.device)
    let ends = style.layers.map { layer in
      (0..<2).map { _ in stream.normal([1, 1, layer.resolution, layer.resolution]).to(device) }
    }
    return chunks(styles.count, of: chunk).flatMap { range in
      let angles = Tensor(
        range.map { 2 * Double.pi * Double($0) / Double(styles.count) }, shape: [range.count, 1, 1, 1], device: device)
      let noise = ends.map { $0[0] * angles.cosine() + $0[1] * angles.sine() }
      return with(noise: .given(noise)).images(styles[range])
    }
  }
}

/// The steps of a walk through `count` points: the index of the last point, and the progress to the next, 0…1.
func stops(_ count: Int, frames: Int, loop: Bool) -> [(Int, Double)] {
  let segments = (0..<(loop ? count : count - 1)).flatMap { segment in
    (0..<frames).map { (segment, Double($0) / Double(frames)) }
  }
  return loop ? segments : segments + [(count - 1, 0)]
}

extension LatentCodes {
  /// A walk in W: `frames` steps from each of these codes to the next.
  /// - Parameter loop: whether it returns to the first; else it ends at the last.
  /// - Returns: frames · segments (+ 1) codes.
  public func walk(frames: Int, path: WalkPath, loop: Bool) -> LatentCodes {
    let (points, layers) = (tensor, tensor.size(1))
    func at(_ i: Int) -> Tensor {
      let index = loop ? (i + count) % count : min(max(i, 0), count - 1)
      return points[index..<index + 1]
    }
    let steps = withoutGradients {
      stops(count, frames: frames, loop: loop).map { i, t in
        if t == 0 { return at(i) }
        switch path {
        case .line: return at(i).lerp(to: at(i + 1), t)
        case .cubic:
          // The tangent at a point is half the chord between its neighbors.
          let (a, b) = (at(i), at(i + 1))
          let (u, v) = ((b - at(i - 1)) * 0.5, (at(i + 2) - a) * 0.5)
          let (t2, t3) = (t * t, t * t * t)
          return a * (2 * t3 - 3 * t2 + 1) + u * (t3 - 2 * t2 + t) + b * (3 * t2 - 2 * t3) + v * (t3 - t2)
        case .mixing:
          // Layer l moves while t·L goes from l to l + 1.
          let shares = (0..<layers).map { min(max(t * Double(layers) - Double($0), 0), 1) }
          return at(i) + (at(i + 1) - at(i)) * Tensor(shares, shape: [1, layers, 1], device: points.device)
        }
      }
    }
    return LatentCodes(.concatenated(steps))
  }
}
