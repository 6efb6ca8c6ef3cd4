import Foundation

/// Curves or histograms in stacked panels with a common x axis, ticks at round numbers, grid lines and legends.
public struct Plot: Sendable {
  /// A named sequence of finite points.
  public struct Curve: Sendable {
    /// The name in the legend; empty for none.
    public var name: String
    /// The points, in the order of x.
    public var points: [(x: Double, y: Double)]
    /// The index of its color; nil: its index in the panel.
    public var color: Int?

    /// A curve; points that are not finite are dropped.
    public init(_ name: String, _ points: [(x: Double, y: Double)], color: Int? = nil) {
      (self.name, self.color) = (name, color)
      self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
    }
  }

  /// Curves with a common y axis, or bars.
  public struct Panel: Sendable {
    /// The text above the axes.
    public var title: String
    /// The curves, with distinct colors and dashes.
    public var curves: [Curve] = []
    /// The heights of bars; each spans from its `x` to the next `x`.
    public var bars: [(x: Double, y: Double)] = []

    /// A panel of curves.
    public init(_ title: String, _ curves: [Curve]) { (self.title, self.curves) = (title, curves) }

    /// A histogram with 40 bins from 0 to the 99th percentile.
    public init(_ title: String, histogramOf values: [Double]) {
      self.title = title
      let sorted = values.filter(\.isFinite).sorted()
      let end = max(sorted.isEmpty ? 1 : sorted[Int(0.99 * Double(sorted.count - 1))], 1e-12)
      var counts = [Double](repeating: 0, count: 40)
      for value in sorted where value <= end { counts[max(0, min(39, Int(value / end * 40)))] += 1 }
      bars = (0...40).map { (x: end * Double($0) / 40, y: $0 < 40 ? counts[$0] : 0) }
    }
  }

  /// The panels from top to bottom, at least one.
  public var panels: [Panel]
  /// The label of the x axis.
  public var xLabel: String
  /// The total width and the height of a panel's axis, in CSS pixels.
  public var width = 840, axisHeight = 190

  /// A plot.
  public init(panels: [Panel], xLabel: String) { (self.panels, self.xLabel) = (panels, xLabel) }

  /// Colors for the color-blind (Okabe & Ito 2008), visible on white and on black.
  private static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
  private static let (left, right, line) = (60, 14, 16)

  /// Draws the plot in color on white, 2·``width`` pixels wide; equal numbers give equal pixels.
  /// - Throws: ``ImageError/badGeometry(_:)`` if it has no panel or is too small; ``ImageError/noVectorGraphics``.
  public func image() throws -> Image {
    guard !panels.isEmpty, width >= 200, axisHeight >= 60 else {
      throw ImageError.badGeometry("a plot has at least one panel, 200 pixels wide and 60 high or more")
    }
    return try svg().image(scale: 2).converted(toChannels: 3)
  }

  /// Draws the plot as SVG.
  public func svg() -> SVG {
    let xs = panels.flatMap { $0.curves.flatMap(\.points) + $0.bars }.map(\.x)
    // Leave room for the dot of the last point.
    let (start, end) = (min(0, xs.min() ?? 0), xs.max() ?? 1)
    let x = Axis(from: start, to: end + (end - start) * 0.01, ticks: max(3, width / 100))
    let legends = panels.map(legend)
    let heights = legends.map { 24 + Self.line * (($0.last?.row ?? -1) + 1) + axisHeight + 24 }
    var svg = SVG(width: width, height: heights.reduce(0, +) + Self.line)
    var top = 0
    for (panel, (legend, height)) in zip(panels, zip(legends, heights)) {
      svg.add("text", ["x": Self.left, "y": top + 16, "font-size": 12, "font-weight": 600], text: panel.title)
      for entry in legend {
        let y = top + 18 + Self.line * (entry.row + 1)
        svg.add(
          "path", stroke(entry.color, [(Double(entry.x), Double(y - 4)), (Double(entry.x) + 16, Double(y - 4))]))
        svg.add("text", ["class": "legend", "x": entry.x + 22, "y": y], text: entry.name)
      }
      draw(panel, x, top: top + height - 24 - axisHeight, on: &svg)
      top += height
    }
    svg.add("text", ["x": (Self.left + width - Self.right) / 2, "y": top + 8, "text-anchor": "middle"], text: xLabel)
    return svg
  }

  /// The positions of the curves' names, in rows below the panel's title.
  private func legend(_ panel: Panel) -> [(name: String, color: Int, x: Int, row: Int)] {
    var (x, row) = (Self.left, 0)
    return panel.curves.enumerated().filter { !$0.element.name.isEmpty }.map { index, curve in
      // The font is unknown; 6.5 pixels per letter are usually enough.
      let most = max(8, (width - Self.left - Self.right - 22) * 2 / 13)
      let name =
        curve.name.count > most
        ? "\(curve.name.prefix(most / 3))…\(curve.name.suffix(most - most / 3 - 1))" : curve.name
      let size = 22 + name.count * 13 / 2
      if x > Self.left, x + size > width - Self.right { (x, row) = (Self.left, row + 1) }
      defer { x += size + 20 }
      return (name, curve.color ?? index, x, row)
    }
  }

