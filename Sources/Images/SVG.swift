import CVips
import Foundation

/// An SVG image for web pages; libvips (librsvg) renders it. The default color is that of the surrounding text, and the
/// background is transparent.
public struct SVG: Sendable {
  /// The size in CSS pixels.
  public let width, height: Int
  private var content = ""

  /// An empty image.
  public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  /// Adds an element above the others.
  /// - Parameter attributes: `Double`s get at most two decimals.
  /// - Parameter text: the content, or nil.
  mutating func add(
    _ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>, text: String? = nil
  ) {
    open(name, attributes)
    if let text { content += escaped(text) }
    close(name)
  }

  /// Begins an element; it contains everything up to ``close(_:)``.
  mutating func open(_ name: String, _ attributes: KeyValuePairs<String, any CustomStringConvertible>) {
    content += "<\(name)"
    for (key, value) in attributes {
      content += " \(key)=\"\((value as? Double).map(Self.number) ?? escaped(value.description))\""
    }
    content += ">"
  }

  /// Ends the innermost element.
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

  /// The SVG element, for a page or a file.
  /// - Parameter label: the text alternative (aria-label).
  /// - Parameter attributes: further attributes of the element; a file needs the namespace.
  public func text(label: String = "", attributes: String = "") -> String {
    """
    <svg \(attributes)viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
    role="img" aria-label="\(escaped(label))" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">
    \(content)</svg>

    """
  }

  /// Renders in color with alpha; the text color is black. Equal SVGs give equal pixels.
  /// - Parameter scale: image pixels per CSS pixel.
  /// - Throws: ``ImageError/noVectorGraphics``; ``ImageError/badGeometry(_:)`` if rendering fails.
  public func image(scale: Double = 1) throws -> Image { try image(scale: scale, isSupported: cv_draws_svg() != 0) }

  package func image(scale: Double, isSupported: Bool) throws -> Image {
    guard isSupported else { throw ImageError.noVectorGraphics }
    var pixels = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    var bytes = Array(text(attributes: "xmlns=\"http://www.w3.org/2000/svg\" ").utf8)
    let status = cv_draw_svg(&bytes, bytes.count, scale, &pixels, &message)
    let reason = ImageDecoder.take(message)
    if let shortage = ImageDecoder.shortage(status, name: "an image of \(width)×\(height)") { throw shortage }
    guard status == CV_OK else { throw ImageError.badGeometry("cannot draw an image of \(width)×\(height): \(reason)") }
    return try ImageDecoder.take(pixels, name: "an image of \(width)×\(height)")
  }
}

/// Escapes text for HTML and XML; spaces replace forbidden characters.
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
