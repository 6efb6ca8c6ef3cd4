import CTorch

// Passes over an image batch that would be memory-bound one after the other, made at once: on the CPU, for float32 and
// bfloat16, channels-last. Differentiable to any order.

extension Tensor {
  /// Whether the fused kernels take this image batch.
  public var hasFusedKernels: Bool { device == .cpu && (dtype == .float32 || dtype == .bfloat16) }

  /// Each channel convolved with [1, 2, 1]⊗[1, 2, 1]/16, zeros outside: `[N, C, H, W]` → the same shape.
  public func blurredFused(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_fused_blur(pointer, $0, $1) }
  }

  /// Leaky ReLU of x + bias[c].
  /// - Parameter bias: `[C]`, float32.
  public func biasedLeakyReLUFused(
    _ bias: Tensor, slope: Double = 0.2, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_fused_bias_activation(pointer, bias.pointer, slope, $0, $1) }
  }

  /// Noise, bias, leaky ReLU, instance norm (ε = 1e−8) and style, in this order.
  /// - Parameters:
  ///   - noise: `[N or 1, 1, H, W]` and its strength `[C]`.
  ///   - bias: `[C]`
  ///   - style: `[N, 2C]`: x·(style[c] + 1) + style[C + c].
  public func styledEpilogueFused(
    noise: (image: Tensor, strength: Tensor)?, bias: Tensor, style: Tensor, slope: Double = 0.2,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_fused_epilogue(
        pointer, noise?.image.pointer, noise?.strength.pointer, bias.pointer, style.pointer, slope, $0, $1)
    }
  }
}

extension Processor {
  /// The instruction set of the fused kernels: "avx512", "avx2" or "generic".
  public static var fusedKernels: String { String(cString: ct_fused_kernels()) }
}
