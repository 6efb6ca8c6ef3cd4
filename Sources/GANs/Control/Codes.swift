import Torch

/// The inputs of synthesis, before or after truncation: one w per layer, `[N, L, wSize]`. For networks without a space W
/// they are z, `[N, zSize]`.
///
/// ``LatentCodes`` come from a mapping network or a file and are not truncated. ``Styles`` are truncated and go into
/// synthesis. Only ``Renderer/styles(_:)`` converts the first to the second.
public struct Codes<Stage>: Sendable {
  /// `[N, L, wSize]`, or `[N, zSize]`.
  public let tensor: Tensor
  /// The labels of the images, for z of a conditional network without W; w has them in itself. nil: those of the renderer.
  public let condition: Condition?

  /// Codes of N images.
  public init(_ tensor: Tensor, condition: Condition? = nil) { (self.tensor, self.condition) = (tensor, condition) }

  /// The number of images.
  public var count: Int { tensor.size(0) }

  /// The codes of some images.
  public subscript(range: Range<Int>) -> Self { Self(tensor[range], condition: condition?[range]) }

  /// The code of one image, `count` times.
  public func repeated(_ count: Int) -> Self {
    Self(tensor.expanded([count] + tensor.shape[1...].map { _ in -1 }), condition: condition?.repeated(count))
  }

  /// The codes in reverse order.
  public func reversed() -> Self {
    Self(tensor.flipped([0]), condition: condition.map { Condition($0.vectors.flipped([0])) })
  }

  /// Concatenates codes.
  public static func joined(_ all: [Self]) -> Self {
    let conditions = all.compactMap(\.condition)
    return Self(
      .concatenated(all.map(\.tensor)), condition: conditions.count == all.count ? .joined(conditions) : nil)
  }

  /// Style mixing: `layers` come from `source`, the others from these codes (StyleGAN Fig. 3).
  public func copying(_ layers: Set<Int>, from source: Self) -> Self {
    Self(
      .concatenated(
        (0..<tensor.size(1)).map { (layers.contains($0) ? source.tensor : tensor).sliced($0..<$0 + 1, along: 1) },
        along: 1))
  }

  /// Style mixing: layers from `crossover` on come from `other` (StyleGAN §3.1).
  public func mixed(with other: Self, crossover: Int) -> Self {
    Self(mixedStyles(tensor, other.tensor, crossover: crossover))
  }
}

/// The stage of ``LatentCodes``.
public enum Untruncated {}
/// The stage of ``Styles``.
public enum Truncated {}

/// Codes that are not truncated, from f or from a file.
public typealias LatentCodes = Codes<Untruncated>
/// Truncated codes, the input of g.
public typealias Styles = Codes<Truncated>
