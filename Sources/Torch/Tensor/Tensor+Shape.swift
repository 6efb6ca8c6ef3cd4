import CTorch

// Views, rearrangements and conversions.

extension Tensor {
  /// The same elements as another shape; one size may be −1 and is worked out.
  public func reshaped(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_reshape(pointer, shape.int64, Int64(shape.count), $0, $1) }
  }

  /// The dimensions in another order.
  public func permuted(_ order: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_permute(pointer, order.int64, Int64(order.count), $0, $1) }
  }

  /// A matrix with rows and columns exchanged.
  public var transposed: Tensor { permuted([1, 0]) }

  /// Dimensions of size 1 repeated, without copying; −1 keeps a size.
  public func expanded(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_expand(pointer, shape.int64, Int64(shape.count), $0, $1) }
  }

  /// A new dimension of size 1.
  public func unsqueezed(at dimension: Int) -> Tensor {
    var shape = self.shape
    shape.insert(1, at: dimension)
    return reshaped(shape)
  }

  /// Elements `range` of one dimension.
  public func sliced(
    _ range: Range<Int>, along dimension: Int, step: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) {
      ct_slice(pointer, Int64(dimension), Int64(range.lowerBound), Int64(range.upperBound), Int64(step), $0, $1)
    }
  }

  /// One element of a dimension, which disappears.
  public func selected(_ index: Int, along dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var shape = self.shape
    shape.remove(at: dimension)
    return sliced(index..<index + 1, along: dimension, file: file, line: line).reshaped(shape)
  }

  /// Row `index` of the first dimension, which disappears.
  public subscript(_ index: Int) -> Tensor { selected(index, along: 0) }

  /// Rows `range` of the first dimension.
  public subscript(_ range: Range<Int>) -> Tensor { sliced(range, along: 0) }

  /// The elements at `indices` (int64) along one dimension.
  public func gathered(
    _ indices: Tensor, along dimension: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_index_select(pointer, Int64(dimension), indices.pointer, $0, $1) }
  }

  /// Tensors one after the other along an existing dimension.
  public static func concatenated(
    _ tensors: [Tensor], along dimension: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    precondition(!tensors.isEmpty, "nothing to concatenate", file: file, line: line)
    return makeTensor(file, line) {
      ct_concatenate(pointers(tensors), Int64(tensors.count), Int64(dimension), $0, $1)
    }
  }

  /// Tensors of one shape along a new dimension.
  public static func stacked(
    _ tensors: [Tensor], along dimension: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    concatenated(tensors.map { $0.unsqueezed(at: dimension) }, along: dimension, file: file, line: line)
  }

  /// The order of elements reversed along `dimensions`.
  public func flipped(_ dimensions: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_flip(pointer, dimensions.int64, Int64(dimensions.count), $0, $1) }
  }

  /// What stands beyond the border.
  public enum Padding: Sendable {
    /// Zeros.
    case zeros
    /// The image mirrored at its border pixel, which is not repeated.
    case reflected
  }

  /// Rows and columns added around the last two dimensions.
  public func padded(
    top: Int, bottom: Int, left: Int, right: Int, with padding: Padding = .zeros,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let mode = Int32(padding == .zeros ? CT_PAD_ZEROS : CT_PAD_REFLECT)
    return makeTensor(file, line) { ct_pad(pointer, [left, right, top, bottom].int64, 4, mode, $0, $1) }
  }

  // MARK: Conversions

  /// The elements converted to a type; itself where it has that type already.
  public func to(_ dtype: DType) -> Tensor { dtype == self.dtype ? self : converted(dtype, device, .preserved) }

  /// The elements on a device; itself where it is there already.
  public func to(_ device: Device) -> Tensor { device == self.device ? self : converted(dtype, device, .preserved) }

  /// The elements laid out as asked; itself where they are already.
  public func laidOut(_ layout: MemoryLayout) -> Tensor {
    layout == .preserved || isContiguous(layout) ? self : converted(dtype, device, layout)
  }

  private func converted(_ dtype: DType, _ device: Device, _ layout: MemoryLayout) -> Tensor {
    makeTensor(#fileID, #line) { ct_to(pointer, dtype.code, device.code, layout.code, $0, $1) }
  }

  /// The same elements, cut off from the graph that made them.
  public var withoutGraph: Tensor { unary(CT_DETACH) }

  /// A copy with its own storage.
  public func copied() -> Tensor { unary(CT_CLONE) }
}
