import CTorch

extension Tensor {
  /// A tensor with one value in all elements.
  public init(
    repeating value: Double, shape: [Int], dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self = makeTensor(file, line) { ct_full(shape.int64, Int64(shape.count), value, dtype.code, device.code, $0, $1) }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    Tensor(repeating: 0, shape: shape, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
    Tensor(repeating: 1, shape: shape, dtype: dtype, device: device)
  }

  /// A copy of raw elements in row-major order.
  /// - Precondition: `bytes` holds exactly the elements of `shape`.
  public init(
    bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    precondition(
      bytes.count == shape.reduce(1, *) * dtype.byteCount, "\(bytes.count) bytes do not fill a \(dtype)\(shape)",
      file: file, line: line)
    var nothing: UInt8 = 0
    self = makeTensor(file, line) { out, message in
      withUnsafePointer(to: &nothing) {
        ct_from_bytes(
          bytes.baseAddress ?? UnsafeRawPointer($0), shape.int64, Int64(shape.count), dtype.code, device.code, out,
          message)
      }
    }
  }

  /// A float32 tensor with these elements in row-major order.
  public init(_ values: [Float], shape: [Int], device: Device = .cpu, file: StaticString = #fileID, line: UInt = #line)
  {
    self = values.withUnsafeBytes {
      Tensor(bytes: $0, shape: shape, dtype: .float32, device: device, file: file, line: line)
    }
  }

  /// A tensor with these elements in row-major order, converted to `dtype`.
  public init(
    _ values: [Double], shape: [Int], dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self = values.withUnsafeBytes {
      Tensor(bytes: $0, shape: shape, dtype: .float64, file: file, line: line).to(dtype).to(device)
    }
  }

  /// An int64 tensor with these elements.
  public init(_ values: [Int], device: Device = .cpu, file: StaticString = #fileID, line: UInt = #line) {
    self = values.int64.withUnsafeBytes {
      Tensor(bytes: $0, shape: [values.count], dtype: .int64, device: device, file: file, line: line)
    }
  }

  /// start, start + step, …, excluding end.
  public static func range(
    from start: Double, to end: Double, by step: Double = 1, dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_arange(start, end, step, dtype.code, device.code, $0, $1) } }

  // MARK: Reading

  /// The element of a tensor with one element.
  public var item: Double {
    precondition(elementCount == 1, "item of a tensor of shape \(shape)")
    return to(.float64).withoutGraph.scalars(Double.self)[0]
  }

  /// The elements as float32, in row-major order.
  public var floats: [Float] { to(.float32).scalars(Float.self) }

  /// The elements as float64, in row-major order.
  public var doubles: [Double] { to(.float64).scalars(Double.self) }

  /// The elements as integers, in row-major order.
  public var integers: [Int] { to(.int64).scalars(Int64.self).map(Int.init) }

  /// The raw elements in row-major order.
  public var bytes: [UInt8] { scalars(UInt8.self, count: elementCount * dtype.byteCount) }

  /// The element of a float64 tensor with one element that was made on the CPU; not counted in ``HostReads``.
  var hostItem: Double { scalars(Double.self, isCounted: false)[0] }

  /// The elements of a float64 tensor that was made on the CPU; not counted in ``HostReads``.
  var hostItems: [Double] { scalars(Double.self, isCounted: false) }

  private func scalars<Scalar>(_: Scalar.Type, count: Int? = nil, isCounted: Bool = true) -> [Scalar] {
    let count = count ?? elementCount
    if isCounted { _ = ct_reads(1) }
    return [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
      var nothing: UInt8 = 0
      withUnsafeMutablePointer(to: &nothing) { empty in
        let target = count == 0 ? UnsafeMutableRawPointer(empty) : UnsafeMutableRawPointer(buffer.baseAddress!)
        perform(#fileID, #line) { ct_to_bytes(pointer, target, Int64(count * Swift.MemoryLayout<Scalar>.stride), $0) }
      }
      initialized = count
    }
  }
}

/// Counts reads of tensor elements; each read waits for the device.
package enum HostReads {
  /// The reads of this thread since its start, except draws of ``RandomStream`` on the CPU.
  package static var count: Int { Int(ct_reads(0)) }
}
