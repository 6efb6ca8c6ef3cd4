/// Arranges images in a grid.
public enum ImageGrid {
  /// The largest number of pixels of a grid.
  public static let largestArea = 512 << 20

  /// Arranges images in rows; the last row may be shorter. All images are converted to the largest number of channels.
  /// - Parameter images: at least one; all have the same width and height.
  /// - Parameter columns: images per row, at least 1.
  /// - Parameter padding: pixels between the images and around the grid.
  /// - Parameter background: the gray value 0…255 of padding and empty cells.
  /// - Throws: ``ImageError/badGeometry(_:)``.
  public static func tiled(_ images: [Image], columns: Int, padding: Int = 0, background: UInt8 = 255) throws -> Image {
    let (width, height, channels) = try cell(images, columns: columns, padding: padding)
    let used = min(columns, images.count)
    let rows = (images.count + columns - 1) / columns
    var sheet = try Sheet(
      width: used * (width + padding) + padding, height: rows * (height + padding) + padding, channels: channels,
      background: background)
    for (index, image) in images.enumerated() {
      sheet.draw(
        image, x: padding + (index % columns) * (width + padding), y: padding + (index / columns) * (height + padding))
    }
    return try sheet.image()
  }

  /// Arranges images in rows, with labels beside the rows and above the columns. Long labels shrink to fit.
  /// - Parameter images: row by row; all have the same width and height.
  /// - Parameter rows: the labels of the rows, or empty.
  /// - Parameter columns: a label, possibly an empty string, for each column; at least 1.
  /// - Parameter textHeight: the height of letters in pixels; by default in proportion to the images, 10 to 32.
  /// - Throws: ``ImageError/badGeometry(_:)``.
  public static func labeled(
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
    let rowLabels = try rows.map { try Sheet.text($0, height: size, fitting: (8 * size, height)) }
    let columnLabels = try columns.map { try Sheet.text($0, height: size, fitting: (width, 2 * size)) }
    let left = rowLabels.compactMap { $0?.width }.max().map { $0 + size } ?? 0
    let top = columnLabels.compactMap { $0?.height }.max().map { $0 + size } ?? 0
    var sheet = try Sheet(
      width: left + grid.width, height: top + grid.height, channels: grid.channels, background: background)
    sheet.draw(grid, x: left, y: top)
    for case (let index, let label?) in rowLabels.enumerated() {
      let y = top + padding + index * (height + padding) + (height - label.height) / 2
      sheet.blend(label, x: (left - label.width) / 2, y: y)
    }
    for case (let index, let label?) in columnLabels.enumerated() {
      let x = left + padding + index * (width + padding) + (width - label.width) / 2
      sheet.blend(label, x: x, y: (top - label.height) / 2)
    }
    return try sheet.image()
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
}
