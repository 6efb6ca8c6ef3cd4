import Files

/// Some images of a data set, in its order.
public struct DatasetPart: ImageDataset {
  /// The whole data set.
  public let base: any ImageDataset
  /// The images of this part by their numbers in ``base``, ascending.
  public let indices: [Int]

  /// The images with these numbers.
  public init(of base: any ImageDataset, indices: [Int]) {
    precondition(!indices.isEmpty && indices.allSatisfy((0..<base.count).contains), "images outside of \(base.name)")
    (self.base, self.indices) = (base, indices.sorted())
  }

  /// The name of the whole.
  public var name: String { base.name }
  /// The number of images of this part.
  public var count: Int { indices.count }
  /// The number of channels.
  public var channels: Int { base.channels }
  /// The side in pixels.
  public var resolution: Int { base.resolution }
  /// The number of classes of the whole; 0 without labels.
  public var labelCount: Int { base.labelCount }
  /// The names of the classes, or empty.
  public var labelNames: [String] { base.labelNames }
  /// The digest of the whole and of the numbers.
  public var fingerprint: String {
    "\(base.fingerprint) part \(indices.count) of \(base.count) \(indices.reduce(UInt64(7)) { SplitMix64.mixed($0 ^ UInt64($1)) })"
  }

  /// The class of an image.
  public func label(at index: Int) -> Int? { base.label(at: indices[index]) }
  /// The pixels of an image.
  /// - Throws: errors of the data set.
  public func image(at index: Int) throws -> [UInt8] { try base.image(at: indices[index]) }
}

/// A data set in two parts: images to train on, and images held out to see whether a network overfits.
public struct ValidationSplit: Sendable {
  /// The images to train on.
  public let training: DatasetPart
  /// The images held out. They are in no minibatch.
  public let held: DatasetPart
  /// The numbers of images held out, and of as many images of the training, in random order; for measurements of some of
  /// them.
  public let heldOrder, trainingOrder: [Int]

  /// The number of images that are held out of `count`; 0 of one.
  public static func heldCount(of count: Int, share: Double) -> Int {
    min(max(1, Int((Double(count) * share).rounded())), count - 1)
  }

  /// Splits a data set at random; the seed alone determines the parts.
  /// - Parameters:
  ///   - share: the share of images held out; at least one image is, and at least one is trained on.
  /// - Returns: nil where there are less than 2 images.
  public init?(_ dataset: any ImageDataset, share: Double, seed: UInt64) {
    guard dataset.count >= 2 else { return nil }
    let count = Self.heldCount(of: dataset.count, share: share)
    // A seed of its own: the first epoch of the training has another order.
    let order = SampleOrder(seed: seed &+ 0x6865_6c64, count: dataset.count).permutation(epoch: 0).map(Int.init)
    heldOrder = Array(order.prefix(count))
    trainingOrder = Array(order.dropFirst(count).prefix(count))
    held = DatasetPart(of: dataset, indices: heldOrder)
    training = DatasetPart(of: dataset, indices: Array(order.dropFirst(count)))
  }
}
