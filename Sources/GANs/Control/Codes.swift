import Torch

/// What pictures are drawn from, before or after truncation: one w a layer, `[N, L, wSize]`. For networks without a space W
/// it is z, `[N, zSize]`.
///
/// The type says whether the codes were truncated: ``LatentCodes`` are what a mapping network gives and files keep,
/// ``Styles`` are what synthesis takes. Only ``Renderer/styles(_:)`` leads from the first to the second.
public struct Codes<Stage>: Sendable {
  /// `[N, L, wSize]`, or `[N, zSize]`.
  public let tensor: Tensor

  /// Codes of N pictures.
  public init(_ tensor: Tensor) { self.tensor = tensor }

  /// How many pictures they are for.
  public var count: Int { tensor.size(0) }

  /// The codes of some pictures.
  public subscript(range: Range<Int>) -> Self { Self(tensor[range]) }

  /// The code of one picture, `count` times.
  public func repeated(_ count: Int) -> Self { Self(tensor.expanded([count] + tensor.shape[1...].map { _ in -1 })) }

  /// The codes in reverse order.
  public func reversed() -> Self { Self(tensor.flipped([0])) }

  /// Codes one after another.
  public static func joined(_ all: [Self]) -> Self { Self(.concatenated(all.map(\.tensor))) }

  /// Mixed styles: the layers in `layers` are those of `source`, the others these (StyleGAN Fig. 3).
  public func copying(_ layers: Set<Int>, from source: Self) -> Self {
    Self(
      .concatenated(
        (0..<tensor.size(1)).map {
          (layers.contains($0) ? source.tensor : tensor).sliced($0..<$0 + 1, along: 1)
        }, along: 1))
  }

  /// Mixed styles: layers from `crossover` on are those of `other` (StyleGAN §3.1).
  public func mixed(with other: Self, crossover: Int) -> Self {
    Self(mixedStyles(tensor, other.tensor, crossover: crossover))
  }
}

/// The stage of ``LatentCodes``.
public enum Untruncated {}
/// The stage of ``Styles``.
public enum Truncated {}

/// Codes as f gives them and as files keep them.
public typealias LatentCodes = Codes<Untruncated>
/// Codes as g draws them.
public typealias Styles = Codes<Truncated>
