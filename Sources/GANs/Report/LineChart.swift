import Foundation

/// Curves as an SVG picture.
struct LineChart {
  /// Above the curves.
  let title: String
  /// Below the axis.
  let xLabel: String

  /// A curve: its points in the order of x, and which of the colours it has.
  struct Series {
    let name: String
    let points: [(Double, Double)]
    let colour: Int
  }

  private static let colours = ["#1f77b4", "#e8743b", "#2ca02c", "#d62f50", "#8a5cc2", "#8c564b", "#17a2b8", "#b8a117"]
  private static let (width, height, left, right, top, bottom) = (400.0, 240.0, 56.0, 12.0, 26.0, 34.0)
  private static let legendLine = 14.0

  /// The picture.
  func svg(_ series: [Series], legend: Bool) -> String {
    let points = series.flatMap(\.points)
    let frame = Frame(xs: points.map(\.0), ys: points.map(\.1))
    var content = frame.axes(xLabel)
    for (i, one) in series.enumerated() {
      let colour = Self.colours[one.colour % Self.colours.count]
      let path = one.points.map { "\(format(frame.x($0.0))),\(format(frame.y($0.1)))" }.joined(separator: " ")
      content +=
        "<polyline class=\"curve\" stroke=\"\(colour)\" points=\"\(path)\"><title>\(escaped(one.name))</title></polyline>\n"
      if legend {
        // Below the axis, a line each: beside curves there is no place that is always free.
        let y = Self.height + Self.legendLine * Double(i)
        content += "<path class=\"curve\" stroke=\"\(colour)\" d=\"M\(Self.left) \(y)h16\"/>"
        content +=
          "<text class=\"legend\" x=\"\(Self.left + 22)\" y=\"\(y + 4)\">\(escaped(Self.shortened(one.name)))</text>\n"
      }
    }
    return wrapped(content, legendLines: legend ? series.count : 0)
  }

  /// A name that fits beside its stroke.
  private static func shortened(_ name: String) -> String {
    name.count > 52 ? "\(name.prefix(20))…\(name.suffix(31))" : name
  }

  /// The numbers of values in 40 intervals from 0 to the 99th percentile.
  func histogram(_ values: [Double]) -> String {
    let sorted = values.sorted()
    let end = max(sorted[Int(0.99 * Double(sorted.count - 1))], 1e-12)
    var counts = [Double](repeating: 0, count: 40)
    for value in values where value <= end { counts[max(0, min(39, Int(value / end * 40)))] += 1 }
    let frame = Frame(xs: [0, end], ys: [0] + counts)
    var content = frame.axes(xLabel)
    for (i, count) in counts.enumerated() {
      let (x0, x1) = (frame.x(end * Double(i) / 40), frame.x(end * Double(i + 1) / 40))
      content +=
        "<rect x=\"\(format(x0))\" y=\"\(format(frame.y(count)))\" width=\"\(format(x1 - x0 - 0.5))\" height=\"\(format(frame.y(0) - frame.y(count)))\" fill=\"\(Self.colours[0])\"/>\n"
    }
    return wrapped(content)
  }

  private func wrapped(_ content: String, legendLines: Int = 0) -> String {
    let height = Int(Self.height + Self.legendLine * Double(legendLines))
    return "<svg viewBox=\"0 0 \(Int(Self.width)) \(height)\" role=\"img\" aria-label=\"\(escaped(title))\">\n"
      + "<text class=\"title\" x=\"\(Self.left)\" y=\"16\">\(escaped(title))</text>\n\(content)</svg>\n"
  }

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }

  /// From values to places.
  private struct Frame {
    let xTicks, yTicks: [Double]
    let xStart, xEnd: Double

    init(xs: [Double], ys: [Double]) {
      xStart = min(0, xs.min() ?? 0)
      xEnd = max(xs.max() ?? 1, xStart + 1e-9)
      let (start, end) = (xStart, xEnd)
      xTicks = Self.ticks(start, end).filter { $0 >= start && $0 <= end }
      yTicks = Self.ticks(ys.min() ?? 0, ys.max() ?? 1)
    }

    /// Round numbers from below the least to above the greatest value.
    static func ticks(_ low: Double, _ high: Double) -> [Double] {
      let range = high > low ? high - low : max(abs(low), 1)
      let power = pow(10, (log10(range / 4)).rounded(.down))
      let step = [1, 2, 5, 10].map { $0 * power }.first { range / $0 <= 5 } ?? 10 * power
      let first = (low / step).rounded(.down)
      let last = max((high / step).rounded(.up), first + 1)
      return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    func x(_ value: Double) -> Double {
      LineChart.left + (value - xStart) / (xEnd - xStart) * (LineChart.width - LineChart.left - LineChart.right)
    }

    func y(_ value: Double) -> Double {
      LineChart.height - LineChart.bottom - (value - yTicks.first!) / (yTicks.last! - yTicks.first!)
        * (LineChart.height - LineChart.top - LineChart.bottom)
    }

    func axes(_ xLabel: String) -> String {
      func text(_ value: Double) -> String { String(format: "%g", (value * 1e6).rounded() / 1e6) }
      let (x0, x1, y0, y1) = (x(xStart), x(xEnd), y(yTicks.first!), y(yTicks.last!))
      var result = ""
      for tick in yTicks {
        result += "<path class=\"axis\" d=\"M\(x0) \(y(tick))H\(x1)\"/>"
        result += "<text x=\"\(x0 - 6)\" y=\"\(y(tick) + 4)\" text-anchor=\"end\">\(text(tick))</text>\n"
      }
      for tick in xTicks {
        result += "<path class=\"axis\" d=\"M\(x(tick)) \(y0)v4\"/>"
        result += "<text x=\"\(x(tick))\" y=\"\(y0 + 16)\" text-anchor=\"middle\">\(text(tick))</text>\n"
      }
      return result + "<path class=\"axis\" d=\"M\(x0) \(y1)V\(y0)H\(x1)\"/>\n"
        + "<text x=\"\((x0 + x1) / 2)\" y=\"\(y0 + 30)\" text-anchor=\"middle\">\(escaped(xLabel))</text>\n"
    }
  }
}
