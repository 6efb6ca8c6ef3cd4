import Images
import Testing

@Suite struct PlotTests {
  private let line = Plot(
    panels: [.init("one", [.init("rising", (0...10).map { (Double($0), Double($0)) })])], xLabel: "x")

  @Test func ticksAreRound() {
    #expect(Axis(from: 0, to: 100, ticks: 5).ticks == [0, 20, 40, 60, 80, 100])
    #expect(Axis(from: 3, to: 97, ticks: 5).ticks == [20, 40, 60, 80])
    let small = Axis(from: -0.012, to: 0.013, ticks: 5)
    #expect(small.ticks.map(small.label) == ["-0.010", "-0.005", "0.000", "0.005", "0.010"])
    let tiny = Axis(from: 0, to: 2e-9, ticks: 2)
    #expect(tiny.ticks.map(tiny.label) == ["0", "1e-09", "2e-09"])
    let flat = Axis(spanning: [2, 2, 2])
    #expect(flat.low < 2 && flat.high > 2 && flat.ticks.contains { abs($0 - 2) < 1e-9 })
    #expect(Axis(spanning: []).ticks.isEmpty == false)
  }

  /// The first value of a hundred is a spike: it does not set the scale.
  @Test func spikesLeaveTheScaleAlone() {
    let axis = Axis(spanning: [1e6] + (0..<200).map { Double($0) / 200 })
    #expect(axis.high < 2)
  }

  /// A rising line goes from the lower left to the upper right, in the first color.
  @Test func aLineIsWhereItsNumbersAre() throws {
    let image = try line.image()
    #expect(image.width == 2 * line.width && image.channels == 3)
    func isInked(_ x: Int, _ y: Int) -> Bool {
      let at = (y * image.width + x) * 3
      return image.pixels[at] < 60 && image.pixels[at + 2] > 130
    }
    // The axis: 60…826 across, below a title and one row of names 40…230 down, two pixels each.
    let rows = [160, 886, 1600].map { x in (80..<460).filter { isInked(x, $0) } }
    #expect(rows.allSatisfy { (1...12).contains($0.count) })
    #expect(rows[0].min()! > rows[1].max()! && rows[1].min()! > rows[2].max()!)
    // In the middle of the panel where the middle of the numbers is.
    #expect(abs(rows[1].reduce(0, +) / rows[1].count - (80 + 460) / 2) <= 3)
    #expect(try line.image() == image)
  }

  @Test func numbersThatAreNoneAndSinglePointsAreDrawnAround() throws {
    let plot = Plot(
      panels: [
        .init("a", [.init("gap", [(0, 1), (1, .nan), (2, .infinity), (3, 2)])]), .init("b", [.init("point", [(1, 1)])]),
        .init("c", []), .init("<&\u{1}>", histogramOf: []),
      ], xLabel: "\"x\"")
    let image = try plot.image()
    #expect(image.height == 2 * plot.svg().height && plot.svg().height > 4 * plot.axisHeight)
    #expect(throws: ImageError.self) { try Plot(panels: [], xLabel: "").image() }
  }

  /// Values beyond the 99th percentile are left out; what is left is counted in forty bars.
  @Test func histogramsCount() {
    let panel = Plot.Panel("h", histogramOf: (0..<1000).map { Double($0) / 1000 } + [1e9])
    #expect(panel.bars.count == 41 && abs(panel.bars[40].x - 0.99) < 1e-9)
    #expect(panel.bars.reduce(0) { $0 + $1.y } == 991)
    #expect(panel.bars.dropLast().allSatisfy { (24...26).contains($0.y) })
  }

  /// Of many points each is the mean of its neighbors; the seventh curve has the first color with dashes.
  @Test func curvesAreThinnedAndToldApart() {
    let many = Plot(panels: [.init("", [.init("", (0..<100_000).map { (Double($0), 1) })])], xLabel: "")
    #expect(many.svg().text().utf8.count < 40_000)
    let seven = Plot(
      panels: [.init("", (0..<7).map { .init("curve \($0)", [(0, Double($0)), (1, 2)]) })], xLabel: "")
    let text = seven.svg().text()
    #expect(text.matches(of: /stroke="#0072b2"/).count == 4 && text.matches(of: /stroke-dasharray="5 3"/).count == 2)
  }

  @Test func withoutVectorGraphicsItIsSaid() {
    let error = #expect(throws: ImageError.noVectorGraphics) {
      try SVG(width: 10, height: 10).image(scale: 1, isSupported: false)
    }
    #expect(
      error?.description
        == "plots need SVG, but this libvips lacks it; install a libvips with librsvg")
  }

  /// Dots and lines are drawn where they should be, above images, in gray too.
  @Test func sheetsHaveDotsAndLines() throws {
    var sheet = try Sheet(width: 60, height: 40)
    sheet.dot(x: 20.5, y: 20.5, radius: 4, color: (200, 0, 0))
    sheet.lines([[(30, 10.5), (50, 10.5)], [(50, 10), (50, 30)]], width: 2, color: (0, 0, 200))
    sheet.draw(Image(width: 100, height: 100, filledWith: [0, 90, 0]), x: -90, y: 30)
    sheet.draw(Image(width: 4, height: 4, filledWith: [9]), x: 70, y: 5)
    let image = try sheet.image()
    expect(image, 20, 20, is: [200, 0, 0], within: 0)
    expect(image, 20, 26, is: [255, 255, 255], within: 0)
    expect(image, 40, 10, is: [0, 0, 200], within: 0)
    expect(image, 49, 20, is: [0, 0, 200], within: 0)
    expect(image, 9, 39, is: [0, 90, 0], within: 0)
    expect(image, 10, 39, is: [255, 255, 255], within: 0)
  }
}
