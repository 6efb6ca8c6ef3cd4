/// The images of one class of a data set, in their order, without labels.
public struct ClassDataset: ImageDataset {
  /// All images.
  public let base: any ImageDataset
  /// The class.
  public let label: Int
  private let places: [Int]

  /// The images of class `label`; nil if there are none.
  public init?(_ label: Int, of base: any ImageDataset) {
    (self.base, self.label) = (base, label)
    places = (0..<base.count).filter { base.label(at: $0) == label }
    if places.isEmpty { return nil }
  }

  /// The name of all images.
  public var name: String { base.name }
  /// The number of images of the class.
  public var count: Int { places.count }
  /// The number of channels.
  public var channels: Int { base.channels }
  /// The side in pixels.
  public var resolution: Int { base.resolution }
  /// 0
  public var labelCount: Int { 0 }
  /// Empty.
  public var labelNames: [String] { [] }
  /// The digest of all images, marked with the class.
  public var fingerprint: String { base.fingerprint + " class \(label)" }
  /// Nil.
  public func label(at index: Int) -> Int? { nil }
  /// The pixels of an image of the class.
  /// - Throws: errors of the data set.
  public func image(at index: Int) throws -> [UInt8] { try base.image(at: places[index]) }
}
