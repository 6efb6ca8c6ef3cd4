import GANs
import Testing
import Torch
import _TestSupport

/// The sliced Wasserstein distance: its parts against sliced_wasserstein.safetensors, and the whole by what it must do.
@Suite struct SlicedWassersteinTests {
  @Test func partsAgreeWithTheReference() throws {
    let fixture = try Fixture("sliced_wasserstein")
    // The reference computes in float64; a level is a small difference of images of 0…255.
    let compare = Comparison("sliced Wasserstein")
    var descriptors: [String: Tensor] = [:]
    for set in ["a", "b"] {
      let levels = SlicedWassersteinDistance.laplacianPyramid(try fixture["in.images.\(set)"])
      #expect(levels.map { $0.size(3) } == [32, 16])
      for level in levels {
        let key = "\(set).\(level.size(3))"
        compare(level[0..<2], try fixture["out.level.\(key)"], "level.\(key)")
        let patches = SlicedWassersteinDistance.patches(level, positions: try fixture["in.positions.\(key)"])
        let normalized = SlicedWassersteinDistance.normalized(patches.reshaped([-1, 3 * 49]), channels: 3)
        compare(normalized[0..<8], try fixture["out.descriptors.\(key)"], "descriptors.\(key)")
        descriptors[key] = normalized
      }
    }
    for size in [32, 16] {
      let distance = SlicedWassersteinDistance.distance(
        try #require(descriptors["a.\(size)"]), try #require(descriptors["b.\(size)"]),
        try fixture["in.directions.\(size)"])
      let expected = try fixture["out.distance.\(size)"]
      compare(Tensor([distance], shape: expected.shape), expected, "distance.\(size)")
    }
    compare.report()
  }

  /// A metric of 256 images with few patches.
  private var metric: SlicedWassersteinDistance {
    var metric = SlicedWassersteinDistance(samples: 256, seed: 3)
    metric.patchesPerImage = 16
    metric.directions = 32
    return metric
  }

  private func images(_ seed: UInt64, smoothed: Bool = false) -> Tensor {
    let x = RandomStream(seed: seed).normal([256, 1, 32, 32])
    return smoothed ? binomialBlur(x) : x
  }

  private func distance(
    _ metric: SlicedWassersteinDistance, _ a: Tensor, _ b: Tensor
  ) throws -> SlicedWassersteinDistance.Result {
    try metric(resolution: 32, channels: 1, reals: { a[$0] }, fakes: { b[$0] })
  }

  @Test func likeSetsAreNearAndUnlikeOnesFar() throws {
    let (same, other) = (
      try distance(metric, images(1), images(2)), try distance(metric, images(1), images(2, smoothed: true))
    )
    #expect(same.levels.map(\.resolution) == [32, 16])
    #expect(same.average == (same.levels[0].distance + same.levels[1].distance) / 2)
    #expect(other.average > 2 * same.average, "\(other) \(same)")
    // Brightness and contrast alone are no difference: the patches are normalized.
    let scaled = try distance(metric, images(1), images(2) * 100 + 7)
    #expect(abs(scaled.average - same.average) < 1e-3 * same.average)
  }

  @Test func theSeedFixesTheResult() throws {
    let (a, b) = (images(1), images(2, smoothed: true))
    let first = try distance(metric, a, b)
    #expect(try distance(metric, a, b) == first)
    var other = metric
    other.seed = 4
    #expect(try distance(other, a, b) != first)
  }

  /// Where memory holds only one level at a time, the sources are asked once for each.
  @Test func littleMemoryTakesMorePasses() throws {
    let (a, b) = (images(1), images(2, smoothed: true))
    var passes = 0
    var small = metric
    small.memoryLimit = 1
    let result = try small(
      resolution: 32, channels: 1,
      reals: { range in
        if range.lowerBound == 0 { passes += 1 }
        return a[range]
      }, fakes: { b[$0] })
    #expect(passes == 2)
    #expect(try distance(metric, a, b) == result)
  }
}
