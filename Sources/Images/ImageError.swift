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
  /// The image is of a kind that is not read; `reason` says which, and what its samples are.
  case unsupported(name: String, reason: String)
  /// The image cannot be decoded now, because the process lacks `resource`. It is not damaged.
  case shortage(name: String, of: Resource)
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

  /// What a process may lack.
  public enum Resource: Sendable {
    /// Memory.
    case memory
    /// File descriptors: the process may not open another file.
    case descriptors
    /// Threads: the process may not start another one.
    case threads
  }

  /// Whether the process lacks something, and the image may be sound; another attempt may succeed.
  public var isShortage: Bool { if case .shortage = self { true } else { false } }

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .empty(let name): "\(name) is empty (0 bytes); delete it or copy it again"
    case .notAnImage(let name):
      "\(name) is not an image of a known format; use PNG, JPEG, WebP, GIF, TIFF, BMP, HEIF, AVIF, JPEG 2000 or PPM"
    case .truncated(let name): "\(name) is truncated; copy it again from its source or delete it"
    case .unreadable(let name, let reason):
      "\(name) is damaged\(reason.isEmpty ? "" : " (\(reason))"); copy it again from its source or delete it"
    case .unsupported(let name, let reason):
      "\(name) cannot be read: \(reason); save it again with 8 or 16 bits a channel, such as a PNG"
    case .shortage(let name, .memory): "there is not enough memory for \(name); use fewer threads or a smaller image"
    case .shortage(let name, .descriptors):
      "\(name) cannot be read: too many files are open; raise the limit with `ulimit -n` or use fewer threads"
    case .shortage(let name, .threads):
      "\(name) cannot be read: the system starts no more threads; raise the limit with `ulimit -u` or use fewer threads"
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
