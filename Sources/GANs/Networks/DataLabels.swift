import Datasets
import Torch

/// The kinds of labels that a conditional network learned.
public enum LabelKind: String, Codable, Sendable {
  /// One-hot vectors of classes.
  case classes
  /// Vectors of numbers, as they are in the data.
  case vectors
}

extension ImageDataset {
  /// The size of the label vectors of a network for this data: the number of classes, or of the numbers of a label; 0
  /// without labels.
  public var labelSize: Int { labelVectorSize > 0 ? labelVectorSize : labelCount }
  /// The kind of labels.
  public var labelKind: LabelKind { labelVectorSize > 0 ? .vectors : .classes }

  /// The labels of some images; traps for data without labels.
  public func condition(of images: [Int], device: Device = .cpu) -> Condition {
    guard labelVectorSize > 0 else {
      return Condition(classes: images.map { label(at: $0)! }, of: labelCount, device: device)
    }
    return Condition(
      Tensor(images.flatMap { labelVector(at: $0)! }, shape: [images.count, labelVectorSize], device: device))
  }

  /// The labels of a batch of this data; traps for data without labels.
  func condition(of batch: ImageBatch, device: Device) -> Condition {
    labelVectorSize > 0
      ? Condition(Tensor(batch.vectors, shape: [batch.count, labelVectorSize], device: device))
      : Condition(classes: batch.labels, of: labelCount, device: device)
  }
}
