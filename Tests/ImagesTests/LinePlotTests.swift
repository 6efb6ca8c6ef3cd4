import Images
import Testing

@Suite struct LinePlotTests {
  private let line = LinePlot(
    panels: [.init("one", [.init("rising", (0...10).map { (Double($0), Double($0)) })])], xLabel: "x")

  @Test func ticksAreRound() {
    #expect(Axis(from: 0, to: 100, ticks: 5).ticks == [0, 20, 40, 60, 80, 100])
    #expect(Axis(from: 3, to: 97, ticks: 5).ticks == [20, 40, 60, 80])
    let small = Axis(from: -0.012, to: 0.013, ticks: 5)
    #expect(small.ticks.map(small.label) == ["-0.010", "-0.005", "0.000", "0.005", "0.010"])
    let flat = Axis(spanning: [2, 2, 2])
    #expect(flat.low < 2 && flat.high > 2 && flat.ticks.contains { abs($0 - 2) < 1e-9 })
    #expect(Axis(spanning: []).ticks.isEmpty == false)
  }

  /// The first value of a hundred is a spike: it does not set the scale.
  @Test func spikesLeaveTheScaleAlone() {
    let axis = Axis(spanning: [1e6] + (0..<200).map { Double($0) / 200 })
    #expect(axis.high < 2)
  }

  /// A rising line goes from the lower left to the upper right, in the first colour.
  @Test func aLineIsWhereItsNumbersAre() throws {
    let image = try line.image()
    func isInked(_ x: Int, _ y: Int) -> Bool {
      let at = (y * image.width + x) * 3
      return image.pixels[at] < 60 && image.pixels[at + 2] > 130
    }
    let rows = [80, 440, 810].map { x in (29..<218).filter { isInked(x, $0) } }
    #expect(rows.allSatisfy { (1...6).contains($0.count) })
    #expect(rows[0].min()! > rows[1].max()! && rows[1].min()! > rows[2].max()!)
    // In the middle of the panel where the middle of the numbers is.
    #expect(abs(rows[1].reduce(0, +) / rows[1].count - (28 + 218) / 2) <= 3)
    #expect(try line.image() == image)
  }

  @Test func numbersThatAreNoneAndSinglePointsAreDrawnAround() throws {
    let plot = LinePlot(
      panels: [
        .init("a", [.init("gap", [(0, 1), (1, .nan), (2, .infinity), (3, 2)])]), .init("b", [.init("point", [(1, 1)])]),
        .init("c", []),
      ], xLabel: "x")
    let image = try plot.image()
    #expect(image.height == 3 * plot.panelHeight + 22)
    #expect(throws: ImageError.self) { try LinePlot(panels: [], xLabel: "").image() }
  }
}