  /// The attributes of a line through points.
  private func stroke(_ color: Int, _ points: [(x: Double, y: Double)]) -> KeyValuePairs<
    String, any CustomStringConvertible
  > {
    [
      "fill": "none", "stroke": Self.colors[color % Self.colors.count], "stroke-width": 1.6,
      "stroke-linejoin": "round", "stroke-dasharray": ["none", "5 3", "1.6 2.4"][color / Self.colors.count % 3],
      "d": SVG.path(points),
    ]
  }

  private func draw(_ panel: Panel, _ x: Axis, top: Int, on svg: inout SVG) {
    let (inner, left, right, bottom) = (width - Self.left - Self.right, Self.left, width - Self.right, top + axisHeight)
    let values = panel.curves.flatMap(\.points).map(\.y)
    let y = panel.bars.isEmpty ? Axis(spanning: values) : Axis(from: 0, to: 1.05 * (panel.bars.map(\.y).max() ?? 1))
    func across(_ value: Double) -> Double { x.share(value) * Double(inner) }
    func down(_ value: Double) -> Double { (1 - y.share(value)) * Double(axisHeight) }
    func grid(_ path: String, _ opacity: Double) {
      svg.add(
        "path",
        [
          "fill": "none", "stroke": "currentColor", "stroke-opacity": opacity, "shape-rendering": "crispEdges",
          "d": path,
        ])
    }
    for tick in y.ticks {
      let row = top + Int(down(tick).rounded())
      grid("M\(left) \(row)H\(right)", 0.15)
      svg.add("text", ["x": left - 6, "y": row + 4, "text-anchor": "end"], text: y.label(tick))
    }
    for tick in x.ticks {
      let column = left + Int(across(tick).rounded())
      grid("M\(column) \(top)V\(bottom)", 0.08)
      svg.add("text", ["x": column, "y": bottom + 15, "text-anchor": "middle"], text: x.label(tick))
    }
    // An inner <svg> clips its content.
    svg.open("svg", ["x": left, "y": top, "width": inner, "height": axisHeight])
    for (bar, next) in zip(panel.bars, panel.bars.dropFirst()) where bar.y > 0 {
      let (start, end) = (across(bar.x), across(next.x))
      svg.add(
        "rect",
        [
          "x": start, "y": down(bar.y), "width": max(end - start - 0.5, 0.5), "height": down(0) - down(bar.y),
          "fill": Self.colors[0],
        ])
    }
    for (index, curve) in panel.curves.enumerated() where !curve.points.isEmpty {
      let points = thinned(curve.points).map { (x: across($0.x), y: down($0.y)) }
      let color = curve.color ?? index
      svg.open("g", [:])
      svg.add("title", [:], text: curve.name.isEmpty ? panel.title : curve.name)
      svg.add("path", stroke(color, points))
      if points.count <= 20 {
        for point in points {
          svg.add(
            "circle", ["cx": point.x, "cy": point.y, "r": 2.2, "fill": Self.colors[color % Self.colors.count]])
        }
      }
      svg.close("g")
    }
    svg.close("svg")
    grid("M\(left) \(top)V\(bottom)H\(right)V\(top)Z", 0.4)
  }

  /// At most two points per pixel: means of consecutive points.
  private func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let most = 2 * (width - Self.left - Self.right)
    guard points.count > most else { return points }
    return (0..<most).map { i in
      let part = points[i * points.count / most..<(i + 1) * points.count / most]
      return (part.reduce(0) { $0 + $1.x } / Double(part.count), part.reduce(0) { $0 + $1.y } / Double(part.count))
    }
  }
}

/// A range with ticks at round numbers.
package struct Axis {
  package let low, high: Double
  package let ticks: [Double]
  private let decimals: Int

  /// A range with exactly these ends.
  package init(from low: Double, to high: Double, ticks count: Int = 6) {
    let width = high > low ? high - low : max(abs(low), 1)
    (self.low, self.high) = (low, low + width)
    let rough = width / Double(count)
    let power = pow(10, log10(rough.magnitude).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    decimals = max(0, Int((-log10(step)).rounded(.up)))
    ticks = stride(from: (low / step).rounded(.up), through: ((low + width) / step).rounded(.down), by: 1).map {
      $0 * step + 0  // turns −0 into 0
    }
  }

  /// The range of values with a margin; for 100 or more values, without 1% at each end.
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

  /// Maps the low end to 0 and the high end to 1.
  package func share(_ value: Double) -> Double { (value - low) / (high - low) }

  /// A tick's number, with enough decimals to distinguish ticks.
  package func label(_ tick: Double) -> String {
    if decimals > 6 || max(abs(low), abs(high)) >= 1e7 { return String(format: "%.4g", tick) }
    return String(format: "%.\(decimals)f", tick)
  }
}
