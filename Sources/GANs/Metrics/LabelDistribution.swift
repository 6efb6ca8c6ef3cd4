import Datasets
import Files
import Torch

/// The distribution of labels for metrics of conditional networks.
public struct LabelDistribution: Sendable {
  /// The size of a label vector: the number of classes, or of the numbers of a label.
  public let size: Int
  /// The class of each image of the data; empty: a uniform distribution, or vectors.
  private let classes: [Int]
  /// The label vectors of all images of the data, one after another; empty for classes.
  private let vectors: [Float]

  /// The distribution of a data set.
  public init(of dataset: any ImageDataset) {
    size = dataset.labelSize
    classes = (0..<dataset.count).compactMap { dataset.label(at: $0) }
    vectors = (0..<dataset.count).flatMap { dataset.labelVector(at: $0) ?? [] }
  }

  /// The uniform distribution of `size` classes.
  public init(uniform size: Int) { (self.size, classes, vectors) = (size, [], []) }

  /// Always class `label` of `size`.
  public init(only label: Int, of size: Int) {
    precondition((0..<size).contains(label), "class \(label) of \(size)")
    (self.size, classes, vectors) = (size, [label], [])
  }

  /// The distribution for a network: that of the data, or for classes without data, uniform.
  /// - Returns: nil for a network without labels.
  public init?(for configuration: any NetworkConfiguration, data: (any ImageDataset)?) {
    guard configuration.labelSize > 0 else { return nil }
    if let data, data.labelSize == configuration.labelSize {
      self.init(of: data)
    } else {
      self.init(uniform: configuration.labelSize)
    }
  }

  /// Identifies the distribution; part of the key of stored features.
  var identity: String {
    var digest = Digest()
    for label in classes { digest.add(UInt64(label)) }
    for number in vectors { digest.add(UInt64(number.bitPattern)) }
    return "\(size) \(classes.count) \(vectors.count) \(digest.hexadecimal)"
  }

  /// Draws the labels of `count` images.
  func draw(_ count: Int, _ random: RandomStream, device: Device) -> Condition {
    let images = vectors.count / max(size, 1)
    let range = 0..<(images > 0 ? images : classes.isEmpty ? size : classes.count)
    let drawn = (0..<count).map { _ in random.integer(in: range) }
    guard images == 0 else {
      return Condition(
        Tensor(drawn.flatMap { vectors[$0 * size..<($0 + 1) * size] }, shape: [count, size], device: device))
    }
    return Condition(classes: classes.isEmpty ? drawn : drawn.map { classes[$0] }, of: size, device: device)
  }
}
