import Datasets
import Torch

/// The distribution of labels for metrics of conditional networks.
public struct LabelDistribution: Sendable {
  /// The number of classes.
  public let size: Int
  /// The class of each image of the data; empty: a uniform distribution.
  private let classes: [Int]

  /// The distribution of a data set.
  public init(of dataset: any ImageDataset) {
    size = dataset.labelCount
    classes = (0..<dataset.count).compactMap { dataset.label(at: $0) }
  }

  /// The uniform distribution of `size` classes.
  public init(uniform size: Int) { (self.size, classes) = (size, []) }

  /// The distribution for a network: that of the data, or uniform without data.
  /// - Returns: nil for a network without labels.
  public init?(for configuration: any NetworkConfiguration, data: (any ImageDataset)?) {
    guard configuration.labelSize > 0 else { return nil }
    if let data, data.labelCount == configuration.labelSize {
      self.init(of: data)
    } else {
      self.init(uniform: configuration.labelSize)
    }
  }

  /// Draws the labels of `count` images.
  func draw(_ count: Int, _ random: RandomStream, device: Device) -> Condition {
    let range = 0..<(classes.isEmpty ? size : classes.count)
    let drawn = (0..<count).map { _ in random.integer(in: range) }
    return Condition(classes: classes.isEmpty ? drawn : drawn.map { classes[$0] }, of: size, device: device)
  }
}
