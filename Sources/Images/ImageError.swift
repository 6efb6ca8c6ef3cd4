/// An image cannot be read, changed or written. `name` is the file or `archive.zip:entry`.
public enum ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file has 0 bytes.
  case empty(name: String)
  /// The file is not an image of a known format.
  case notAnImage(name: String)
  /// The file is truncated.
  case truncated(name: String)
  /// The image is damaged; `reason` is the decoder's message.
  case unreadable(name: String, reason: String)
  /// The image or file exceeds `limit`.
  case tooLarge(name: String, width: Int, height: Int, limit: String)
  /// The file holds several frames or pages.
  case animated(name: String, pages: Int)
  /// Images cannot be written with this extension.
  case unsupportedExtension(name: String)
  /// The encoder failed.
  case notEncoded(name: String, reason: String)
  /// A size or position is invalid.
  case badGeometry(String)
  /// The installed libvips cannot draw SVG; plots need it.
  case noVectorGraphics

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .empty(let name): "\(name) is empty (0 bytes); delete it or copy it again"
    case .notAnImage(let name):
      "\(name) is not an image of a known format; use PNG, JPEG, WebP, GIF, TIFF, BMP, HEIF, AVIF, JPEG 2000 or PPM"
    case .truncated(let name): "\(name) is truncated; copy it again from its source or delete it"
    case .unreadable(let name, let reason): "\(name) is damaged (\(reason)); copy it again from its source or delete it"
    case .tooLarge(let name, let width, let height, let limit):
      "\(name) is too large (\(width > 0 ? "\(width)×\(height), " : "")the limit is \(limit)); reduce it first"
    case .animated(let name, let pages): "\(name) holds \(pages) frames or pages; save one of them as a separate image"
    case .unsupportedExtension(let name): "the extension of \(name) names no format; use .png, .jpg or .webp"
    case .notEncoded(let name, let reason): "cannot encode \(name) (\(reason)); try PNG or a smaller image"
    case .badGeometry(let what): what
    case .noVectorGraphics: "plots need SVG, but this libvips lacks it; install a libvips with librsvg"
    }
  }
}
