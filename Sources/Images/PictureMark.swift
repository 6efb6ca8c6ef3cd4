import Files
import Foundation

/// A mark in the pictures and animations that the program draws: a text and a digest of the file.
///
/// A command replaces an existing file only if it has a mark that is still true: a picture of the user's, or a drawn one
/// that was changed since, is never overwritten. PNG has the mark as a text chunk, GIF as a comment, WebP as a chunk of
/// its own, MP4 as a free box. Decoders ignore it.
public enum PictureMark {
  private enum Kind { case png, gif, webP, mp4 }

  /// 40 bytes with the digest.
  private static let text = "swift-stylegan picture: "
  private static let length = 40

  /// The file with a mark; unchanged for other formats.
  public static func marked(_ bytes: [UInt8]) -> [UInt8] {
    guard let kind = kind(of: bytes) else { return bytes }
    let tail = tail(kind)
    let words = Array((text + digest(bytes)).utf8)
    var marked = Array(bytes.dropLast(tail))
    marked += prefix(kind) + words + suffix(kind, words) + bytes.suffix(tail)
    if kind == .webP { addToRIFFSize(&marked, marked.count - bytes.count) }
    return marked
  }

  /// Whether the file has a mark, and nothing in it was changed since.
  public static func isTrue(in bytes: [UInt8]) -> Bool {
    guard let kind = kind(of: bytes) else { return false }
    let (prefix, tail) = (prefix(kind), tail(kind))
    let size = prefix.count + length + suffix(kind, []).count
    let start = bytes.count - tail - size
    guard start > 16, bytes[start...].starts(with: prefix) else { return false }
    let words = bytes[(start + prefix.count)...].prefix(length)
    guard bytes[(start + prefix.count + length)...].starts(with: suffix(kind, Array(words))) else { return false }
    var plain = Array(bytes[..<start] + bytes.suffix(tail))
    if kind == .webP { addToRIFFSize(&plain, -size) }
    return Array(words) == Array((text + digest(plain)).utf8)
  }

  /// Whether the file at a path has a mark, and nothing in it was changed since. A file that cannot be read has none.
  public static func isTrue(at path: String) -> Bool {
    (try? WholeFile.bytes(of: path, limit: .max)).map(isTrue) ?? false
  }

  /// Writes a file with a mark, atomically.
  /// - Parameter body: writes the file without a mark to the path it gets, which has the same extension.
  /// - Throws: `FileError`, or the error of `body`; `path` is then unchanged.
  public static func write(to path: String, _ body: (_ temporary: String) throws -> Void) throws {
    let ending = path.split(separator: ".").last.map { ".\($0)" } ?? ""
    let temporary = "\(Folder.of(path))/\(AtomicFile.temporaryPrefix)\(UUID().uuidString)\(ending)"
    defer { unlink(temporary) }
    do {
      try body(temporary)
      try AtomicFile.write(marked(try WholeFile.bytes(of: temporary, limit: .max)), to: path)
    } catch let error as FileError where error.path == temporary {
      throw FileError(error.operation, path: path, code: error.code)
    }
  }

  private static func kind(of bytes: [UInt8]) -> Kind? {
    func has(_ text: String, at offset: Int) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
    guard bytes.count > 32 else { return nil }
    if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) { return .png }
    if has("GIF8", at: 0) { return .gif }
    if has("RIFF", at: 0), has("WEBP", at: 8) { return .webP }
    return has("ftyp", at: 4) ? .mp4 : nil
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    var digest = Digest()
    bytes.withUnsafeBytes { digest.add($0) }
    return digest.hexadecimal
  }

  /// The bytes of the file after the mark: PNG's chunk IEND, GIF's trailer.
  private static func tail(_ kind: Kind) -> Int { kind == .png ? 12 : kind == .gif ? 1 : 0 }

  private static func prefix(_ kind: Kind) -> [UInt8] {
    switch kind {
    case .png: bigEndian(UInt32(length + 9)) + Array("tEXtSoftware\0".utf8)
    case .gif: [0x21, 0xfe, UInt8(length)]
    case .webP: Array("sgan".utf8) + bigEndian(UInt32(length).byteSwapped)
    case .mp4: bigEndian(UInt32(length + 8)) + Array("free".utf8)
    }
  }

  private static func suffix(_ kind: Kind, _ words: [UInt8]) -> [UInt8] {
    switch kind {
    case .png: bigEndian(checksum(prefix(.png).dropFirst(4) + words))
    case .gif: [0]
    case .webP, .mp4: []
    }
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  /// Bytes 4 to 7 of a WebP file: the size of the rest, little-endian.
  private static func addToRIFFSize(_ bytes: inout [UInt8], _ difference: Int) {
    let size =
      (4..<8).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) } &+ UInt32(truncatingIfNeeded: difference)
    bytes.replaceSubrange(4..<8, with: bigEndian(size.byteSwapped))
  }

  /// CRC-32 of a PNG chunk (ISO 3309).
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
  }
}
