import CVips
import Files
import Foundation

/// Reads pictures of any common kind as upright 8-bit sRGB.
///
/// EXIF orientation is applied; ICC profiles and CMYK are converted to sRGB; 16-bit samples are scaled by 1/257 and rounded;
/// palettes are expanded; grey with alpha becomes colour with alpha. A file that ends early is an error, never half a picture.
/// Safe to call from any thread.
public enum ImageDecoder {
  /// What is refused before any pixel is decoded.
  public struct Limits: Sendable {
    /// Longest side in pixels.
    public var side: Int
    /// Most pixels in all.
    public var pixels: Int
    /// Most bytes of a file.
    public var bytes: Int

    /// Limits on a picture.
    public init(side: Int = 32_768, pixels: Int = 512 << 20, bytes: Int = 512 << 20) {
      self.side = side
      self.pixels = pixels
      self.bytes = bytes
    }
  }

  /// What to do with animations and documents of several pages.
  public enum Pages: Sendable {
    /// They are an error.
    case single
    /// The first frame or page is read.
    case first
  }

  /// What the header of a file says.
  public struct Header: Sendable, Equatable {
    /// Pixels in a row, after turning by the EXIF orientation.
    public let width: Int
    /// Rows, after turning by the EXIF orientation.
    public let height: Int
    /// 1 (grey), 3 (colour) or 4 (with alpha): the channels of the decoded picture.
    public let channels: Int
    /// Frames or pages; 1 for an ordinary picture.
    public let pages: Int

    /// A header with these values.
    public init(width: Int, height: Int, channels: Int, pages: Int = 1) {
      self.width = width
      self.height = height
      self.channels = channels
      self.pages = pages
    }
  }

  /// Reads and decodes a file.
  ///
  /// - Throws: `FileError` if it cannot be read, ``ImageError`` if it is no sound picture or breaks the limits.
  public static func decode(
    contentsOf path: String, pages: Pages = .single, limits: Limits = Limits()
  ) throws -> Image { try decode(try file(at: path, limit: limits.bytes), name: path, pages: pages, limits: limits) }

  /// Decodes a file that is in memory.
  ///
  /// - Parameter name: what errors call it.
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
    case CV_OK: return take(pixels)
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
  ///
  /// - Throws: `FileError` if it cannot be read, ``ImageError`` if it has no sound header.
  public static func header(contentsOf path: String, limits: Limits = Limits()) throws -> Header {
    try header(of: try file(at: path, limit: limits.bytes), name: path)
  }

  /// Reads the header of a file that is in memory.
  ///
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

  /// The bytes of a file that should be a picture.
  ///
  /// - Parameter limit: longest file that is read.
  /// - Throws: `FileError`, or ``ImageError`` for what is no file or too large for a picture.
  package static func file(at path: String, limit: Int = 512 << 20) throws -> [UInt8] {
    do { return try WholeFile.bytes(of: path, limit: limit) } catch let error as FileError where error.isWrongKind {
      throw error.code == EFBIG
        ? ImageError.tooLarge(name: path, width: 0, height: 0, limit: "\(limit >> 20) MiB a file")
        : ImageError.notAnImage(name: path)
    }
  }

  private static func failure(_ status: cv_status, name: String, reason: String, bytes: [UInt8]) -> ImageError {
    switch status {
    case CV_NOT_AN_IMAGE: return .notAnImage(name: name)
    case CV_BAD_HEADER, CV_BAD_PIXELS:
      // The decoders' own words for a file that ends early; libpng has none, but every PNG ends with an IEND chunk.
      let signs = [
        "premature end", "truncated", "end of stream", "unexpected end", "end of data", "not enough data", "eof",
      ]
      let text = reason.lowercased()
      let endless = bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) && !bytes.suffix(64).contains("IEND".utf8)
      return endless || signs.contains { text.contains($0) }
        ? .truncated(name: name) : .unreadable(name: name, reason: reason)
    default: return .unreadable(name: name, reason: reason)
    }
  }

  /// Copies a message of the shim into one line and frees it.
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
  static func take(_ pixels: cv_pixels) -> Image {
    defer { cv_free(pixels.data) }
    return Image(
      width: Int(pixels.width), height: Int(pixels.height), channels: Int(pixels.channels),
      pixels: [UInt8](UnsafeBufferPointer(start: pixels.data, count: pixels.size)))
  }
}
