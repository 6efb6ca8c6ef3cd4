import Images
import Torch

extension TwoFactorExperiment.Result {
  /// The three panels of StyleGAN's Fig. 6: (a) the factors in the data, (b) Z and (c) W. One factor is constant along each
  /// line, a in blue and b in red; dots are samples.
  /// - Throws: `ImageError` where text cannot be drawn.
  public func figure(seed: UInt64 = 0) throws -> Image {
    let random = RandomStream(seed: seed)
    let z = random.uniform([1500, 2]) * 2 - 1
    let w = mapping(z)
    let (side, gap, top) = (260, 20, 26)
    var sheet = try Sheet(width: 3 * side + 4 * gap, height: top + side + 44)
    let square = Box(around: [-1, -1, 1, 1])
    func number(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    let panels: [(title: String, notes: [String], samples: Tensor, box: Box, factors: (Tensor) -> Tensor)] = [
      (
        "(a) Factors in the data", ["one combination is missing"], TwoFactorExperiment.data(1500, random), square,
        { $0 }
      ),
      (
        "(b) From Z to the factors", ["path length \(number(pathLengthZ)), R² \(number(linearityZ))"], z,
        square, { synthesis(mapping($0)) }
      ),
      (
        "(c) From W to the factors", ["path length \(number(pathLengthW)), R² \(number(linearityW))"], w,
        Box(around: w.floats), { synthesis($0) }
      ),
    ]
    for (i, panel) in panels.enumerated() {
      let x = gap + i * (side + gap)
      for (lines, color) in zip(lines(panel.factors, panel.box, side: side), [(40, 90, 220), (220, 60, 40)]) {
        let placed = lines.map { $0.map { (x: Double(x) + $0.x, y: Double(top) + $0.y) } }
        sheet.lines(placed, width: 1, color: (UInt8(color.0), UInt8(color.1), UInt8(color.2)))
      }
      let points = panel.samples.floats
      for at in stride(from: 0, to: points.count, by: 2) {
        let (u, v) = panel.box.place(Double(points[at]), Double(points[at + 1]), side: side)
        sheet.dot(x: Double(x) + u, y: Double(top) + v, radius: 1, color: (60, 60, 60), opacity: 0.6)
      }
      try sheet.write(panel.title, x: x + side / 2, y: top / 2, limit: side)
      for (line, note) in panel.notes.enumerated() {
        try sheet.write(note, x: x + side / 2, y: top + side + 14 + 18 * line, height: 11, limit: side)
      }
    }
    return try sheet.image()
  }

  /// A rectangle of the plane.
  private struct Box {
    let x, y: ClosedRange<Double>

    /// The bounding box of all points, with a margin.
    init(around points: [Float]) {
      func range(_ offset: Int) -> ClosedRange<Double> {
        let values = stride(from: offset, to: points.count, by: 2).map { Double(points[$0]) }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let margin = max(0.05 * (high - low), 1e-6)
        return low - margin...high + margin
      }
      (x, y) = (range(0), range(1))
    }

    /// The point at relative coordinates 0…1 from the left and from the top.
    func value(_ u: Double, _ v: Double) -> [Double] {
      [x.lowerBound + u * (x.upperBound - x.lowerBound), y.upperBound - v * (y.upperBound - y.lowerBound)]
    }

    func place(_ u: Double, _ v: Double, side: Int) -> (Double, Double) {
      let size = Double(side)
      return (
        (u - x.lowerBound) / (x.upperBound - x.lowerBound) * size,
        (y.upperBound - v) / (y.upperBound - y.lowerBound) * size
      )
    }
  }

  /// Contour lines of each factor at multiples of 0.25 by marching squares (Lorensen & Cline 1987, in the plane).
  /// - Returns: for each of the two factors, segments in pixels of a panel.
  private func lines(_ factors: (Tensor) -> Tensor, _ box: Box, side: Int) -> [[[(x: Double, y: Double)]]] {
    let n = side / 2
    func share(_ i: Int) -> Double { Double(i) / Double(n) }
    let points = (0...n).flatMap { row in (0...n).flatMap { box.value(share($0), share(row)) } }
    let values = factors(Tensor(points, shape: [(n + 1) * (n + 1), 2])).doubles
    return (0..<2).map { factor in
      (0..<n * n).flatMap { cell in
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map { (x: cell % n + $0.0, y: cell / n + $0.1) }
        let heights = corners.map { 4 * values[2 * ($0.y * (n + 1) + $0.x) + factor] }
        let levels = heights.min()!.rounded(.up)...max(heights.max()!, heights.min()!.rounded(.up))
        return stride(from: levels.lowerBound, through: levels.upperBound, by: 1).flatMap { level in
          let crossings = (0..<4).compactMap { k -> (x: Double, y: Double)? in
            let (a, b, from, to) = (heights[k], heights[(k + 1) % 4], corners[k], corners[(k + 1) % 4])
            guard (a < level) != (b < level) else { return nil }
            let t = (level - a) / (b - a)
            return (2 * (Double(from.x) + t * Double(to.x - from.x)), 2 * (Double(from.y) + t * Double(to.y - from.y)))
          }
          return stride(from: 0, to: crossings.count, by: 2).map { Array(crossings[$0..<$0 + 2]) }
        }
      }
    }
  }
}
