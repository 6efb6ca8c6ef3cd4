import CTorch

// Passes over an image batch that would be memory-bound one after the other, made at once: on the CPU, for float32 and
// bfloat16, channels-last. Differentiable to any order.

extension Tensor {
  /// Whether the fused kernels take this image batch.
  package var hasFusedKernels: Bool { device == .cpu && (dtype == .float32 || dtype == .bfloat16) }

  /// Each channel convolved with [1, 2, 1]⊗[1, 2, 1]/16, zeros outside: `[N, C, H, W]` → the same shape.
  package func blurredFused(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_fused_blur(pointer, $0, $1) }
  }

  /// Leaky ReLU of x + bias[c].
  /// - Parameter bias: `[C]`, float32.
  package func biasedLeakyReLUFused(
    _ bias: Tensor, slope: Double = 0.2, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_fused_bias_activation(pointer, bias.pointer, slope, $0, $1) }
  }

  /// Noise, bias, leaky ReLU, instance norm (ε = 1e−8) and style, in this order.
  /// - Parameters:
  ///   - noise: `[N or 1, 1, H, W]` and its strength `[C]`.
  ///   - bias: `[C]`
  ///   - style: `[N, 2C]`: x·(style[c] + 1) + style[C + c].
  ///   - blurred: takes ``blurredFused(file:line:)`` of self in its place.
  ///   - consuming: self is not used again; without a graph its memory may become the result's.
  package func styledEpilogueFused(
    noise: (image: Tensor, strength: Tensor)?, bias: Tensor, style: Tensor, slope: Double = 0.2, blurred: Bool = false,
    consuming: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_fused_epilogue(
        pointer, noise?.image.pointer, noise?.strength.pointer, bias.pointer, style.pointer, slope, blurred, consuming,
        $0, $1)
    }
  }
}

/// What happens to the resolution around a 3×3 convolution.
public enum Resampling: Sendable {
  /// H × W stays.
  case none
  /// Nearest-neighbour doubling before the convolution.
  case up
  /// The average of each 2×2 square after it.
  case down
}

/// The transformed filters of one weight, kept until the weight changes.
///
/// Threads may share them, as they share the network that has them.
package final class TransformedFilters: @unchecked Sendable {
  fileprivate let pointer: ct_filters = ct_filters_new()

  /// None yet: they are made when first used.
  package init() {}

  deinit { ct_filters_free(pointer) }
}

extension Tensor {
  /// Whether ``convolvedFused(_:filters:scale:resampling:bias:slope:file:line:)`` takes this image batch, forward and
  /// backward: height and width even (but for up).
  package func hasFusedConvolution(_ resampling: Resampling) -> Bool {
    hasFusedKernels && (resampling == .up || size(2) % 2 == 0 && size(3) % 2 == 0)
  }

  /// A 3×3 cross-correlation with scale·weight, zero padding 1, by minimal filtering (Lavin & Gray 2016,
  /// F(2×2, 3×3)): 4 products for an output where direct convolution takes 9, 2¼ where the resolution is doubled before.
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, float32.
  ///   - filters: where the transformed weight is kept.
  ///   - scale: multiplies the weight.
  ///   - bias: `[outputs]`, float32: added to the result, of which leaky ReLU of `slope` is taken; nil: neither.
  /// - Returns: `[N, outputs, H', W']` in the type of self.
  package func convolvedFused(
    _ weight: Tensor, filters: TransformedFilters, scale: Double = 1, resampling: Resampling = .none,
    bias: Tensor? = nil, slope: Double = 0.2,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let kind =
      switch resampling {
      case .none: CT_RESAMPLE_NONE
      case .up: CT_RESAMPLE_UP
      case .down: CT_RESAMPLE_DOWN
      }
    return makeTensor(file, line) {
      ct_fused_convolution(
        pointer, weight.pointer, filters.pointer, Int32(kind), scale, bias?.pointer, slope, $0, $1)
    }
  }

  /// ``styledEpilogueFused(noise:bias:style:slope:blurred:consuming:file:line:)`` of
  /// ``convolvedFused(_:filters:scale:resampling:bias:slope:file:line:)`` without resampling. Of large images without a
  /// graph the statistics are taken while the convolution's outputs are in the cache.
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, float32.
  ///   - filters: where the transformed weight is kept.
  ///   - scale: multiplies the weight.
  ///   - noise: `[N or 1, 1, H, W]` and its strength `[outputs]`.
  ///   - bias: `[outputs]`
  ///   - style: `[N, 2·outputs]`
  /// - Returns: `[N, outputs, H, W]` in the type of self.
  package func convolvedAndStyledFused(
    _ weight: Tensor, filters: TransformedFilters, scale: Double = 1, noise: (image: Tensor, strength: Tensor)?,
    bias: Tensor, style: Tensor, slope: Double = 0.2, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_fused_styled_convolution(
        pointer, weight.pointer, filters.pointer, scale, noise?.image.pointer, noise?.strength.pointer, bias.pointer,
        style.pointer, slope, $0, $1)
    }
  }
}
