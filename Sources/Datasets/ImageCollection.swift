import Files
import Images

/// Pictures as they are stored: of any size and kind, in a fixed order. What ``ImageDataset`` is made from, and what
/// checking and building read. Safe to use from any thread.
package protocol ImageCollection: Sendable {
  /// The name of the file or folder.
  var name: String { get }
  /// What it is, for people: "folder", "ZIP", "IDX", "CIFAR-10".
  var kind: String { get }
  /// Number of pictures, at least 1.
  var count: Int { get }
  /// Number of classes, 0 without labels.
  var labelCount: Int { get }
  /// A name for each class, or empty.
  var labelNames: [String] { get }
  /// True when reading costs no more than copying.
  var isInMemory: Bool { get }
  /// Files that lie beside the pictures and are not used.
  var ignored: [String] { get }

  /// The path of a picture inside the collection.
  func itemName(at index: Int) -> String
  /// The class of a picture.
  func label(at index: Int) -> Int?
  /// Something that changes with the content as far as can be told without decoding: sizes, checksums.
  func stamp(at index: Int) throws -> UInt64
  /// What the header says.
  func header(at index: Int) throws -> ImageDecoder.Header
  /// The stored file, or nil where pictures are raw pixels.
  func file(at index: Int) throws -> [UInt8]?
  /// The decoded picture.
  func image(at index: Int) throws -> Image
}

extension ImageCollection {
  package var ignored: [String] { [] }
  package func file(at index: Int) throws -> [UInt8]? { nil }

  /// A digest of names, labels and stamps in their order, of the content of up to 64 files spread over the whole (equal sizes and
  /// checksums do not mean equal pictures, see ``Digest``), and of `numbers`: 16 hexadecimal digits.
  package func fingerprint(with numbers: [Int] = []) throws -> String {
    var digest = Digest()
    for number in [count, labelCount] + numbers { digest.add(UInt64(number)) }
    for index in 0..<count {
      digest.add(itemName(at: index))
      digest.add(UInt64(bitPattern: Int64(label(at: index) ?? -1)))
      digest.add(try stamp(at: index))
    }
    if !isInMemory {
      // A file that cannot be read shows itself when its turn comes.
      let step = max(1, count / 64)
      for index in stride(from: 0, to: count, by: step) {
        if let file = try? self.file(at: index) { file.withUnsafeBytes { digest.add($0) } }
      }
    }
    return digest.hexadecimal
  }
}

/// Pictures that lie as raw samples in memory, all of one size (IDX, CIFAR).
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
  /// Side of the square of zeros in whose middle the picture is laid; 0 for none.
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

  package var isInMemory: Bool { true }
  package func itemName(at index: Int) -> String { "image \(index)" }
  package func label(at index: Int) -> Int? { labels.isEmpty ? nil : labels[index] }

  package func stamp(at index: Int) -> UInt64 {
    var digest = Digest()
    let size = pixels.count / count
    pixels.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[(index * size)..<((index + 1) * size)])) }
    return digest.value
  }

  package func header(at index: Int) -> ImageDecoder.Header {
    paddedSide > 0 ? .init(width: paddedSide, height: paddedSide, channels: shape.channels) : shape
  }

  package func image(at index: Int) throws -> Image {
    let size = pixels.count / count
    let image = Image(
      planar: Array(pixels[(index * size)..<((index + 1) * size)]), channels: shape.channels, height: shape.height,
      width: shape.width)
    return paddedSide > 0 ? try image.padded(width: paddedSide, height: paddedSide) : image
  }
}
