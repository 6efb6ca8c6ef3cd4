import Foundation

/// Curves over a common axis, in panels one below the other, with ticks, grid lines and a legend.
public struct LinePlot: Sendable {
  /// A named sequence of points; those that are not finite are left out.
  public struct Curve: Sendable {
    /// What the legend says.
    public var name: String
    /// In the order of x.
    public var points: [(x: Double, y: Double)]

    /// A curve.
    public init(_ name: String, _ points: [(x: Double, y: Double)]) { (self.name, self.points) = (name, points) }
  }

  /// Curves on one scale.
  public struct Panel: Sendable {
    /// What stands above.
    public var title: String
    /// Up to six are told apart by colour.
    public var curves: [Curve]

    /// A panel.
    public init(_ title: String, _ curves: [Curve]) { (self.title, self.curves) = (title, curves) }
  }

  /// From top to bottom, at least one.
  public var panels: [Panel]
  /// What stands below the horizontal axis.
  public var xLabel: String
  /// Width of all, height of a panel, in pixels.
  public var width = 840, panelHeight = 240

  /// A plot.
  public init(panels: [Panel], xLabel: String) { (self.panels, self.xLabel) = (panels, xLabel) }

  /// Draws it, in colour on white; the same numbers always give the same pixels.
  /// - Throws: ``ImageError/badGeometry(_:)`` where there is no panel, or a label cannot be drawn.
  public func image() throws -> Image {
    guard !panels.isEmpty, width >= 200, panelHeight >= 100 else {
      throw ImageError.badGeometry("a plot has at least one panel, of 200×100 pixels or more")
    }
    let xs = panels.flatMap(\.curves).flatMap(\.points).map(\.x).filter(\.isFinite)
    let x = Axis(from: xs.min() ?? 0, to: xs.max() ?? 1, ticks: 8)
    var sheet = PlotSheet(width: width, height: panels.count * panelHeight + 22)
    for (index, panel) in panels.enumerated() {
      let frame = Frame(
        left: 64, right: width - 16, top: index * panelHeight + 28, bottom: (index + 1) * panelHeight - 22)
      try draw(panel, x, frame, on: &sheet)
    }
    try sheet.write(xLabel, at: ((64 + width - 16) / 2, panels.count * panelHeight + 8), .centre)
    return Image(width: sheet.width, height: sheet.height, channels: 3, pixels: sheet.pixels)
  }

  private func draw(_ panel: Panel, _ x: Axis, _ frame: Frame, on sheet: inout PlotSheet) throws {
    let curves = panel.curves.map {
      Curve($0.name, thinned($0.points.filter { $0.x.isFinite && $0.y.isFinite }, frame))
    }
    let y = Axis(spanning: curves.flatMap(\.points).map(\.y))
    func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
      (
        Double(frame.left) + x.share(point.x) * Double(frame.right - frame.left),
        Double(frame.bottom) - y.share(point.y) * Double(frame.bottom - frame.top)
      )
    }
    for tick in y.ticks {
      let row = Int(place((x.low, tick)).y.rounded())
      sheet.fill(x: frame.left..<frame.right, y: row..<row + 1, [228, 228, 228])
      try sheet.write(y.label(tick), at: (frame.left - 6, row), .right)
    }
    for tick in x.ticks {
      let column = Int(place((tick, y.low)).x.rounded())
      sheet.fill(x: column..<column + 1, y: frame.top..<frame.bottom, [240, 240, 240])
      try sheet.write(x.label(tick), at: (column, frame.bottom + 11), .centre)
    }
    for (index, curve) in curves.enumerated() {
      sheet.stroke(curve.points.map(place), Self.colours[index % Self.colours.count], within: frame)
    }
    sheet.outline(frame, [120, 120, 120])
    try sheet.write(panel.title, at: (frame.left, frame.top - 13), .left)
    var right = frame.right
    for (index, curve) in panel.curves.enumerated().reversed() {
      right -= try sheet.write(curve.name, at: (right, frame.top - 13), .right) + 6
      sheet.fill(x: right - 16..<right, y: frame.top - 14..<frame.top - 11, Self.colours[index % Self.colours.count])
      right -= 32
    }
  }

  /// Told apart also by those who see red and green alike (Okabe & Ito 2008).
  private static let colours: [[UInt8]] = [
    [0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [230, 159, 0],
  ]

  /// At most two points a pixel, each the mean of those it stands for.
  private func thinned(_ points: [(x: Double, y: Double)], _ frame: Frame) -> [(x: Double, y: Double)] {
    let most = 2 * (frame.right - frame.left)
    guard points.count > most else { return points }
    return (0..<most).map { i in
      let part = points[i * points.count / most..<(i + 1) * points.count / most]
      return (part.reduce(0) { $0 + $1.x } / Double(part.count), part.reduce(0) { $0 + $1.y } / Double(part.count))
    }
  }
}

