import CZlib
import Files
import Foundation

/// IDX files, plain or gzipped: the format of MNIST and similar datasets.
///
/// An image file has the big-endian numbers 0x00000803, count, rows, columns, then one byte per sample; a label file
/// has 0x00000801, count, then one byte per label.
enum IDX {
  private static let imageMagic = 0x0803
  private static let labelMagic = 0x0801

  /// The largest number of samples.
  private static let limit = 4 << 30

  /// The types of samples by their code.
  private static let types = [
    8: "bytes", 9: "signed bytes", 0xb: "16-bit integers", 0xc: "32-bit integers", 0xd: "32-bit floating-point numbers",
    0xe: "64-bit floating-point numbers",
  ]

  /// Whether a file, plain or gzipped, starts like IDX of any type and of 1 to 5 dimensions.
  /// - Throws: `FileError` for a shortage.
  static func isIDX(_ path: String) throws -> Bool {
    guard let magic = try readable({ try Reader(path).number() }) ?? nil else { return false }
    return types[magic >> 8] != nil && (1...5).contains(magic & 255)
  }

  /// Says what a sound IDX file is that cannot be used as `wanted`.
  private static func explain(_ magic: Int, path: String, wanted: Int) -> DatasetError {
    guard let type = types[magic >> 8], (1...5).contains(magic & 255) else {
      return .malformed(path: path, reason: "it does not start like IDX \(wanted == imageMagic ? "images" : "labels")")
    }
    let dimensions = magic & 255
    if magic == labelMagic {
      return .unusable(
        path: path, reason: "it holds labels; give the file of the images, the labels beside it are found")
    }
    if magic >> 8 != 8 {
      return .unusable(
        path: path,
        reason: "its samples are \(type), but IDX \(wanted == imageMagic ? "images" : "labels") must be bytes 0 to 255 "
          + "(type 08); convert them, or save the images as PNG files and give their folder")
    }
    return .unusable(
      path: path,
      reason: "it has \(dimensions) dimension\(dimensions == 1 ? "" : "s"), but must have \(wanted & 255) "
        + (wanted == imageMagic
          ? "(count, rows, columns); save color images as PNG files and give their folder"
          : "(count); give the file of labels that belongs to the images")
    )
  }

  /// Reads images and the label file beside them, if any; 28×28 is padded with zeros to 32×32.
  /// - Parameter labelNames: the names of the classes, if known.
  /// - Throws: `FileError`, ``DatasetError``.
  static func open(_ path: String, name: String? = nil, labelNames: [String]? = nil) throws -> PixelCollection {
    let reader = try Reader(path)
    guard let magic = reader.number() else { throw reader.failure("it ends within its header") }
    guard magic == imageMagic else { throw explain(magic, path: path, wanted: imageMagic) }
    guard let count = reader.number(), let height = reader.number(), let width = reader.number() else {
      throw reader.failure("it ends within its header")
    }
    guard count > 0, (1...4096).contains(height), (1...4096).contains(width), count <= limit / (height * width) else {
      throw DatasetError.malformed(path: path, reason: "its header declares \(count) images of \(width)×\(height)")
    }
    let pixels = try reader.all(count * height * width)
    let labels = try labelFile(of: path).map { try self.labels($0, count: count) } ?? []
    let names = labelNames ?? labels.max().map { (0...$0).map(String.init) } ?? []
    return PixelCollection(
      name: name ?? FileSystem.name(of: Folder.of(path)),
      kind: "IDX", pixels: pixels, shape: .init(width: width, height: height, channels: 1), labels: labels,
      labelNames: labels.isEmpty ? [] : names, paddedSide: width == 28 && height == 28 ? 32 : 0)
  }

  /// The training images of a folder, under their usual names.
  static func trainingFile(in folder: String) -> String? {
    ["train-images-idx3-ubyte", "train-images.idx3-ubyte"].flatMap { ["\(folder)/\($0)", "\(folder)/\($0).gz"] }
      .first { FileSystem.exists($0) }
  }

  private static func labels(_ path: String, count: Int) throws -> [Int] {
    let reader = try Reader(path)
    guard let magic = reader.number() else { throw reader.failure("it ends within its header") }
    guard magic == labelMagic else { throw explain(magic, path: path, wanted: labelMagic) }
    guard let found = reader.number() else { throw reader.failure("it ends within its header") }
    guard found == count else {
      throw DatasetError.badLabels(
        path: path, reason: "there are \(found) labels for \(count) images; use matching files")
    }
    return try reader.all(count).map(Int.init)
  }

  private static func labelFile(of path: String) -> String? {
    var name = FileSystem.name(of: path)
    guard let images = name.range(of: "images") else { return nil }
    name.replaceSubrange(images, with: "labels")
    name = name.replacingOccurrences(of: "idx3", with: "idx1")
    let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    return [name, plain, plain + ".gz"].map { Folder.of(path) + "/" + $0 }
      .first { FileSystem.exists($0) }
  }

  /// Reads a file, plain or gzipped.
  private final class Reader {
    private let path: String
    private let file: gzFile

    init(_ path: String) throws {
      errno = 0
      guard let file = path.withPath({ gzopen($0, "rb") }) else {
        // zlib runs out of memory without an error number.
        throw FileError(.read, path: path, code: errno == 0 ? ENOMEM : errno)
      }
      gzbuffer(file, 1 << 17)
      (self.path, self.file) = (path, file)
    }

    deinit { gzclose(file) }

    /// Reads a big-endian 32-bit number; nil at the end of the file.
    func number() -> Int? {
      var bytes = [UInt8](repeating: 0, count: 4)
      guard gzread(file, &bytes, 4) == 4 else { return nil }
      return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The error after a read that ended early: of the system, or else damage.
    func failure(_ reason: String) -> any Error {
      var code: Int32 = 0
      _ = gzerror(file, &code)
      switch code {
      case Z_ERRNO: return FileError(.read, path: path, code: errno == 0 ? EIO : errno)
      case Z_MEM_ERROR: return FileError(.read, path: path, code: ENOMEM)
      default: return DatasetError.malformed(path: path, reason: reason)
      }
    }

    /// Reads exactly `count` bytes up to the end of the file.
    func all(_ count: Int) throws -> [UInt8] {
      var bytes: [UInt8] = []
      // A damaged header must not allocate much: grow with the data. One more byte detects the end.
      var block = [UInt8](repeating: 0, count: 1 << 20)
      while bytes.count <= count {
        let got = gzread(file, &block, UInt32(min(block.count, max(count - bytes.count, 1))))
        if got <= 0 { break }
        if bytes.count + Int(got) > bytes.capacity { try WholeFile.requireMemory(2 * bytes.count, for: path) }
        bytes += block[..<Int(got)]
      }
      guard bytes.count >= count else { throw failure("it ends after \(bytes.count) of \(count) samples") }
      // zlib reports a truncated gzip stream only by its error state.
      var code: Int32 = 0
      _ = gzerror(file, &code)
      guard code == Z_OK || code == Z_STREAM_END else {
        throw DatasetError.malformed(path: path, reason: "its gzip checksum is wrong or its end is missing")
      }
      guard bytes.count == count else {
        throw DatasetError.malformed(path: path, reason: "it has more than \(count) samples")
      }
      return bytes
    }
  }
}
