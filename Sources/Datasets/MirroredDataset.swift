/// A data set followed by the mirror images of all its images, left to right: the distribution that a training with
/// mirroring sees. Metrics of such a training compare with it.
public struct MirroredDataset: ImageDataset {
  /// The images without mirroring.
  public let base: any ImageDataset

  /// `base`, both ways.
  public init(_ base: any ImageDataset) { self.base = base }

  /// The name of the images without mirroring.
  public var name: String { base.name }
  /// Twice the number of images.
  public var count: Int { 2 * base.count }
  /// The number of channels.
  public var channels: Int { base.channels }
  /// The side in pixels.
  public var resolution: Int { base.resolution }
  /// The number of classes; 0 without labels.
  public var labelCount: Int { base.labelCount }
  /// The names of the classes, or empty.
  public var labelNames: [String] { base.labelNames }
  /// The digest of the images, marked as mirrored.
  public var fingerprint: String { base.fingerprint + " mirrored" }

  /// The class of an image; a mirror image has the class of its original.
  public func label(at index: Int) -> Int? { base.label(at: index % base.count) }

  /// The pixels of an image, or from ``base``'s count on, with each row reversed.
  /// - Throws: errors of the data set.
  public func image(at index: Int) throws -> [UInt8] {
    let pixels = try base.image(at: index % base.count)
    return index < base.count ? pixels : pixels.mirrored(width: resolution)
  }
}

extension [UInt8] {
  /// `[channels, height, width]` with each row reversed.
  func mirrored(width: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for row in stride(from: 0, to: count, by: width) { result += self[row..<(row + width)].reversed() }
    return result
  }
}
