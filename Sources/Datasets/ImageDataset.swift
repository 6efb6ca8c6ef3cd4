/// Square images of one size, with or without labels, in a fixed order. Safe to read from any thread.
public protocol ImageDataset: Sendable {
  /// A short name for people and run directories: the name of the file or folder.
  var name: String { get }
  /// Number of images, at least 1.
  var count: Int { get }
  /// 1 (grey), 3 (colour) or 4 (with alpha).
  var channels: Int { get }
  /// Pixels on each side.
  var resolution: Int { get }
  /// Number of classes; 0 if there are no labels.
  var labelCount: Int { get }
  /// A name for each class, or empty.
  var labelNames: [String] { get }
  /// An identifier of the content: equal for equal data in equal order and shape, on any machine.
  var fingerprint: String { get }

  /// The class of an image, 0..<labelCount, or nil if there are no labels.
  func label(at index: Int) -> Int?
  /// The pixels of an image: `[channels, resolution, resolution]`, samples 0…255 in sRGB.
  ///
  /// - Throws: `ImageError`, `FileError` or ``DatasetError``, naming the file.
  func image(at index: Int) throws -> [UInt8]
}

/// Consecutive images, ready to become a tensor.
public struct ImageBatch: Sendable, Equatable {
  /// Samples 0…255: `[count, channels, resolution, resolution]`.
  public let pixels: [UInt8]
  /// The class of each image; empty if the dataset has no labels.
  public let labels: [Int]
  /// Number of images.
  public let count: Int

  /// A batch of these images.
  public init(pixels: [UInt8], labels: [Int], count: Int) {
    (self.pixels, self.labels, self.count) = (pixels, labels, count)
  }
}
