import GANs
import Torch

/// The points of a walk: seeds and files of latents, or with several labels, a seed and a label each.
struct WalkPoints {
  /// Codes in W; nil for a walk in Z.
  let codes: LatentCodes?
  /// Whether the codes are truncated already, each to the center of its own label.
  let areTruncated: Bool
  /// The number of points.
  let count: Int
  /// One for all points, or one for each label.
  let renderers: [Renderer]
  private let seeds: [UInt32]

  /// - Parameter truncating: whether truncation is the same on the whole walk.
  init(
    _ list: LatentList, _ drawings: [NetworkArguments.Drawing], inW: Bool, truncating: Bool
  ) throws {
    let renderers = drawings.map(\.renderer)
    self.renderers = renderers
    let hasLabels = renderers.count > 1
    let given = list.seeds ?? []
    seeds = hasLabels && given.count == 1 ? renderers.map { _ in given[0] } : given
    areTruncated = inW && hasLabels && truncating
    guard inW else {
      (codes, count) = (nil, seeds.count)
      return
    }
    guard hasLabels else {
      let all = try list.codes(renderers[0])
      (codes, count) = (all, all.count)
      return
    }
    // Lines between truncated points are the truncated lines, where the center moves along too.
    let all = LatentCodes.joined(
      zip(seeds, renderers).map { seed, renderer in
        let codes = renderer.codes(seeds: [seed])
        return truncating ? LatentCodes(renderer.styles(codes).tensor) : codes
      })
    (codes, count) = (all, all.count)
  }

  /// The renderer of a point.
  func renderer(at index: Int) -> Renderer { renderers.count > 1 ? renderers[index] : renderers[0] }

  /// A walk in Z through some of the points.
  func greatCircles(_ range: Range<Int>, _ steps: Int, loop: Bool) -> Styles {
    guard renderers.count > 1 else {
      let renderer = renderers[0]
      return renderer.styles(renderer.walk(seeds: Array(seeds[range]), frames: steps, space: .z, loop: loop))
    }
    let codes = renderers[0].walk(
      points: range.map { (seeds[$0], renderers[$0].condition!) }, frames: steps, loop: loop)
    var renderer = renderers[0]
    renderer.center = Renderer.centers(range.compactMap { renderers[$0].center }, frames: steps, loop: loop)
    return renderer.styles(codes)
  }
}
