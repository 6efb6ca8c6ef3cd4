import Torch

/// The condition of a conditional network: a label vector for each image, one-hot for classes.
public struct Condition: Sendable {
  /// `[N, labelSize]`, float32.
  public let vectors: Tensor

  /// Label vectors, `[N, labelSize]`.
  public init(_ vectors: Tensor) {
    precondition(vectors.rank == 2, "labels of shape \(vectors.shape), not [N, labelSize]")
    self.vectors = vectors
  }

  /// One-hot vectors of classes 0 to `count` − 1, one for each image.
  public init(classes: [Int], of count: Int, device: Device = .cpu) {
    precondition(classes.allSatisfy { (0..<count).contains($0) }, "classes \(classes) of \(count)")
    self.init(
      Tensor(classes.flatMap { label in (0..<count).map { $0 == label ? 1.0 : 0 } }, shape: [classes.count, count])
        .to(device))
  }

  /// The number of images.
  public var count: Int { vectors.size(0) }

  /// The conditions of some of the images.
  public subscript(range: Range<Int>) -> Condition { Condition(vectors[range]) }

  /// The same condition for `count` images.
  public func repeated(_ count: Int) -> Condition { Condition(vectors.expanded([count, -1])) }

  /// Appends the labels to vectors, one for each (Mirza & Osindero 2014, §3.1): `[N, size]` → `[N, size + labelSize]`.
  /// - Parameters:
  ///   - condition: nil for a network without labels. A conditional network without labels for each vector traps.
  ///   - labelSize: the size of the network's labels; 0: the vectors stay as they are.
  static func appended(_ condition: Condition?, to vectors: Tensor, labelSize: Int) -> Tensor {
    guard labelSize > 0 else { return vectors }
    return .concatenated(
      [vectors, labels(condition, count: vectors.size(0), labelSize: labelSize, like: vectors)], along: 1)
  }

  /// The labels of a batch in the precision of `other`; traps where they do not fit the network.
  static func labels(_ condition: Condition?, count: Int, labelSize: Int, like other: Tensor) -> Tensor {
    guard let condition, condition.count == count, condition.vectors.size(1) == labelSize else {
      preconditionFailure(
        "a conditional network needs \(labelSize) label values for each of \(count) images or latents")
    }
    return condition.vectors.to(other.dtype)
  }

  /// Conditions on the way from this one to another: a + t·(b − a) for each t.
  /// - Parameter other: of one image, as this one.
  func interpolated(to other: Condition, _ t: Double) -> Condition {
    Condition(vectors + (other.vectors - vectors) * t)
  }

  /// Concatenates conditions.
  static func joined(_ all: [Condition]) -> Condition { Condition(.concatenated(all.map(\.vectors))) }
}
