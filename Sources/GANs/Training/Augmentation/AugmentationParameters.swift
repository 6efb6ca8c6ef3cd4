import Foundation

/// What happens to each image of one batch: the result of ``AugmentationDraws`` and p (Karras et al. 2020, Appendix B).
package struct AugmentationParameters {
  /// A map of the plane, of (x, y, 1), as rows; the last row is (0, 0, 1).
  package typealias PlaneMap = [[Double]]

  /// G for each image, from pixels of the result to pixels of the image, with the origin at the center; nil without a
  /// geometric step. An image that nothing happens to has the identity, and is resampled all the same.
  package var geometry: [PlaneMap]?
  /// C for each image, 3×4, of (r, g, b, 1); nil without a step of colors.
  package var color: [[[Double]]]?
  /// The filter of each image, 43 taps in both directions; nil without that step.
  package var taps: [[Double]]?
  /// The standard deviation of each image's noise; nil without that step.
  package var noise: [Double]?
  /// The center (x, y) of each image's hole, 0…1; outside for images without a hole. nil without that step.
  package var holes: [(x: Double, y: Double)]?

  /// - Parameters:
  ///   - steps: the steps of the pipe.
  ///   - p: the probability of each change.
  ///   - channels: of the images; gray ones have no hue and no saturation.
  ///   - width: in pixels, as `height`.
  package init(
    _ draws: AugmentationDraws, _ steps: [AugmentationStep], p: Double, channels: Int, width: Int, height: Int
  ) {
    let count = draws.gates.values.first?[0].count ?? 0
    func happens(_ step: AugmentationStep, _ image: Int, _ change: Int = 0) -> Bool {
      // Two rotations, one before and one after the stretch: together they happen with probability p.
      let isRotation = step == .rotationBefore || step == .rotationAfter
      return draws.gates[step]![change][image] < (isRotation ? 1 - max(1 - p, 0).squareRoot() : p)
    }
    func has(_ group: AugmentationPipe) -> Bool { !Set(group.steps).isDisjoint(with: steps) }

    if has(.bg) {
      geometry = (0..<count).map { image in
        steps.reduce(Self.identity) { map, step in
          guard AugmentationPipe.bg.steps.contains(step), happens(step, image) else { return map }
          let values = draws.values[step]!.map { $0[image] }
          return product(map, Self.inverse(of: step, values, width: Double(width), height: Double(height)))
        }
      }
    }
    if has(.color) {
      color = (0..<count).map { image in
        let map = steps.reduce(Self.neutral) { map, step in
          guard AugmentationPipe.color.steps.contains(step), happens(step, image),
            channels > 1 || (step != .hue && step != .saturation)
          else { return map }
          return product(Self.colors(of: step, draws.values[step]![0][image]), map)
        }
        return Array(map[0..<3])
      }
    }
    if steps.contains(.filter) {
      taps = (0..<count).map { image in
        FrequencyBands.taps(
          strengths: (0..<4).map { happens(.filter, image, $0) ? exp2(draws.values[.filter]![$0][image]) : 1 })
      }
    }
    if steps.contains(.noise) {
      noise = (0..<count).map { happens(.noise, $0) ? abs(draws.values[.noise]![0][$0]) * 0.1 : 0 }
    }
    if steps.contains(.cutout) {
      let values = draws.values[.cutout]!
      holes = (0..<count).map { happens(.cutout, $0) ? (values[0][$0], values[1][$0]) : (-10, -10) }
    }
  }

  // MARK: The plane

  private static let identity: PlaneMap = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]

  /// The inverse map of a geometric step, of its random values.
  private static func inverse(of step: AugmentationStep, _ values: [Double], width: Double, height: Double) -> PlaneMap
  {
    func scaling(_ x: Double, _ y: Double) -> PlaneMap { [[x, 0, 0], [0, y, 0], [0, 0, 1]] }
    func shift(_ x: Double, _ y: Double) -> PlaneMap { [[1, 0, x], [0, 1, y], [0, 0, 1]] }
    func rotation(_ angle: Double) -> PlaneMap {
      [[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]]
    }
    let first = values[0]
    switch step {
    case .flip: return scaling(first < 0.5 ? 1 : -1, 1)
    case .quarterTurn: return rotation(.pi / 2 * (first * 4).rounded(.down))
    case .integerShift:
      func pixels(_ value: Double, _ side: Double) -> Double {
        -((value * 2 - 1) * 0.125 * side).rounded(.toNearestOrEven)
      }
      return shift(pixels(first, width), pixels(values[1], height))
    case .scale: return scaling(exp2(-0.2 * first), exp2(-0.2 * first))
    case .stretch: return scaling(exp2(-0.2 * first), exp2(0.2 * first))
    case .rotationBefore, .rotationAfter: return rotation((first * 2 - 1) * .pi)
    case .fractionalShift: return shift(-first * 0.125 * width, -values[1] * 0.125 * height)
    default: preconditionFailure("\(step) is no geometric step")
    }
  }

  // MARK: Colors

  private static let neutral: [[Double]] = (0..<4).map { i in (0..<4).map { $0 == i ? 1 : 0 } }

  /// The map of a step of colors, 4×4. v = (1, 1, 1)/√3 is the direction of luma.
  private static func colors(of step: AugmentationStep, _ value: Double) -> [[Double]] {
    /// diagonal·I + luma·v·vᵀ + cross·[v]×, and an offset.
    func map(_ diagonal: Double, luma: Double = 0, cross: Double = 0, offset: Double = 0) -> [[Double]] {
      let rows = (0..<3).map { i in
        (0..<3).map { j in
          let turn = i == j ? 0 : cross / 3.0.squareRoot() * ((j - i + 3) % 3 == 1 ? -1 : 1)
          return (i == j ? diagonal : 0) + luma / 3 + turn
        } + [offset]
      }
      return rows + [[0, 0, 0, 1]]
    }
    switch step {
    case .brightness: return map(1, offset: 0.2 * value)
    case .contrast: return map(exp2(0.5 * value))
    case .lumaFlip: return map(1, luma: value < 0.5 ? 0 : -2)
    case .hue:
      let angle = (value * 2 - 1) * .pi
      return map(cos(angle), luma: 1 - cos(angle), cross: sin(angle))
    case .saturation: return map(exp2(value), luma: 1 - exp2(value))
    default: preconditionFailure("\(step) is no step of colors")
    }
  }
}

