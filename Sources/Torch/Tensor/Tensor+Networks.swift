import CTorch

// The operations of layers.

extension Tensor {
  /// x Wᵀ + b
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`
  ///   - bias: `[outputs]`
  /// - Returns: `[…, outputs]` for self `[…, inputs]`.
  public func linear(
    _ weight: Tensor, bias: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_linear(pointer, weight.pointer, bias?.pointer, $0, $1) } }

  /// Cross-correlation with `weight` and zero padding.
  /// - Parameters:
  ///   - weight: `[outputs, inputs / groups, k, k]`
  ///   - bias: `[outputs]`
  /// - Returns: `[N, outputs, H', W']` for self `[N, inputs, H, W]`, H' = (H + 2·padding − k)/stride + 1.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_conv2d(pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding), Int64(groups), $0, $1)
    }
  }

  /// The adjoint of ``conv2d(_:bias:stride:padding:groups:file:line:)``.
  /// - Parameter weight: `[inputs, outputs / groups, k, k]`
  /// - Returns: `[N, outputs, H', W']`, H' = (H − 1)·stride − 2·padding + k.
  public func convTranspose2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_conv_transpose2d(pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding), Int64(groups), $0, $1)
    }
  }

  /// The mean of each `factor` × `factor` square: `[N, C, H, W]` → `[N, C, H/factor, W/factor]`.
  public func averagePooled(by factor: Int = 2, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_avg_pool2d(pointer, Int64(factor), $0, $1) }
  }

  /// Each pixel repeated as a `factor` × `factor` square: `[N, C, H, W]` → `[N, C, H·factor, W·factor]`.
  public func upsampledNearest(by factor: Int = 2, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_upsample_nearest2d(pointer, Int64(factor), $0, $1) }
  }

  /// (x − μ)/√(σ² + ε) · weight + bias, with the statistics of the batch (training) or the running ones (inference).
  /// Training updates the running statistics in place, with weight `momentum` for the batch.
  public func batchNormalized(
    weight: Tensor?, bias: Tensor?, runningMean: Tensor, runningVariance: Tensor, training: Bool, momentum: Double,
    epsilon: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_batch_norm(
        pointer, weight?.pointer, bias?.pointer, runningMean.pointer, runningVariance.pointer, training, momentum,
        epsilon, $0, $1)
    }
  }
}
