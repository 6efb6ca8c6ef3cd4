import Files
import Images

/// Stored images of any size and format, in a fixed order: the source of ``UniformDataset``, ``DatasetInspection`` and
/// ``DatasetBuilder``. Thread-safe.
package protocol ImageCollection: Sendable {
  /// The name of the file or folder.
  var name: String { get }
  /// The kind in reports: "folder", "ZIP", "IDX" or "CIFAR-10".
  var kind: String { get }
  /// The number of images, at least 1.
  var count: Int { get }
  /// The number of classes; 0 without labels.
  var labelCount: Int { get }
  /// The names of the classes, or empty.
  var labelNames: [String] { get }
  /// Whether reading an image is only a copy.
  var isInMemory: Bool { get }
  /// What it holds besides its images.
  var omissions: DatasetOmissions { get }

  /// The path of an image in the collection.
  func itemName(at index: Int) -> String
  /// The class of an image.
  func label(at index: Int) -> Int?
  /// A number that changes with the content, as far as known without decoding: size, checksum.
  func stamp(at index: Int) throws -> UInt64
  /// The size and channels of an image.
  func header(at index: Int) throws -> ImageDecoder.Header
  /// The stored file; nil for raw pixels.
  func file(at index: Int) throws -> [UInt8]?
  /// The decoded image.
  func image(at index: Int) throws -> Image
}

extension ImageCollection {
  package var omissions: DatasetOmissions { DatasetOmissions() }
  package func file(at index: Int) throws -> [UInt8]? { nil }

  /// A digest of names, labels, stamps, `numbers` and about 64 evenly spaced files, as 16 hexadecimal digits. Equal
  /// sizes and checksums alone do not mean equal images, see ``Digest``.
  package func fingerprint(with numbers: [Int] = []) throws -> String {
    var digest = Digest()
    for number in [count, labelCount] + numbers { digest.add(UInt64(number)) }
    for index in 0..<count {
      digest.add(itemName(at: index))
      digest.add(UInt64(bitPattern: Int64(label(at: index) ?? -1)))
      digest.add(try stamp(at: index))
    }
    // Ignore an unreadable file here; reading it later reports the error.
    for index in sampled {
      if let file = try readable({ try self.file(at: index) }) ?? nil { file.withUnsafeBytes { digest.add($0) } }
    }
    return digest.hexadecimal
  }
}

/// Images of equal size as raw samples in memory (IDX, CIFAR).
package struct PixelCollection: ImageCollection {
  package let name: String
  package let kind: String
  package let labelNames: [String]
  package let labelCount: Int
  package let count: Int
  let shape: ImageDecoder.Header
  /// `[count, channels, height, width]`.
  let pixels: [UInt8]
  let labels: [Int]
  /// Images are padded with zeros to squares of this side; 0 for none.
  let paddedSide: Int

  init(
    name: String, kind: String, pixels: [UInt8], shape: ImageDecoder.Header, labels: [Int], labelNames: [String],
    paddedSide: Int = 0
  ) {
    (self.name, self.kind, self.pixels, self.labels) = (name, kind, pixels, labels)
    (self.shape, self.paddedSide) = (shape, paddedSide)
    count = pixels.count / (shape.width * shape.height * shape.channels)
    labelCount = labels.isEmpty ? 0 : max(labelNames.count, labels.max()! + 1)
    self.labelNames = labelNames.count == labelCount ? labelNames : []
  }

  private func range(of index: Int) -> Range<Int> {
    let size = pixels.count / count
    return index * size..<(index + 1) * size
  }

  package var isInMemory: Bool { true }
  package func itemName(at index: Int) -> String { "image \(index)" }
  package func label(at index: Int) -> Int? { labels.isEmpty ? nil : labels[index] }

  package func stamp(at index: Int) -> UInt64 {
    var digest = Digest()
    pixels.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[range(of: index)])) }
    return digest.value
  }

  package func header(at index: Int) -> ImageDecoder.Header {
    paddedSide > 0 ? .init(width: paddedSide, height: paddedSide, channels: shape.channels) : shape
  }

  package func image(at index: Int) throws -> Image {
    let image = Image(
      planar: Array(pixels[range(of: index)]), channels: shape.channels, height: shape.height, width: shape.width)
    return paddedSide > 0 ? try image.padded(width: paddedSide, height: paddedSide) : image
  }
}
