import Torch

/// How a network computes: the precision of its activations and its kernels.
///
/// Parameters, statistics, losses and optimizer state are always float32.
public struct Compute: Sendable, Equatable {
  /// The type of activations and of the weights multiplied with them.
  public var precision: Precision
  /// The implementation of the blocks.
  public var kernels: Kernels
  /// The engines of the fast kernels' 3×3 convolutions; nil: not measured on this machine, the usual ones.
  public var convolutions: ConvolutionChoices?

  /// float32 with the fast kernels.
  public static let `default` = Compute()

  /// A precision and kernels.
  public init(
    precision: Precision = .float32, kernels: Kernels = .fast, convolutions: ConvolutionChoices? = nil
  ) { (self.precision, self.kernels, self.convolutions) = (precision, kernels, convolutions) }

  /// The type of activations.
  public enum Precision: String, Sendable, Codable, CaseIterable {
    /// IEEE single precision.
    case float32 = "fp32"
    /// bfloat16 activations; faster only where the processor multiplies bfloat16 in hardware.
    case bfloat16 = "bf16"

    /// bfloat16 where the processor supports it, else float32.
    public static var fastest: Precision { Processor.hasBFloat16 ? .bfloat16 : .float32 }

    /// The matching tensor type.
    public var dtype: DType { self == .float32 ? .float32 : .bfloat16 }
  }

  /// The two implementations of every block. Both compute the same function.
  public enum Kernels: String, Sendable, Codable, CaseIterable {
    /// Plain operations in the order of the paper, `[N, C, H, W]` in memory: slow and readable, to test the fast kernels.
    case reference
    /// Channels-last, resampling fused into convolutions, fused epilogues.
    case fast
  }

  var layout: Tensor.MemoryLayout { kernels == .fast ? .channelsLast : .contiguous }

  /// `x` in the type and memory layout of activations.
  package func activations(_ x: Tensor) -> Tensor { x.to(precision.dtype).laidOut(layout) }
}
