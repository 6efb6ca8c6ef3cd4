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

  /// Concatenates conditions.
  static func joined(_ all: [Condition]) -> Condition { Condition(.concatenated(all.map(\.vectors))) }
}
