import CVips
import Foundation

/// A vector picture, which a page embeds and libvips (librsvg) makes an image of. Without a colour of its own, what is
/// drawn has that of the text around it; the background is transparent.
public struct SVG: Sendable {
  /// Its size, in pixels of a page.
  public let width, height: Int
  private var content = ""

  /// An empty picture.
  public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  /// Draws an element above the others.
  /// - Parameter attributes: numbers are written with two decimals.
  /// - Parameter text: what is inside, or nil.
  mutating func add(
    _ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>, text: String? = nil
  ) {
    open(name, attributes)
    if let text { content += escaped(text) }
    close(name)
  }

  /// Begins an element; what is added until ``close(_:)`` lies in it.
  mutating func open(_ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>) {
    content += "<\(name)"
    for (key, value) in attributes {
      content += " \(key)=\"\((value as? Double).map(Self.number) ?? escaped(value.description))\""
    }
    content += ">"
  }

  /// Ends the element begun last.
  mutating func close(_ name: String) { content += "</\(name)>\n" }

  /// A number with at most two decimals.
  static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100 + 0
    return rounded == rounded.rounded() ? String(format: "%.0f", rounded) : String(format: "%.2f", rounded)
  }

  /// A line through points, as the `d` of a path.
  static func path(_ points: [(x: Double, y: Double)]) -> String {
    "M" + points.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
  }

  /// The picture as an element of a page.
  /// - Parameter label: what it is called where it cannot be seen.
  /// - Parameter attributes: more of the element, as a file by itself needs them.
  public func text(label: String = "", attributes: String = "") -> String {
    """
    <svg \(attributes)viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
    role="img" aria-label="\(escaped(label))" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">
    \(content)</svg>

    """
  }

  /// The picture in colour with alpha, black where it has the colour of the text; the same one always gives the same pixels.
  /// - Parameter scale: pixels of the image for each of a page.
  /// - Throws: ``ImageError/noVectorGraphics``; ``ImageError/badGeometry(_:)`` where it cannot be drawn.
  public func image(scale: Double = 1) throws -> Image { try image(scale: scale, isSupported: cv_draws_svg() != 0) }

  package func image(scale: Double, isSupported: Bool) throws -> Image {
    guard isSupported else { throw ImageError.noVectorGraphics }
    var pixels = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    var bytes = Array(text(attributes: "xmlns=\"http://www.w3.org/2000/svg\" ").utf8)
    let status = cv_draw_svg(&bytes, bytes.count, scale, &pixels, &message)
    let reason = ImageDecoder.take(message)
    guard status == CV_OK else {
      throw ImageError.badGeometry("cannot draw a picture of \(width)×\(height): \(reason)")
    }
    return ImageDecoder.take(pixels)
  }
}

/// Text as it stands in HTML and XML, with spaces for what they do not allow.
package func escaped(_ text: String) -> String {
  var result = ""
  for character in text.unicodeScalars {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\n", "\t": result.unicodeScalars.append(character)
    case "\0"..<" ", "\u{7F}", "\u{FFFE}", "\u{FFFF}": result += " "
    default: result.unicodeScalars.append(character)
    }
  }
  return result
}
