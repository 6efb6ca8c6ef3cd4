import CVips
import Files

extension Image {
  /// A file format with its options.
  public enum Format: Sendable, Equatable {
    /// Lossless; `compression` 0 (none, fastest) … 9 (smallest).
    case png(compression: Int = 6)
    /// Lossy, without alpha; `quality` 1…100.
    case jpeg(quality: Int = 92)
    /// Lossy; `quality` 1…100.
    case webp(quality: Int = 90)
    /// Lossless WebP.
    case losslessWebP

    /// The format for the extension of `path`.
    /// - Throws: ``ImageError/unsupportedExtension(name:)``.
    public init(path: String) throws {
      let name = path.split(separator: "/").last ?? ""
      switch name.split(separator: ".").count > 1 ? name.split(separator: ".").last!.lowercased() : "" {
      case "png": self = .png()
      case "jpg", "jpeg": self = .jpeg()
      case "webp": self = .webp()
      default: throw ImageError.unsupportedExtension(name: path)
      }
    }
  }

  /// Encodes the image as a PNG file in memory; equal pixels give equal bytes.
  ///
  /// For a web page or a window: `Data(try image.pngData())`.
  /// - Throws: ``ImageError/notEncoded(name:reason:)``.
  public func pngData() throws -> [UInt8] { try data(.png()) }

  /// Encodes the image in this format.
  /// - Throws: ``ImageError/notEncoded(name:reason:)``.
  public func data(_ format: Format) throws -> [UInt8] { try data(format, name: "the image") }

  /// Writes PNG, JPEG or WebP, by extension, atomically (see `AtomicFile`).
  /// - Throws: ``ImageError``, `FileError`.
  public func write(to path: String) throws {
    try AtomicFile.write(try data(try Format(path: path), name: path), to: path)
  }

  private func data(_ format: Format, name: String) throws -> [UInt8] {
    let (kind, effort): (cv_format, Int)
    var image = self
    switch format {
    case .png(let compression): (kind, effort) = (CV_PNG, min(max(compression, 0), 9))
    case .jpeg(let quality):
      (kind, effort) = (CV_JPEG, min(max(quality, 1), 100))
      if channels == 4 { image = image.converted(toChannels: 3) }
    case .webp(let quality): (kind, effort) = (CV_WEBP, min(max(quality, 1), 100))
    case .losslessWebP: (kind, effort) = (CV_WEBP_LOSSLESS, 75)
    }
    return try image.pixels.withUnsafeBufferPointer { pixels in
      try Self.encoded(name: name) {
        cv_encode(
          pixels.baseAddress, Int32(image.width), Int32(image.height), Int32(image.channels), 1, nil, kind,
          Int32(effort), $0, $1, $2)
      }
    }
  }

  /// Runs an encoder of the shim and copies its bytes.
  /// - Throws: ``ImageError/notEncoded(name:reason:)``.
  static func encoded(
    name: String,
    _ call: (
      UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> cv_status
  ) throws -> [UInt8] {
    var bytes: UnsafeMutableRawPointer?
    var size = 0
    var message: UnsafeMutablePointer<CChar>?
    let status = call(&bytes, &size, &message)
    let reason = ImageDecoder.take(message)
    if let shortage = ImageDecoder.shortage(status, name: name) { throw shortage }
    guard status == CV_OK, let bytes else { throw ImageError.notEncoded(name: name, reason: reason) }
    defer { cv_free(bytes) }
    return [UInt8](UnsafeRawBufferPointer(start: bytes, count: size))
  }
}
