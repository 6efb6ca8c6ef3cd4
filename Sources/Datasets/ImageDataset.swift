import Files

/// Square images of equal size in a fixed order, with or without labels. Thread-safe.
public protocol ImageDataset: Sendable {
  /// The name of the file or folder; run directories contain it.
  var name: String { get }
  /// The number of images, at least 1.
  var count: Int { get }
  /// The number of channels: 1 (gray), 3 (color) or 4 (with alpha).
  var channels: Int { get }
  /// The side in pixels.
  var resolution: Int { get }
  /// The number of classes; 0 without labels.
  var labelCount: Int { get }
  /// The names of the classes, or empty.
  var labelNames: [String] { get }
  /// A digest of the content, order and shape, equal on all machines.
  var fingerprint: String { get }

  /// What the file or folder holds besides its images.
  var omissions: DatasetOmissions { get }

  /// The class of an image, 0..<labelCount; nil without labels.
  func label(at index: Int) -> Int?
  /// The pixels of an image: `[channels, resolution, resolution]`, sRGB samples 0…255. With alpha, pixels of alpha 0 are
  /// black.
  /// - Throws: `ImageError`, `FileError` or ``DatasetError``, with the file's name.
  func image(at index: Int) throws -> [UInt8]
  /// The files with their sizes and classes, for the record of a run.
  /// - Throws: `FileError` if a file is gone.
  func contents() throws -> DatasetContents
  /// The changes since `old` was recorded. Reads the about 64 files whose digests are in the record.
  /// - Throws: as ``contents()``.
  func changes(since old: DatasetContents) throws -> DatasetChanges
}

extension ImageDataset {
  /// Nothing.
  public var omissions: DatasetOmissions { DatasetOmissions() }

  /// One file with the dataset's name.
  public func contents() throws -> DatasetContents {
    var digest = Digest()
    digest.add(fingerprint)
    return DatasetContents(names: [name], labels: [], labelNames: [], stamps: [digest.value], digests: [:])
  }

  /// The changes, from the records alone.
  public func changes(since old: DatasetContents) throws -> DatasetChanges {
    try DatasetChanges(from: old, to: try contents())
  }
}

/// A batch of images in the layout of a tensor.
public struct ImageBatch: Sendable, Equatable {
  /// Samples 0…255: `[count, channels, resolution, resolution]`.
  public let pixels: [UInt8]
  /// The class of each image; empty without labels.
  public let labels: [Int]
  /// The number of images.
  public let count: Int

  /// A batch of these images.
  public init(pixels: [UInt8], labels: [Int], count: Int) {
    (self.pixels, self.labels, self.count) = (pixels, labels, count)
  }
}
