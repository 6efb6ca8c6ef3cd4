import Files
import Images

/// Some images of a data set, in its order.
public struct DatasetPart: ImageDataset {
  /// The whole data set.
  public let base: any ImageDataset
  /// The images of this part by their numbers in ``base``, ascending.
  public let indices: [Int]
  /// What distinguishes the part in its fingerprint.
  private let mark: String
  private let hasLabels: Bool

  /// The images with these numbers.
  public init(of base: any ImageDataset, indices: [Int]) {
    let digest = indices.sorted().reduce(UInt64(7)) { SplitMix64.mixed($0 ^ UInt64($1)) }
    self.init(of: base, indices: indices, mark: "part \(indices.count) of \(base.count) \(digest)")
  }

  fileprivate init(of base: any ImageDataset, indices: [Int], mark: String, hasLabels: Bool = true) {
    precondition(!indices.isEmpty && indices.allSatisfy((0..<base.count).contains), "images outside of \(base.name)")
    (self.base, self.indices, self.mark, self.hasLabels) = (base, indices.sorted(), mark, hasLabels)
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
  public var labelCount: Int { hasLabels ? base.labelCount : 0 }
  /// The names of the classes, or empty.
  public var labelNames: [String] { hasLabels ? base.labelNames : [] }
  /// The numbers in a label vector; 0 without vectors.
  public var labelVectorSize: Int { hasLabels ? base.labelVectorSize : 0 }
  /// The part of each image that is not padding.
  public var pictureArea: PictureArea? { base.pictureArea }
  /// The digest of the whole, with the choice.
  public var fingerprint: String { base.fingerprint + " " + mark }
  /// What the whole leaves out.
  public var omissions: DatasetOmissions { base.omissions }

  /// The class of an image.
  public func label(at index: Int) -> Int? { hasLabels ? base.label(at: indices[index]) : nil }
  /// The label vector of an image.
  public func labelVector(at index: Int) -> [Float]? { hasLabels ? base.labelVector(at: indices[index]) : nil }
  /// The pixels of an image.
  /// - Throws: errors of the data set.
  public func image(at index: Int) throws -> [UInt8] { try base.image(at: indices[index]) }

  /// The files of this part; the one file of a data set in one file.
  /// - Throws: errors of the data set.
  public func contents() throws -> DatasetContents {
    let all = try base.contents()
    guard all.names.count == base.count, base.count > 1 else { return all }
    let places = Dictionary(uniqueKeysWithValues: zip(indices, indices.indices))
    return DatasetContents(
      names: indices.map { all.names[$0] }, labels: all.labels.isEmpty ? [] : indices.map { all.labels[$0] },
      labelNames: all.labelNames, labelDigests: all.labelDigests.map { all in indices.map { all[$0] } },
      stamps: indices.map { all.stamps[$0] },
      digests: Dictionary(
        uniqueKeysWithValues: all.digests.compactMap { key, value in places[key].map { ($0, value) } }))
  }
}

extension ImageDataset {
  /// `count` of the images, chosen at random. The choice depends on the seed and on the number of all images only; classes
  /// are not balanced.
  /// - Throws: ``DatasetError/subsetTooLarge(_:count:available:)`` if there are fewer.
  public func subset(_ count: Int, seed: UInt64) throws(DatasetError) -> DatasetPart {
    precondition(count > 0, "a data set has at least one image, not \(count)")
    guard count <= self.count else { throw .subsetTooLarge(name, count: count, available: self.count) }
    // Not the seed of the training's order, whose first images the subset would be.
    let order = SampleOrder(seed: seed &+ 0x73_7562_7365_74, count: self.count)
    return DatasetPart(
      of: self, indices: order.permutation(epoch: 0).prefix(count).map(Int.init), mark: "subset \(count) seed \(seed)")
  }

  /// The images of a class, without labels; nil if there are none.
  public func images(ofClass label: Int) -> DatasetPart? {
    let places = (0..<count).filter { self.label(at: $0) == label }
    return places.isEmpty ? nil : DatasetPart(of: self, indices: places, mark: "class \(label)", hasLabels: false)
  }
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
