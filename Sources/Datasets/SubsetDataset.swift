import Files

/// Some images of a data set, chosen at random by a seed. Classes are not balanced.
public struct SubsetDataset: ImageDataset {
  /// All images.
  public let base: any ImageDataset
  /// The seed of the choice.
  public let seed: UInt64
  /// The chosen images, ascending.
  private let indices: [Int32]

  /// `count` images of `base`. The choice depends on the seed and on the number of all images only.
  /// - Throws: ``DatasetError/subsetTooLarge(_:count:available:)`` if there are fewer.
  public init(_ base: any ImageDataset, count: Int, seed: UInt64) throws(DatasetError) {
    precondition(count > 0, "a data set has at least one image, not \(count)")
    guard count <= base.count else { throw .subsetTooLarge(base.name, count: count, available: base.count) }
    // Not the seed of the training's order, whose first images the subset would be.
    let order = SampleOrder(seed: seed &+ 0x73_7562_7365_74, count: base.count)
    (self.base, self.seed) = (base, seed)
    indices = order.permutation(epoch: 0).prefix(count).sorted()
  }

  /// The name of the whole data set.
  public var name: String { base.name }
  /// The number of chosen images.
  public var count: Int { indices.count }
  /// The number of channels.
  public var channels: Int { base.channels }
  /// The side in pixels.
  public var resolution: Int { base.resolution }
  /// The number of classes of the whole data set; 0 without labels.
  public var labelCount: Int { base.labelCount }
  /// The names of the classes, or empty.
  public var labelNames: [String] { base.labelNames }
  /// The digest of all images, with the choice.
  public var fingerprint: String { base.fingerprint + " subset \(count) seed \(seed)" }
  /// What the whole data set leaves out.
  public var omissions: DatasetOmissions { base.omissions }

  /// The class of a chosen image.
  public func label(at index: Int) -> Int? { base.label(at: Int(indices[index])) }

  /// The pixels of a chosen image.
  /// - Throws: errors of the data set.
  public func image(at index: Int) throws -> [UInt8] { try base.image(at: Int(indices[index])) }

  /// The chosen files; the one file of a data set in one file.
  /// - Throws: errors of the data set.
  public func contents() throws -> DatasetContents {
    let all = try base.contents()
    guard all.names.count == base.count, base.count > 1 else { return all }
    let chosen = indices.map(Int.init)
    let places = Dictionary(uniqueKeysWithValues: zip(chosen, chosen.indices))
    return DatasetContents(
      names: chosen.map { all.names[$0] }, labels: all.labels.isEmpty ? [] : chosen.map { all.labels[$0] },
      labelNames: all.labelNames, stamps: chosen.map { all.stamps[$0] },
      digests: Dictionary(
        uniqueKeysWithValues: all.digests.compactMap { key, value in places[key].map { ($0, value) } }))
  }
}
