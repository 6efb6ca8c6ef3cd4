import CVips
import Files
import Foundation

/// Decodes images of any common format to upright 8-bit sRGB; thread-safe.
///
/// Applies the EXIF orientation, converts CMYK and ICC profiles that fit the pixels to sRGB, expands palettes, and converts
/// gray with alpha to color with alpha. Samples are scaled from the range of their type: 16 bits by 1/257 with rounding,
/// 32-bit integers from their whole range, floating-point numbers from 0…1; other ranges are refused. What a decoder
/// reports as damage is an error. Colors hidden under alpha 0 are kept, see ``Image/withoutHiddenColors()``.
public enum ImageDecoder {
  /// The limits, checked before decoding.
  public struct Limits: Sendable {
    /// The longest side in pixels.
    public var side: Int
    /// The most pixels.
    public var pixels: Int
    /// The largest file size in bytes.
    public var bytes: Int

    /// Limits with these values.
    public init(side: Int = 32_768, pixels: Int = 512 << 20, bytes: Int = 512 << 20) {
      (self.side, self.pixels, self.bytes) = (side, pixels, bytes)
    }
  }

  /// The handling of animations and documents with several pages.
  public enum Pages: Sendable {
    /// They are an error.
    case single
    /// The first frame or page is read.
    case first
  }

  /// The content of a file's header.
  public struct Header: Sendable, Equatable {
    /// The width in pixels, after applying the EXIF orientation.
    public let width: Int
    /// The height in pixels, after applying the EXIF orientation.
    public let height: Int
    /// The channels after decoding: 1 (gray), 3 (color) or 4 (with alpha).
    public let channels: Int
    /// The number of frames or pages.
    public let pages: Int

    /// A header with these values.
    public init(width: Int, height: Int, channels: Int, pages: Int = 1) {
      (self.width, self.height, self.channels, self.pages) = (width, height, channels, pages)
    }
  }

  /// Reads and decodes a file.
  /// - Throws: `FileError` if it cannot be read, ``ImageError`` if it is not a valid image or exceeds the limits.
  public static func decode(
    contentsOf path: String, pages: Pages = .single, limits: Limits = Limits()
  ) throws -> Image { try decode(try file(at: path, limit: limits.bytes), name: path, pages: pages, limits: limits) }

  /// Decodes a file in memory.
  /// - Parameter name: the name in errors.
  /// - Throws: ``ImageError``.
  public static func decode(
    _ bytes: [UInt8], name: String = "the image", pages: Pages = .single, limits: Limits = Limits()
  ) throws -> Image {
    guard !bytes.isEmpty else { throw ImageError.empty(name: name) }
    var header = cv_header()
    var pixels = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    let status = bytes.withUnsafeBytes {
      cv_decode(
        $0.baseAddress, $0.count, Int32(clamping: limits.side), Int64(limits.pixels), pages == .first ? 1 : 0, &header,
        &pixels, &message)
    }
    let reason = take(message)
    switch status {
    case CV_OK: return try take(pixels, name: name)
    case CV_TOO_LARGE:
      let limit =
        header.width > limits.side || header.height > limits.side
        ? "\(limits.side) pixels a side" : "\(limits.pixels >> 20) megapixels"
      throw ImageError.tooLarge(name: name, width: Int(header.width), height: Int(header.height), limit: limit)
    case CV_ANIMATED: throw ImageError.animated(name: name, pages: Int(header.pages))
    default: throw failure(status, name: name, reason: reason, bytes: bytes)
    }
  }

  /// Reads the header of a file without decoding its pixels.
  /// - Throws: `FileError` if it cannot be read, ``ImageError`` if its header is invalid.
  public static func header(contentsOf path: String, limits: Limits = Limits()) throws -> Header {
    try header(of: try file(at: path, limit: limits.bytes), name: path)
  }

  /// Reads the header of a file in memory.
  /// - Throws: ``ImageError``.
  public static func header(of bytes: [UInt8], name: String = "the image") throws -> Header {
    guard !bytes.isEmpty else { throw ImageError.empty(name: name) }
    var header = cv_header()
    var message: UnsafeMutablePointer<CChar>?
    let status = bytes.withUnsafeBytes { cv_read_header($0.baseAddress, $0.count, &header, &message) }
    let reason = take(message)
    guard status == CV_OK else { throw failure(status, name: name, reason: reason, bytes: bytes) }
    return Header(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels), pages: Int(header.pages))
  }

  /// The bytes of an image file.
  /// - Parameter limit: the largest file size in bytes.
  /// - Throws: `FileError`; ``ImageError`` if it is not a regular file or too large.
  package static func file(at path: String, limit: Int = 512 << 20) throws -> [UInt8] {
    do { return try WholeFile.bytes(of: path, limit: limit) } catch let error as FileError where error.isWrongKind {
      throw error.code == EFBIG
        ? ImageError.tooLarge(name: path, width: 0, height: 0, limit: "\(limit >> 20) MiB a file")
        : ImageError.notAnImage(name: path)
    }
  }

  private static func failure(_ status: cv_status, name: String, reason: String, bytes: [UInt8]) -> ImageError {
    if let shortage = shortage(status, name: name) { return shortage }
    switch status {
    case CV_NOT_AN_IMAGE: return .notAnImage(name: name)
    case CV_UNSUPPORTED: return .unsupported(name: name, reason: reason)
    case CV_BAD_HEADER, CV_BAD_PIXELS:
      // The decoders' messages for truncated files; libpng has none, but a complete PNG ends with an IEND chunk.
      let signs = [
        "premature end of jpeg file", "truncated", "end of stream", "unexpected end", "not enough data", "eof",
        "bytes, expected", "area too small",
      ]
      let text = reason.lowercased()
      let endless = bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) && !bytes.suffix(64).contains("IEND".utf8)
      return endless || signs.contains { text.contains($0) }
        ? .truncated(name: name) : .unreadable(name: name, reason: reason)
    default: return .unreadable(name: name, reason: reason)
    }
  }

  /// The error of a shortage; nil for other results.
  static func shortage(_ status: cv_status, name: String) -> ImageError? {
    switch status {
    case CV_NO_MEMORY: .shortage(name: name, of: .memory)
    case CV_NO_THREADS: .shortage(name: name, of: .threads)
    case CV_NO_DESCRIPTORS: .shortage(name: name, of: .descriptors)
    default: nil
    }
  }

  /// Copies a message of the shim as one line and frees it.
  static func take(_ message: UnsafeMutablePointer<CChar>?) -> String {
    guard let message else { return "" }
    defer { free(message) }
    let lines = String(cString: message).split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    var seen = Set<String>()
    return lines.filter { !$0.isEmpty && seen.insert($0).inserted }.joined(separator: "; ")
  }

  /// Copies pixels of the shim and frees them.
  /// - Throws: ``ImageError/shortage(name:of:)`` if there is no memory for the copy.
  static func take(_ pixels: cv_pixels, name: String) throws -> Image {
    defer { cv_free(pixels.data) }
    // An array that gets no memory traps.
    guard let probe = malloc(pixels.size) else { throw ImageError.shortage(name: name, of: .memory) }
    free(probe)
    return Image(
      width: Int(pixels.width), height: Int(pixels.height), channels: Int(pixels.channels),
      pixels: [UInt8](UnsafeBufferPointer(start: pixels.data, count: pixels.size)))
  }
}
