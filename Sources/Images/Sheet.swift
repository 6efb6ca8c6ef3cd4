import CVips

/// A canvas for images, text, lines and dots; it clips them at its border.
public struct Sheet {
  private let width, height, channels: Int
  private let background: UInt8
  private var pixels: [UInt8]
  /// Lines and dots, above everything else; nil if there are none.
  private var overlay: SVG?

  /// A white sheet in color.
  /// - Throws: ``ImageError/badGeometry(_:)`` if it has more pixels than ``ImageGrid/largestArea``.
  public init(width: Int, height: Int) throws {
    try self.init(width: width, height: height, channels: 3, background: 255)
  }

  init(width: Int, height: Int, channels: Int, background: UInt8) throws {
    guard width > 0, height > 0 else { throw ImageError.badGeometry("a sheet has at least one pixel") }
    guard width * height <= ImageGrid.largestArea else {
      throw ImageError.badGeometry("a grid of \(width)×\(height) pixels is too large; use fewer or smaller images")
    }
    (self.width, self.height, self.channels, self.background) = (width, height, channels, background)
    pixels = [UInt8](repeating: background, count: width * height * channels)
    if channels == 4 { for at in stride(from: 3, to: pixels.count, by: 4) { pixels[at] = 255 } }
  }

  /// The sheet as an image.
  /// - Throws: ``ImageError/noVectorGraphics`` if there are lines or dots and libvips cannot draw SVG.
  public func image() throws -> Image {
    var sheet = self
    if let drawn = try overlay?.image() {
      sheet.blend(x: 0, y: 0, width: width, height: height) { at, channel in
        (Int(drawn.pixels[4 * at + channel]), Int(drawn.pixels[4 * at + 3]))
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: sheet.pixels)
  }

  /// Draws an image with its upper left corner at (x, y).
  public mutating func draw(_ image: Image, x: Int, y: Int) {
    let source = image.converted(toChannels: channels)
    let columns = (x..<x + image.width).clamped(to: 0..<width)
    guard !columns.isEmpty else { return }
    for row in (y..<y + image.height).clamped(to: 0..<height) {
      let from = ((row - y) * image.width + columns.lowerBound - x) * channels
      let to = (row * width + columns.lowerBound) * channels
      pixels.replaceSubrange(
        to..<(to + columns.count * channels), with: source.pixels[from..<(from + columns.count * channels)])
    }
  }

  /// Writes a line of plain text in black, centered at (x, y).
  /// - Parameter height: the height of letters in pixels.
  /// - Parameter limit: wider text shrinks to this width.
  /// - Throws: ``ImageError/badGeometry(_:)`` if drawing fails.
  public mutating func write(_ text: String, x: Int, y: Int, height: Int = 12, limit: Int = .max) throws {
    guard let drawn = try Self.text(text, height: height, fitting: (limit, 4 * height)) else { return }
    blend(drawn, x: x - drawn.width / 2, y: y - drawn.height / 2)
  }

  /// Fills a disk.
  /// - Parameter color: red, green, blue.
  public mutating func dot(x: Double, y: Double, radius: Double, color: (UInt8, UInt8, UInt8), opacity: Double = 1) {
    add("circle", ["cx": x, "cy": y, "r": radius, "fill": Self.name(color), "fill-opacity": opacity])
  }

  /// Draws polylines.
  public mutating func lines(_ lines: [[(x: Double, y: Double)]], width: Double, color: (UInt8, UInt8, UInt8)) {
    let path = lines.map(SVG.path).joined()
    add("path", ["fill": "none", "stroke": Self.name(color), "stroke-width": width, "d": path])
  }

  private mutating func add(_ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>) {
    if overlay == nil { overlay = SVG(width: width, height: height) }
    overlay!.add(name, attributes)
  }

  private static func name(_ color: (UInt8, UInt8, UInt8)) -> String { "rgb(\(color.0),\(color.1),\(color.2))" }

  /// Draws a coverage mask in black on a light background, in white on a dark one.
  mutating func blend(_ coverage: Image, x: Int, y: Int) {
    let ink = background >= 128 ? 0 : 255
    blend(x: x, y: y, width: coverage.width, height: coverage.height) { at, _ in (ink, Int(coverage.pixels[at])) }
  }

  /// Blends a picture: `source` returns the sample of a pixel's channel and its opacity, both 0…255.
  private mutating func blend(
    x: Int, y: Int, width drawn: Int, height rows: Int, _ source: (_ pixel: Int, _ channel: Int) -> (Int, Int)
  ) {
    for row in (y..<y + rows).clamped(to: 0..<height) {
      for column in (x..<x + drawn).clamped(to: 0..<width) {
        for channel in 0..<min(channels, 3) {
          let (ink, share) = source((row - y) * drawn + column - x, channel)
          let at = (row * width + column) * channels + channel
          pixels[at] = UInt8((Int(pixels[at]) * (255 - share) + ink * share + 127) / 255)
        }
      }
    }
  }

  /// A line of text as a coverage mask (one channel), or nil for an empty line.
  static func text(_ text: String, height: Int, fitting limit: (width: Int, height: Int)) throws -> Image? {
    // A label is one line, but Pango ends text at NUL and breaks lines at control characters.
    let line = String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    guard line.contains(where: { !$0.isWhitespace }) else { return nil }
    var pixels = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    let status = cv_text(line, Int32(height), &pixels, &message)
    let reason = ImageDecoder.take(message)
    if let shortage = ImageDecoder.shortage(status, name: "the label \"\(line)\"") { throw shortage }
    guard status == CV_OK else { throw ImageError.badGeometry("cannot draw the label \"\(line)\": \(reason)") }
    let drawn = try ImageDecoder.take(pixels, name: "the label \"\(line)\"")
    let scale = min(1, Double(limit.width) / Double(drawn.width), Double(limit.height) / Double(drawn.height))
    if scale == 1 { return drawn }
    return try drawn.resized(
      width: max(1, Int(Double(drawn.width) * scale)), height: max(1, Int(Double(drawn.height) * scale)), kernel: .area)
  }
}
