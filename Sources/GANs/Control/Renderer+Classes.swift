import Torch

// Drawing with labels: the mean of a class, and walks from class to class.

extension StyleBasedGenerator {
  /// The mean w of a label over `samples` latents of a fixed seed, `[wSize]`. The same label gives the same mean.
  public func meanW(of condition: Condition, samples: Int = 4096) -> Tensor {
    withoutGradients { sampledW(samples, condition: condition, seed: 0).mean(over: [0]) }
  }
}

extension Renderer {
  /// A copy for other labels, `[1, labelSize]`.
  /// - Parameter centered: whether truncation goes to the mean w of these labels; else to w_avg.
  public func with(condition: Condition?, centered: Bool = false) -> Renderer {
    var other = self
    other.condition = condition
    other.center = centered ? condition.flatMap { condition in styleGenerator?.meanW(of: condition) } : nil
    return other
  }

  /// A walk in Z through seeds that each have a label: great circles between latents, straight lines between labels.
  /// - Parameters:
  ///   - points: a latent and its label each; at least one.
  ///   - loop: whether the walk returns to the first point; else it ends at the last.
  /// - Returns: frames · segments (+ 1) codes.
  public func walk(points: [(seed: UInt32, condition: Condition)], frames: Int, loop: Bool) -> LatentCodes {
    withoutGradients {
      let z = z(seeds: points.map(\.seed))
      var (latents, labels): ([Tensor], [Condition]) = ([], [])
      for (a, t) in stops(points.count, frames: frames, loop: loop) {
        let b = (a + 1) % points.count
        latents.append(between(z[a..<a + 1], z[b..<b + 1], t))
        labels.append(points[a].condition.interpolated(to: points[b].condition, t))
      }
      let (all, condition) = (Tensor.concatenated(latents), Condition.joined(labels))
      guard let styleGenerator else { return LatentCodes(all, condition: condition) }
      return LatentCodes(styleGenerator.broadcast(styleGenerator.map(all, condition: condition)))
    }
  }

  /// The centers of truncation on a walk through points with these centers, `[frames, 1, wSize]`; nil without centers.
  public static func centers(_ points: [Tensor], frames: Int, loop: Bool) -> Tensor? {
    guard !points.isEmpty else { return nil }
    return withoutGradients {
      Tensor.stacked(
        stops(points.count, frames: frames, loop: loop).map { a, t in
          points[a].lerp(to: points[(a + 1) % points.count], t)
        }
      ).unsqueezed(at: 1)
    }
  }
}
