import CTorch

// Linear algebra, order statistics, pooling and resizing, for metrics and their detectors.

extension Tensor {
  /// The eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix: self = V diag(λ) Vᵀ.
  public func symmetricEigen(file: StaticString = #fileID, line: UInt = #line) -> (values: Tensor, vectors: Tensor) {
    var (values, vectors): (ct_tensor?, ct_tensor?)
    perform(file, line) { ct_symmetric_eigen(pointer, &values, &vectors, $0) }
    return (Tensor(owning: values!), Tensor(owning: vectors!))
  }

  /// Descending eigenvalues and unit eigenvectors of a symmetric matrix `[n, n]`, computed in float64 on the CPU.
  /// - Returns: row k of `vectors`, `[n, n]`, float64, belongs to `values[k]`. Its largest element is positive.
  public func rankedEigenvectors(
    file: StaticString = #fileID, line: UInt = #line
  ) -> (values: [Double], vectors: Tensor) {
    let (values, vectors) = withoutGraph.to(.cpu).to(.float64).symmetricEigen(file: file, line: line)
    let (n, rows) = (size(0), vectors.transposed.flipped([0]))
    let elements = rows.doubles
    let signs = (0..<n).map { row in
      elements[row * n..<(row + 1) * n].max { $0.magnitude < $1.magnitude }! < 0 ? -1.0 : 1
    }
    return (values.doubles.reversed(), rows * Tensor(signs, shape: [n, 1], dtype: .float64))
  }

  /// The lower triangular L with L Lᵀ = self, for a symmetric matrix; nil if it is not positive definite.
  public func choleskyFactor(file: StaticString = #fileID, line: UInt = #line) -> Tensor? {
    var factor: ct_tensor?
    perform(file, line) { ct_cholesky(pointer, &factor, $0) }
    return factor.map { Tensor(owning: $0) }
  }

  /// The singular values of a matrix, descending.
  public func singularValues(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_singular_values(pointer, $0, $1) }
  }

  /// The solution x of self · x = b, for an invertible matrix.
  public func solving(_ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_solve(pointer, b.pointer, $0, $1) }
  }

  /// The k-th smallest element along a dimension, from k = 1; the dimension is removed.
  public func smallest(
    _ k: Int, along dimension: Int = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_kth_smallest(pointer, Int64(k), Int64(dimension), $0, $1) } }

  /// The maximum of each window: `[N, C, H, W]` → `[N, C, H', W']`.
  public func maxPooled(
    kernel: Int, stride: Int, padding: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_max_pool2d(pointer, Int64(kernel), Int64(stride), Int64(padding), $0, $1) }
  }

  /// The mean of each window's pixels inside the image: `[N, C, H, W]` → `[N, C, H', W']`.
  public func averagePooled(
    kernel: Int, stride: Int, padding: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_avg_pool2d_windowed(pointer, Int64(kernel), Int64(stride), Int64(padding), $0, $1) }
  }

  /// Cross-correlation with a kernel `[outputs, inputs, kh, kw]`, with separate zero padding for y and x.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int, padding: (y: Int, x: Int), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_conv2d_rectangular(
        pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding.y), Int64(padding.x), $0, $1)
    }
  }

  /// Bilinear interpolation with half-pixel centers: `[N, C, H, W]` → `[N, C, height, width]`.
  /// - Parameter antialias: when reducing, widen the kernel to the size of a target pixel.
  public func resizedBilinear(
    height: Int, width: Int, antialias: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_resize_bilinear(pointer, Int64(height), Int64(width), antialias, $0, $1) } }

  /// The mean over the area of each target pixel: `[N, C, H, W]` → `[N, C, height, width]`, height ≤ H, width ≤ W.
  public func resizedByArea(height: Int, width: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_resize_area(pointer, Int64(height), Int64(width), $0, $1) }
  }
}