/// The product of two matrices of rows.
private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
  a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
}

/// The four frequency bands of the image filter, an octave each except the lowest, from the wavelet sym2.
enum FrequencyBands {
  private static let low = [-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025]
  /// The expected power of natural images in each band.
  private static let power = [10.0 / 13, 1.0 / 13, 1.0 / 13, 1.0 / 13]

  /// The filters of the bands, 43 taps each; their sum is 1 at the center and 0 elsewhere.
  static let bank: [[Double]] = {
    let high = low.enumerated().map { $0.offset % 2 == 0 ? $0.element : -$0.element }
    let (lowPass, highPass) = (half(low), half(high))
    var bank: [[Double]] = [[1], [0], [0], [0]]
    for i in 1..<4 {
      bank = bank.map { taps in
        convolution(Array(taps.flatMap { [$0, 0] }.dropLast()), lowPass)
      }
      let start = (bank[i].count - highPass.count) / 2
      for (k, tap) in highPass.enumerated() { bank[i][start + k] += tap }
    }
    return bank
  }()

  /// The filter that multiplies each band by a strength, after all strengths keep the expected power of the image.
  /// - Returns: 43 taps.
  static func taps(strengths: [Double]) -> [Double] {
    var gains = [1.0, 1, 1, 1]
    for (band, strength) in strengths.enumerated() {
      let sum = power.indices.reduce(0) { $0 + power[$1] * ($1 == band ? strength * strength : 1) }
      for i in gains.indices { gains[i] *= (i == band ? strength : 1) / sum.squareRoot() }
    }
    return bank[0].indices.map { tap in gains.indices.reduce(0) { $0 + gains[$1] * bank[$1][tap] } }
  }

  /// f∗reverse(f)/2
  private static func half(_ f: [Double]) -> [Double] { convolution(f, f.reversed()).map { $0 / 2 } }

  private static func convolution(_ a: [Double], _ b: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: a.count + b.count - 1)
    for (i, x) in a.enumerated() { for (k, y) in b.enumerated() { result[i + k] += x * y } }
    return result
  }
}
