/// A sheet in colour on which images, lines of text and plots are laid; what lies outside is cut off.
public struct Sheet {
  /// Where a text stands relative to its point.
  public enum Alignment: Sendable { case left, centre, right }

  private var canvas: Canvas

  /// An empty, white sheet.
  /// - Throws: ``ImageError/badGeometry(_:)`` where it would have more pixels than ``ImageGrid/largestArea``.
  public init(width: Int, height: Int) throws {
    guard width > 0, height > 0 else { throw ImageError.badGeometry("a sheet has at least one pixel") }
    canvas = try Canvas(width: width, height: height, channels: 3, background: 255)
  }

  /// What has been drawn, 3 channels.
  public var image: Image { canvas.image }

  /// Lays an image with its upper left corner at (x, y).
  public mutating func draw(_ image: Image, x: Int, y: Int) {
    let source = image.converted(toChannels: 3)
    for row in 0..<image.height where (0..<canvas.height).contains(y + row) {
      for column in 0..<image.width where (0..<canvas.width).contains(x + column) {
        let (to, from) = (((y + row) * canvas.width + x + column) * 3, (row * image.width + column) * 3)
        for channel in 0..<3 { canvas.pixels[to + channel] = source.pixels[from + channel] }
      }
    }
  }

  /// Writes a line of plain text in black, its middle at height y; shrunk where it is wider than `limit`.
  /// - Parameter height: of the letters, in pixels.
  /// - Throws: ``ImageError/badGeometry(_:)`` where the text cannot be drawn.
  public mutating func write(
    _ text: String, x: Int, y: Int, height: Int = 12, alignment: Alignment = .centre, limit: Int = .max
  ) throws {
    guard let drawn = try ImageGrid.text(text, height: height, fitting: (limit, 4 * height)) else { return }
    let left = alignment == .left ? x : alignment == .right ? x - drawn.width : x - drawn.width / 2
    canvas.blend(drawn, x: left, y: y - drawn.height / 2)
  }

  /// Fills a disc, its edge smoothed.
  /// - Parameter colour: red, green, blue.
  public mutating func dot(x: Double, y: Double, radius: Double, colour: (UInt8, UInt8, UInt8), opacity: Double = 1) {
    stroke(from: (x, y), to: (x, y), radius: radius, colour: colour, opacity: opacity)
  }

  /// Draws a straight line, its edges smoothed.
  public mutating func line(
    from a: (x: Double, y: Double), to b: (x: Double, y: Double), width: Double, colour: (UInt8, UInt8, UInt8),
    opacity: Double = 1
  ) {
    stroke(from: a, to: b, radius: width / 2, colour: colour, opacity: opacity)
  }

  /// Covers every pixel by its distance to the segment.
  private mutating func stroke(
    from a: (x: Double, y: Double), to b: (x: Double, y: Double), radius: Double, colour: (UInt8, UInt8, UInt8),
    opacity: Double
  ) {
    let bounds = [a.x, a.y, b.x, b.y]
    guard bounds.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else { return }
    let margin = radius + 1
    func covered(_ p: Double, _ q: Double, _ size: Int) -> Range<Int> {
      let (low, high) = (Int((min(p, q) - margin).rounded(.down)), Int((max(p, q) + margin).rounded(.up)))
      return (low..<high + 1).clamped(to: 0..<size)
    }
    let (columns, rows) = (covered(a.x, b.x, canvas.width), covered(a.y, b.y, canvas.height))
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    for row in rows {
      for column in columns {
        let (px, py) = (Double(column) + 0.5, Double(row) + 0.5)
        let t = length == 0 ? 0 : min(max(((px - a.x) * dx + (py - a.y) * dy) / length, 0), 1)
        let (ex, ey) = (px - a.x - t * dx, py - a.y - t * dy)
        let share = opacity * min(max(radius + 0.5 - (ex * ex + ey * ey).squareRoot(), 0), 1)
        guard share > 0 else { continue }
        let at = (row * canvas.width + column) * 3
        for (channel, ink) in [colour.0, colour.1, colour.2].enumerated() {
          let old = Double(canvas.pixels[at + channel])
          canvas.pixels[at + channel] = UInt8((old + (Double(ink) - old) * share).rounded())
        }
      }
    }
  }
}