/// A range of numbers with round ticks in it.
package struct Axis {
  package let low, high: Double
  package let ticks: [Double]
  private let decimals: Int

  /// A range that is shown as it is.
  package init(from low: Double, to high: Double, ticks count: Int = 5) {
    let width = high > low ? high - low : max(abs(low), 1)
    (self.low, self.high) = (low, low + width)
    let rough = width / Double(count)
    let power = pow(10, rough.magnitude.log10.rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    decimals = max(0, Int((-step.log10).rounded(.up)))
    ticks = stride(from: (low / step).rounded(.up), through: ((low + width) / step).rounded(.down), by: 1).map {
      $0 * step + 0  // no minus before a zero
    }
  }

  /// The range of values with a margin; of many, the outermost hundredth at each end may leave it.
  package init(spanning values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else {
      self.init(from: 0, to: 1)
      return
    }
    let cut = sorted.count >= 100 ? sorted.count / 100 : 0
    let (low, high) = cut > 0 ? (sorted[cut], sorted[sorted.count - 1 - cut]) : (first, last)
    let margin = high > low ? (high - low) * 0.08 : max(abs(low) * 0.1, 1e-6)
    self.init(from: low - margin, to: high + margin)
  }

  /// 0 at the low end, 1 at the high one.
  package func share(_ value: Double) -> Double { (value - low) / (high - low) }

  /// A tick's number, with as many decimals as tell ticks apart.
  package func label(_ tick: Double) -> String {
    let text = String(format: "%.\(min(decimals, 8))f", tick)
    return text == "-0" ? "0" : text
  }
}

extension Double {
  fileprivate var log10: Double { Foundation.log10(self) }
}

/// Where a panel's curves are.
private struct Frame {
  let left, right, top, bottom: Int
}

/// RGB pixels to draw on; what lies outside is cut off.
private struct PlotSheet {
  let width, height: Int
  var pixels: [UInt8]

  enum Alignment { case left, centre, right }

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  private mutating func blend(_ x: Int, _ y: Int, _ colour: [UInt8], _ share: Double) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    let at = (y * width + x) * 3
    for c in 0..<3 {
      pixels[at + c] = UInt8((Double(pixels[at + c]) * (1 - share) + Double(colour[c]) * share).rounded())
    }
  }

  mutating func fill(x: Range<Int>, y: Range<Int>, _ colour: [UInt8]) {
    for row in y { for column in x { blend(column, row, colour, 1) } }
  }

  mutating func outline(_ frame: Frame, _ colour: [UInt8]) {
    for y in [frame.top, frame.bottom] { fill(x: frame.left..<frame.right + 1, y: y..<y + 1, colour) }
    for x in [frame.left, frame.right] { fill(x: x..<x + 1, y: frame.top..<frame.bottom + 1, colour) }
  }

  /// A line through points, about a pixel and a half wide, smoothed by each pixel's distance from it.
  mutating func stroke(_ points: [(x: Double, y: Double)], _ colour: [UInt8], within frame: Frame) {
    let (columns, rows) = (frame.right - frame.left + 1, frame.bottom - frame.top + 1)
    var coverage = [Float](repeating: 0, count: columns * rows)
    func far(_ value: Double, _ limit: Int) -> Int { Int(min(max(value, 0), Double(limit - 1))) }
    for (a, b) in zip(points, points.count == 1 ? points[...] : points.dropFirst()) {
      let (dx, dy) = (b.x - a.x, b.y - a.y)
      let length = dx * dx + dy * dy
      let (left, top) = (Double(frame.left), Double(frame.top))
      for y in far(min(a.y, b.y) - 2 - top, rows)...far(max(a.y, b.y) + 2 - top, rows) {
        for x in far(min(a.x, b.x) - 2 - left, columns)...far(max(a.x, b.x) + 2 - left, columns) {
          let (px, py) = (Double(x) + left - a.x, Double(y) + top - a.y)
          let along = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
          let distance = ((px - along * dx) * (px - along * dx) + (py - along * dy) * (py - along * dy)).squareRoot()
          let share = Float(min(max(1.25 - distance, 0), 1))
          coverage[y * columns + x] = max(coverage[y * columns + x], share)
        }
      }
    }
    for y in 0..<rows {
      for x in 0..<columns where coverage[y * columns + x] > 0 {
        blend(frame.left + x, frame.top + y, colour, Double(coverage[y * columns + x]))
      }
    }
  }

  /// Writes a line, vertically centred on a point.
  /// - Returns: how wide it is.
  @discardableResult
  mutating func write(_ text: String, at point: (x: Int, y: Int), _ alignment: Alignment) throws -> Int {
    guard let label = try ImageGrid.text(text, height: 12, fitting: (width, 20)) else { return 0 }
    let left =
      switch alignment {
      case .left: point.x
      case .centre: point.x - label.width / 2
      case .right: point.x - label.width
      }
    for y in 0..<label.height {
      for x in 0..<label.width {
        let share = Double(label.pixels[y * label.width + x]) / 255
        if share > 0 { blend(left + x, point.y - label.height / 2 + y, [40, 40, 40], share) }
      }
    }
    return label.width
  }
}
