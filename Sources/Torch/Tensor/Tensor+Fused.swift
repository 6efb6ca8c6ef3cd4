import CTorch

// Memory-bound passes over an image batch, fused into one: on the CPU, in float32 and bfloat16, channels-last.
// Differentiable to any order.

extension Tensor {
  /// Whether the fused kernels support this device and type.
  package var hasFusedKernels: Bool { device == .cpu && (dtype == .float32 || dtype == .bfloat16) }

  /// Each channel convolved with [1, 2, 1]⊗[1, 2, 1]/16, zero padding: `[N, C, H, W]` → the same shape.
  package func blurredFused(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_fused_blur(pointer, $0, $1) }
  }

  /// Leaky ReLU of x + bias[c].
  /// - Parameter bias: `[C]`, float32.
  package func biasedLeakyReLUFused(
    _ bias: Tensor, slope: Double = 0.2, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_fused_bias_activation(pointer, bias.pointer, slope, $0, $1) } }

  /// Noise, bias, leaky ReLU, instance norm (ε = 1e−8) and style, in this order.
  /// - Parameters:
  ///   - noise: `[N or 1, 1, H, W]` and its strength `[C]`.
  ///   - bias: `[C]`
  ///   - style: `[N, 2C]`: x·(style[c] + 1) + style[C + c].
  ///   - blurred: applies ``blurredFused(file:line:)`` first.
  ///   - consuming: self is not used again; without an autograd graph the result may reuse its memory.
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

extension Tensor {
  /// Each image padded by reflection, doubled with a 12-tap filter, sampled bilinearly by an affine map (0 outside), and
  /// halved with the filter again: `[N, C, H, W]` → the same shape. Linear in self, so differentiable to any order.
  /// - Parameters:
  ///   - maps: `[N, 2, 3]`, float64 on the CPU, from a sampled pixel (x, y, 1), of 2(W + 6) × 2(H + 6) pixels, to a pixel
  ///     of the doubled image.
  ///   - filter: `[12]`, float64, with the sum 1.
  ///   - margins: of the padding, in pixels.
  package func resampledFused(
    maps: Tensor, filter: Tensor, margins: (left: Int, top: Int, right: Int, bottom: Int),
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let margins = [margins.left, margins.top, margins.right, margins.bottom].int64
    return makeTensor(file, line) { ct_fused_resample(pointer, maps.pointer, filter.pointer, margins, $0, $1) }
  }
}

/// The change of resolution before or after a 3×3 convolution.
public enum Resampling: String, Sendable {
  /// No change.
  case none
  /// Nearest-neighbor upsampling before the convolution.
  case up
  /// Averages of 2×2 squares after the convolution.
  case down
}

/// A cache for the transformed filters of one weight. Threads may share it.
package final class TransformedFilters: @unchecked Sendable {
  fileprivate let pointer: ct_filters = ct_filters_new()

  /// An empty cache; the first use fills it.
  package init() {}

  deinit { ct_filters_free(pointer) }
}

extension Tensor {
  /// Whether ``convolvedFused(_:filters:scale:resampling:bias:slope:file:line:)`` supports this batch, forward and
  /// backward. Height and width must be even, except for up.
  package func hasFusedConvolution(_ resampling: Resampling) -> Bool {
    hasFusedKernels && (resampling == .up || size(2) % 2 == 0 && size(3) % 2 == 0)
  }

  /// A 3×3 cross-correlation with scale·weight, zero padding 1, by Winograd (minimal filtering; Lavin & Gray 2016,
  /// F(2×2, 3×3)). An output takes 4 products, or 2¼ with upsampling; direct convolution takes 9.
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, float32.
  ///   - filters: the cache for the transformed weight.
  ///   - scale: multiplies the weight.
  ///   - bias: `[outputs]`, float32, followed by leaky ReLU with `slope`; nil: no bias and no leaky ReLU.
  /// - Returns: `[N, outputs, H', W']`, in the type of self.
  package func convolvedFused(
    _ weight: Tensor, filters: TransformedFilters, scale: Double = 1, resampling: Resampling = .none,
    bias: Tensor? = nil, slope: Double = 0.2, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let kind =
      switch resampling {
      case .none: CT_RESAMPLE_NONE
      case .up: CT_RESAMPLE_UP
      case .down: CT_RESAMPLE_DOWN
      }
    return makeTensor(file, line) {
      ct_fused_convolution(pointer, weight.pointer, filters.pointer, Int32(kind), scale, bias?.pointer, slope, $0, $1)
    }
  }

  /// ``styledEpilogueFused(noise:bias:style:slope:blurred:consuming:file:line:)`` of
  /// ``convolvedFused(_:filters:scale:resampling:bias:slope:file:line:)`` without resampling. For large images
  /// without an autograd graph, the statistics are computed while the outputs are in the cache.
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, float32.
  ///   - filters: the cache for the transformed weight.
  ///   - scale: multiplies the weight.
  ///   - noise: `[N or 1, 1, H, W]` and its strength `[outputs]`.
  ///   - bias: `[outputs]`
  ///   - style: `[N, 2·outputs]`
  /// - Returns: `[N, outputs, H, W]`, in the type of self.
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
