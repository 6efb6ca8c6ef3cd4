import Images

/// Reads the header of a PNG from the start of its file, so that large datasets open fast.
enum PNGHeader {
  /// The number of bytes to read.
  static let prefix = 4096

  /// The header; nil if the decoder must read it: no PNG, an orientation, transparency, chunks beyond the prefix.
  static func read(_ bytes: [UInt8]) -> ImageDecoder.Header? {
    func number(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
    guard bytes.count >= 33, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      bytes[12..<16].elementsEqual("IHDR".utf8)
    else { return nil }
    let (width, height) = (number(16), number(20))
    guard (1...32_768).contains(width), (1...32_768).contains(height) else { return nil }
    var at = 33
    // Chunks before the pixels: length, type, content, checksum.
    while at + 8 <= bytes.count {
      let type = String(decoding: bytes[(at + 4)..<(at + 8)], as: UTF8.self)
      switch type {
      case "IDAT":
        // By color type: gray, RGB, palette, gray with alpha, RGB with alpha.
        let channels = [0: 1, 2: 3, 3: 3, 4: 4, 6: 4][bytes[25]]
        return channels.map { ImageDecoder.Header(width: width, height: height, channels: $0) }
      case "tRNS", "eXIf", "acTL", "IEND": return nil
      default: at += 12 + number(at)
      }
    }
    return nil
  }
}
