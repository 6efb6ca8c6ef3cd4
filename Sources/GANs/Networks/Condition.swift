import Torch

/// What a conditional network is asked to draw or to judge: a vector of labels for each image.
///
/// Of a class it is one-hot; data may also give vectors of numbers.
public struct Condition: Sendable {
  /// `[N, labelSize]`, float32.
  public let vectors: Tensor

  /// Vectors of labels, `[N, labelSize]`.
  public init(_ vectors: Tensor) {
    precondition(vectors.rank == 2, "labels of shape \(vectors.shape), not [N, labelSize]")
    self.vectors = vectors
  }

  /// Classes, one for each image, of `count`: 0 to `count` − 1.
  public init(classes: [Int], of count: Int, device: Device = .cpu) {
    precondition(classes.allSatisfy { (0..<count).contains($0) }, "classes \(classes) of \(count)")
    self.init(
      Tensor(classes.flatMap { label in (0..<count).map { $0 == label ? 1.0 : 0 } }, shape: [classes.count, count])
        .to(device))
  }

  /// How many images it is for.
  public var count: Int { vectors.size(0) }

  /// The conditions of some of the images.
  public subscript(range: Range<Int>) -> Condition { Condition(vectors[range]) }

  /// The same condition for `count` images.
  public func repeated(_ count: Int) -> Condition { Condition(vectors.expanded([count, -1])) }

  /// Conditions one after another.
  static func joined(_ all: [Condition]) -> Condition { Condition(.concatenated(all.map(\.vectors))) }
}
