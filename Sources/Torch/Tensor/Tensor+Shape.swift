import CTorch

// Views, rearrangements and conversions.

extension Tensor {
  /// The same elements in another shape; one size may be −1 and is computed.
  public func reshaped(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_reshape(pointer, shape.int64, Int64(shape.count), $0, $1) }
  }

  /// The dimensions in another order.
  public func permuted(_ order: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_permute(pointer, order.int64, Int64(order.count), $0, $1) }
  }

  /// The transposed matrix.
  public var transposed: Tensor { permuted([1, 0]) }

  /// Repeats dimensions of size 1 without copying; −1 keeps a size.
  public func expanded(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_expand(pointer, shape.int64, Int64(shape.count), $0, $1) }
  }

  /// Inserts a dimension of size 1.
  public func unsqueezed(at dimension: Int) -> Tensor {
    var shape = self.shape
    shape.insert(1, at: dimension)
    return reshaped(shape)
  }

  /// The elements `range` of one dimension.
  public func sliced(
    _ range: Range<Int>, along dimension: Int, step: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_slice(pointer, Int64(dimension), Int64(range.lowerBound), Int64(range.upperBound), Int64(step), $0, $1)
    }
  }

  /// The element `index` of a dimension; the dimension is removed.
  public func selected(_ index: Int, along dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var shape = self.shape
    shape.remove(at: dimension)
    return sliced(index..<index + 1, along: dimension, file: file, line: line).reshaped(shape)
  }

  /// The element `index` of the first dimension; the dimension is removed.
  public subscript(_ index: Int) -> Tensor { selected(index, along: 0) }

  /// The elements `range` of the first dimension.
  public subscript(_ range: Range<Int>) -> Tensor { sliced(range, along: 0) }

  /// The elements at `indices` (int64) along one dimension.
  public func gathered(
    _ indices: Tensor, along dimension: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_index_select(pointer, Int64(dimension), indices.pointer, $0, $1) } }

  /// Concatenates tensors along an existing dimension.
  public static func concatenated(
    _ tensors: [Tensor], along dimension: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    precondition(!tensors.isEmpty, "nothing to concatenate", file: file, line: line)
    return makeTensor(file, line) { ct_concatenate(pointers(tensors), Int64(tensors.count), Int64(dimension), $0, $1) }
  }

  /// Stacks tensors of equal shape along a new dimension.
  public static func stacked(
    _ tensors: [Tensor], along dimension: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { concatenated(tensors.map { $0.unsqueezed(at: dimension) }, along: dimension, file: file, line: line) }

  /// Reverses the order of elements along `dimensions`.
  public func flipped(_ dimensions: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_flip(pointer, dimensions.int64, Int64(dimensions.count), $0, $1) }
  }

  /// The values outside the border.
  public enum Padding: Sendable {
    /// Zeros.
    case zeros
    /// The image mirrored at its border, without repeating the border pixel.
    case reflected
  }

  /// Pads the last two dimensions.
  public func padded(
    top: Int, bottom: Int, left: Int, right: Int, with padding: Padding = .zeros,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let mode = Int32(padding == .zeros ? CT_PAD_ZEROS : CT_PAD_REFLECT)
    return makeTensor(file, line) { ct_pad(pointer, [left, right, top, bottom].int64, 4, mode, $0, $1) }
  }

  // MARK: Conversions

  /// Converts the elements; returns self if the type is equal.
  public func to(_ dtype: DType) -> Tensor { dtype == self.dtype ? self : converted(dtype, device, .preserved) }

  /// Moves the elements to a device; returns self if the device is equal.
  public func to(_ device: Device) -> Tensor { device == self.device ? self : converted(dtype, device, .preserved) }

  /// Changes the memory order; returns self if it is equal.
  public func laidOut(_ layout: MemoryLayout) -> Tensor {
    layout == .preserved || isContiguous(layout) ? self : converted(dtype, device, layout)
  }

  private func converted(_ dtype: DType, _ device: Device, _ layout: MemoryLayout) -> Tensor {
    makeTensor(#fileID, #line) { ct_to(pointer, dtype.code, device.code, layout.code, $0, $1) }
  }

  /// The same elements, detached from the autograd graph.
  public var withoutGraph: Tensor { unary(CT_DETACH) }

  /// A copy with its own storage.
  public func copied() -> Tensor { unary(CT_CLONE) }
}
