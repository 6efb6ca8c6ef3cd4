import Datasets
import Torch

/// How often each label occurs: what conditional networks are asked for when they are measured.
public struct LabelDistribution: Sendable {
  /// The number of classes.
  public let size: Int
  /// The class of each image of the data; empty: all classes alike.
  private let classes: [Int]

  /// Classes as frequent as in a data set.
  public init(of dataset: any ImageDataset) {
    size = dataset.labelCount
    classes = (0..<dataset.count).compactMap { dataset.label(at: $0) }
  }

  /// All of `size` classes alike.
  public init(uniform size: Int) { (self.size, classes) = (size, []) }

  /// The labels that a network needs: as frequent as in the data, or all alike where there is none.
  /// - Returns: nil for a network without labels.
  public init?(for configuration: any NetworkConfiguration, data: (any ImageDataset)?) {
    guard configuration.labelSize > 0 else { return nil }
    if let data, data.labelCount == configuration.labelSize {
      self.init(of: data)
    } else {
      self.init(uniform: configuration.labelSize)
    }
  }

  /// Labels of `count` images.
  func draw(_ count: Int, _ random: RandomStream, device: Device) -> Condition {
    let range = 0..<(classes.isEmpty ? size : classes.count)
    let drawn = (0..<count).map { _ in random.integer(in: range) }
    return Condition(classes: classes.isEmpty ? drawn : drawn.map { classes[$0] }, of: size, device: device)
  }
}
