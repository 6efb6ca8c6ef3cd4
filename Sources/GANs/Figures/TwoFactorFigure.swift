import Images
import Torch

extension TwoFactorExperiment.Result {
  /// The three panels of StyleGAN's Fig. 6: (a) the factors in the data, (b) Z and (c) W, each with lines along which one
  /// factor is constant, a in blue and b in red; dots are samples.
  /// - Throws: `ImageError` where a text cannot be drawn.
  public func figure(seed: UInt64 = 0) throws -> Image {
    let random = RandomStream(seed: seed)
    let z = random.uniform([1500, 2]) * 2 - 1
    let w = mapping(z)
    let (side, gap, top) = (260, 20, 26)
    var sheet = try Sheet(width: 3 * side + 4 * gap, height: top + side + 44)
    func number(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    let panels: [(title: String, notes: [String], samples: Tensor, box: Box, factors: (Tensor) -> Tensor)] = [
      (
        "(a) Factors in the data", ["one combination is missing"], TwoFactorExperiment.data(1500, random),
        Box(x: -1.1...1.1, y: -1.1...1.1), { $0 }
      ),
      (
        "(b) From Z to the factors", ["path length \(number(pathLengthZ)), R² \(number(linearityZ))"], z,
        Box(x: -1.1...1.1, y: -1.1...1.1), { synthesis(mapping($0)) }
      ),
      (
        "(c) From W to the factors", ["path length \(number(pathLengthW)), R² \(number(linearityW))"], w,
        Box(around: w.floats), { synthesis($0) }
      ),
    ]
    for (i, panel) in panels.enumerated() {
      let x = gap + i * (side + gap)
      sheet.draw(try lines(panel.factors, panel.box, side: side), x: x, y: top)
      let points = panel.samples.floats
      for at in stride(from: 0, to: points.count, by: 2) {
        let (u, v) = panel.box.place(Double(points[at]), Double(points[at + 1]), side: side)
        sheet.dot(x: Double(x) + u, y: Double(top) + v, radius: 1, colour: (60, 60, 60), opacity: 0.6)
      }
      try sheet.write(panel.title, x: x + side / 2, y: top / 2, limit: side)
      for (line, note) in panel.notes.enumerated() {
        try sheet.write(note, x: x + side / 2, y: top + side + 14 + 18 * line, height: 11, limit: side)
      }
    }
    return try sheet.image()
  }

  /// A part of the plane.
  private struct Box {
    let x, y: ClosedRange<Double>

    init(x: ClosedRange<Double>, y: ClosedRange<Double>) { (self.x, self.y) = (x, y) }

    /// What holds all points, with a margin.
    init(around points: [Float]) {
      func range(_ offset: Int) -> ClosedRange<Double> {
        let values = stride(from: offset, to: points.count, by: 2).map { Double(points[$0]) }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let margin = max(0.05 * (high - low), 1e-6)
        return low - margin...high + margin
      }
      self.init(x: range(0), y: range(1))
    }

    func place(_ u: Double, _ v: Double, side: Int) -> (Double, Double) {
      let size = Double(side)
      return (
        (u - x.lowerBound) / (x.upperBound - x.lowerBound) * size,
        (y.upperBound - v) / (y.upperBound - y.lowerBound) * size
      )
    }
  }

  /// Pixels where a factor passes a multiple of 0.25, drawn twice as large and reduced.
  private func lines(_ factors: (Tensor) -> Tensor, _ box: Box, side: Int) throws -> Image {
    let n = 2 * side
    var grid: [Double] = []
    grid.reserveCapacity(2 * n * n)
    for row in 0..<n {
      for column in 0..<n {
        grid.append(box.x.lowerBound + (Double(column) + 0.5) / Double(n) * (box.x.upperBound - box.x.lowerBound))
        grid.append(box.y.upperBound - (Double(row) + 0.5) / Double(n) * (box.y.upperBound - box.y.lowerBound))
      }
    }
    let steps = factors(Tensor(grid, shape: [n * n, 2])).floats.map { Int(($0 * 4).rounded(.down)) }
    var pixels = [UInt8](repeating: 255, count: 3 * n * n)
    for row in 0..<n - 1 {
      for column in 0..<n - 1 {
        let at = row * n + column
        for (factor, colour) in [[40, 90, 220], [220, 60, 40]].enumerated() {
          let here = steps[2 * at + factor]
          guard here != steps[2 * (at + 1) + factor] || here != steps[2 * (at + n) + factor] else { continue }
          for next in [at, at + 1, at + n] { for c in 0..<3 { pixels[3 * next + c] = UInt8(colour[c]) } }
        }
      }
    }
    return try Image(width: n, height: n, channels: 3, pixels: pixels).resized(width: side, height: side, kernel: .area)
  }
}
