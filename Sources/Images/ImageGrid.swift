import CVips

/// Many images in one.
public enum ImageGrid {
  /// The most pixels that a grid may have.
  public static let largestArea = 512 << 20

  /// Lays images in rows, from left to right and top to bottom; the last row may be short.
  ///
  /// Images of different channels are brought to the most that occurs.
  ///
  /// - Parameter images: at least one; all of the same width and height.
  /// - Parameter columns: images in a row, at least 1.
  /// - Parameter padding: pixels between neighbours and around all.
  /// - Parameter background: grey 0…255 of padding and empty places.
  /// - Throws: ``ImageError/badGeometry(_:)``.
  public static func tiled(_ images: [Image], columns: Int, padding: Int = 0, background: UInt8 = 255) throws -> Image {
    let (width, height, channels) = try cell(images, columns: columns, padding: padding)
    let used = min(columns, images.count)
    let rows = (images.count + columns - 1) / columns
    var canvas = try Canvas(
      width: used * (width + padding) + padding, height: rows * (height + padding) + padding, channels: channels,
      background: background)
    for (index, image) in images.enumerated() {
      canvas.draw(
        image.converted(toChannels: channels), x: padding + (index % columns) * (width + padding),
        y: padding + (index / columns) * (height + padding))
    }
    return canvas.image
  }

  /// Lays images in rows with a label before each row and above each column.
  ///
  /// Labels are plain text, shrunk where they would not fit their cell.
  ///
  /// - Parameter images: row after row; all of the same width and height.
  /// - Parameter rows: labels of the rows, from top to bottom; empty for none.
  /// - Parameter columns: labels of the columns, as many as images in a row; at least 1 (they may be empty strings).
  /// - Parameter textHeight: height of the letters in pixels; by default in proportion to the images, 10 to 32.
  /// - Throws: ``ImageError/badGeometry(_:)``.
  public static func labelled(
    _ images: [Image], rows: [String], columns: [String], padding: Int = 2, background: UInt8 = 255,
    textHeight: Int? = nil
  ) throws -> Image {
    let grid = try tiled(images, columns: columns.count, padding: padding, background: background)
    let (width, height, _) = try cell(images, columns: columns.count, padding: padding)
    let count = (images.count + columns.count - 1) / columns.count
    guard rows.isEmpty || rows.count == count else {
      throw ImageError.badGeometry("a grid of \(count) rows has \(rows.count) row labels; give one for each row")
    }
    let size = textHeight ?? min(max(height / 6, 10), 32)
    let rowLabels = try rows.map { try text($0, height: size, fitting: (8 * size, height)) }
    let columnLabels = try columns.map { try text($0, height: size, fitting: (width, 2 * size)) }
    let left = rowLabels.compactMap { $0?.width }.max().map { $0 + size } ?? 0
    let top = columnLabels.compactMap { $0?.height }.max().map { $0 + size } ?? 0
    var canvas = try Canvas(
      width: left + grid.width, height: top + grid.height, channels: grid.channels, background: background)
    canvas.draw(grid, x: left, y: top)
    for (index, label) in rowLabels.enumerated() {
      guard let label else { continue }
      let y = top + padding + index * (height + padding) + (height - label.height) / 2
      canvas.blend(label, x: (left - label.width) / 2, y: y)
    }
    for (index, label) in columnLabels.enumerated() {
      guard let label else { continue }
      let x = left + padding + index * (width + padding) + (width - label.width) / 2
      canvas.blend(label, x: x, y: (top - label.height) / 2)
    }
    return canvas.image
  }

  private static func cell(_ images: [Image], columns: Int, padding: Int) throws -> (Int, Int, Int) {
    guard let first = images.first else { throw ImageError.badGeometry("a grid needs at least one image") }
    guard columns > 0, (0...4096).contains(padding) else {
      throw ImageError.badGeometry("a grid has at least one column and 0 to 4096 pixels of padding")
    }
    for (index, image) in images.enumerated() where (image.width, image.height) != (first.width, first.height) {
      throw ImageError.badGeometry(
        "image \(index) of the grid is \(image.width)×\(image.height), the first is \(first.width)×\(first.height); "
          + "resize them to one size")
    }
    return (first.width, first.height, images.map(\.channels).max()!)
  }

  /// A line of text as coverage (one channel), or nil for an empty line.
  static func text(_ text: String, height: Int, fitting limit: (width: Int, height: Int)) throws -> Image? {
    // Pango ends a text at a NUL and breaks lines at controls: a label is one line.
    let line = String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    guard line.contains(where: { !$0.isWhitespace }) else { return nil }
    var pixels = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    let status = cv_text(line, Int32(height), &pixels, &message)
    let reason = ImageDecoder.take(message)
    guard status == CV_OK else { throw ImageError.badGeometry("cannot draw the label \"\(line)\": \(reason)") }
    let drawn = ImageDecoder.take(pixels)
    let scale = min(1, Double(limit.width) / Double(drawn.width), Double(limit.height) / Double(drawn.height))
    if scale == 1 { return drawn }
    return try drawn.resized(
      width: max(1, Int(Double(drawn.width) * scale)), height: max(1, Int(Double(drawn.height) * scale)), kernel: .area)
  }
}

/// Pixels that images are drawn on; what lies outside is cut off.
struct Canvas {
  let width: Int
  let height: Int
  let channels: Int
  private let background: UInt8
  var pixels: [UInt8]

  init(width: Int, height: Int, channels: Int, background: UInt8) throws {
    guard width * height <= ImageGrid.largestArea else {
      throw ImageError.badGeometry("a grid of \(width)×\(height) pixels is too large; use fewer or smaller images")
    }
    (self.width, self.height, self.channels, self.background) = (width, height, channels, background)
    pixels = [UInt8](repeating: background, count: width * height * channels)
    if channels == 4 { for at in stride(from: 3, to: pixels.count, by: 4) { pixels[at] = 255 } }
  }

  var image: Image { Image(width: width, height: height, channels: channels, pixels: pixels) }

  /// Copies `image`, which has the canvas's channels and lies inside.
  mutating func draw(_ image: Image, x: Int, y: Int) {
    for row in 0..<image.height {
      let target = ((y + row) * width + x) * channels
      let source = row * image.width * channels
      pixels.replaceSubrange(
        target..<(target + image.width * channels), with: image.pixels[source..<(source + image.width * channels)])
    }
  }

  /// Draws coverage in black on a light background, in white on a dark one.
  mutating func blend(_ coverage: Image, x: Int, y: Int) {
    let ink = background >= 128 ? 0 : 255
    for row in 0..<coverage.height where (0..<height).contains(y + row) {
      for column in 0..<coverage.width where (0..<width).contains(x + column) {
        let share = Int(coverage.pixels[row * coverage.width + column])
        let at = ((y + row) * width + x + column) * channels
        for channel in 0..<min(channels, 3) {
          pixels[at + channel] = UInt8((Int(pixels[at + channel]) * (255 - share) + ink * share + 127) / 255)
        }
      }
    }
  }
}
