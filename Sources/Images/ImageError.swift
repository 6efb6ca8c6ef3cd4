/// Why a picture could not be read, changed or written. `name` is the file (or `archive.zip:entry`) it is about.
public enum ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file has no bytes at all.
  case empty(name: String)
  /// The bytes are no picture of a kind that is known.
  case notAnImage(name: String)
  /// The file ends before the picture does.
  case truncated(name: String)
  /// The picture is damaged; `reason` is the decoder's word on it.
  case unreadable(name: String, reason: String)
  /// More pixels, or more bytes, than the limits allow; `limit` says which.
  case tooLarge(name: String, width: Int, height: Int, limit: String)
  /// The file holds several frames or pages.
  case animated(name: String, pages: Int)
  /// Pictures cannot be written with this extension.
  case unsupportedExtension(name: String)
  /// The encoder refused.
  case notEncoded(name: String, reason: String)
  /// A crop, a resize or a grid that has no meaning.
  case badGeometry(String)
  /// The libvips that is installed cannot draw SVG, and so no plots.
  case noVectorGraphics

  /// One sentence for people that says what to do.
  public var description: String {
    switch self {
    case .empty(let name): "\(name) is empty (0 bytes); delete it or copy it again"
    case .notAnImage(let name):
      "\(name) is not an image of a known kind; use PNG, JPEG, WebP, GIF, TIFF, BMP, HEIF, AVIF, JPEG 2000 or PPM"
    case .truncated(let name): "\(name) is truncated; copy it again from its source or delete it"
    case .unreadable(let name, let reason): "\(name) is damaged (\(reason)); copy it again from its source or delete it"
    case .tooLarge(let name, let width, let height, let limit):
      width > 0
        ? "\(name) is too large (\(width)×\(height), the limit is \(limit)); reduce it first"
        : "\(name) is too large (the limit is \(limit)); reduce it first"
    case .animated(let name, let pages):
      "\(name) holds \(pages) frames or pages; save the one that you want as an image of its own"
    case .unsupportedExtension(let name): "cannot tell the format of \(name); give it the extension .png, .jpg or .webp"
    case .notEncoded(let name, let reason): "could not encode \(name) (\(reason)); try PNG, or a smaller picture"
    case .badGeometry(let what): what
    case .noVectorGraphics:
      "plots need SVG support, which this libvips lacks; install a libvips that is built with librsvg"
    }
  }
}
