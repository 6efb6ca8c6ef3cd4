import CLibzip
import Datasets
import Files
import Foundation
import Images
import Testing

/// Writes bytes to `path`, making its folders.
func put(_ bytes: [UInt8], at path: String) throws {
  try Folder.make(Folder.of(path))
  try AtomicFile.write(bytes, to: path)
}

/// A picture without a pattern, different for each seed.
func noise(_ width: Int, _ height: Int, _ channels: Int = 3, seed: Int = 1) -> Image {
  var state = UInt32(truncatingIfNeeded: seed &* 7919 &+ 17)
  return Image(
    width: width, height: height, channels: channels,
    pixels: (0..<(width * height * channels)).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    })
}

/// Makes a ZIP archive with libzip, the entries deflated.
func makeZIP(_ path: String, _ entries: [(String, [UInt8])]) throws {
  var code: Int32 = 0
  let archive = try #require(zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code))
  for (name, bytes) in entries {
    let copy = try #require(malloc(max(1, bytes.count)))
    bytes.withUnsafeBytes { if !bytes.isEmpty { copy.copyMemory(from: $0.baseAddress!, byteCount: bytes.count) } }
    let source = try #require(zip_source_buffer(archive, copy, UInt64(bytes.count), 1))
    #expect(zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8)) >= 0)
  }
  try #require(zip_close(archive) == 0)
}

/// A dataset in memory whose images tell their number: sample 0 of image i is i, its mirror image ends with it.
struct NumberedDataset: ImageDataset {
  struct Damage: Error, Equatable { let file: String }

  let count: Int
  var channels = 1
  var resolution = 4
  var labelCount = 3
  /// The image that cannot be read.
  var damaged: Int?
  /// Called on each reading, on the loader's threads.
  var onRead: @Sendable (Int) -> Void = { _ in }

  let name = "numbered"
  let labelNames: [String] = []
  let fingerprint = "0"

  func label(at index: Int) -> Int? { labelCount > 0 ? index % labelCount : nil }

  func image(at index: Int) throws -> [UInt8] {
    onRead(index)
    if index == damaged { throw Damage(file: "image \(index)") }
    // Rows of 4: the number in base 256, then 0 1 — never the same from right to left.
    return (0..<(channels * resolution * resolution)).map {
      switch $0 % resolution {
      case 0: UInt8(index & 255)
      case 1: UInt8(index >> 8)
      default: UInt8($0 % resolution == resolution - 1 ? 255 : 254)
      }
    }
  }

  /// The number and the mirroring that pixels of `image(at:)` tell.
  static func number(of pixels: ArraySlice<UInt8>) -> (image: Int, mirrored: Bool) {
    let row = Array(pixels.prefix(4))
    return row[3] == 255 && row[2] == 254
      ? (Int(row[0]) | Int(row[1]) << 8, false) : (Int(row[3]) | Int(row[2]) << 8, true)
  }
}

/// An entry of ``rawZIP(_:)``.
struct RawEntry {
  var name: [UInt8]
  var bytes: [UInt8]
  /// 0 stored; for other methods the bytes are written as they are.
  var method: UInt16 = 0
  /// Bit 0: encrypted.
  var flags: UInt16 = 0

  init(_ name: [UInt8], _ bytes: [UInt8], method: UInt16 = 0, flags: UInt16 = 0) {
    (self.name, self.bytes, self.method, self.flags) = (name, bytes, method, flags)
  }

  init(_ name: String, _ bytes: [UInt8]) { self.init(Array(name.utf8), bytes) }
}

/// A ZIP archive with exactly these names, methods and flags, which libzip would not write.
func rawZIP(_ entries: [RawEntry]) -> [UInt8] {
  func number(_ value: Int, _ length: Int) -> [UInt8] { (0..<length).map { UInt8(value >> (8 * $0) & 255) } }
  func checksum(_ bytes: [UInt8]) -> Int {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return Int(~crc)
  }
  var (out, directory): ([UInt8], [UInt8]) = ([], [])
  for entry in entries {
    let common =
      number(20, 2) + number(Int(entry.flags), 2) + number(Int(entry.method), 2) + number(0x21_0000, 4)
      + number(checksum(entry.bytes), 4) + number(entry.bytes.count, 4) + number(entry.bytes.count, 4)
      + number(entry.name.count, 2) + number(0, 2)
    directory += number(0x0201_4b50, 4) + number(20, 2) + common + number(0, 10) + number(out.count, 4) + entry.name
    out += number(0x0403_4b50, 4) + common + entry.name + entry.bytes
  }
  let end = number(0x0605_4b50, 4) + number(0, 4) + number(entries.count, 2) + number(entries.count, 2)
  return out + directory + end + number(directory.count, 4) + number(out.count, 4) + number(0, 2)
}
