import CTorch

/// A multi-dimensional array on a device, with automatic differentiation; libtorch owns the storage.
///
/// Operations return new tensors; views (`reshaped`, `sliced`, `expanded`, …) may share storage with their operand.
/// Only ``Parameter`` and ``Buffer`` change in place.
///
/// A programming error, such as a shape mismatch, traps with libtorch's message and the caller's line.
public struct Tensor: @unchecked Sendable {
  /// The owner of one libtorch handle.
  final class Box {
    let pointer: ct_tensor
    init(_ pointer: ct_tensor) { self.pointer = pointer }
    deinit { ct_tensor_free(pointer) }
  }

  let box: Box
  var pointer: ct_tensor { box.pointer }

  init(owning pointer: ct_tensor) { box = Box(pointer) }

  // MARK: Description

  /// The number of dimensions.
  public var rank: Int { Int(ct_dim(pointer)) }

  /// The size of each dimension.
  public var shape: [Int] { (0..<rank).map { Int(ct_size(pointer, Int64($0))) } }

  /// The product of the shape.
  public var elementCount: Int { Int(ct_element_count(pointer)) }

  /// The type of an element.
  public var dtype: DType { DType(code: ct_dtype(pointer)) }

  /// The device of the elements.
  public var device: Device { Device(code: ct_device_of(pointer)) }

  /// The size of one dimension; negative indices count from the end.
  public func size(_ dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
    let index = dimension < 0 ? rank + dimension : dimension
    precondition((0..<rank).contains(index), "dimension \(dimension) of a tensor \(shape)", file: file, line: line)
    return Int(ct_size(pointer, Int64(index)))
  }

  /// Whether the memory order is row-major (or N, H, W, C for `.channelsLast`).
  public func isContiguous(_ layout: MemoryLayout = .contiguous) -> Bool { ct_is_contiguous(pointer, layout.code) }

  /// Whether autograd records operations on this tensor.
  public var requiresGradient: Bool { ct_requires_grad(pointer) }

  /// The memory order of an image batch; the shape is always `[N, C, H, W]`.
  public enum MemoryLayout: Sendable {
    /// N, C, H, W: one plane per channel.
    case contiguous
    /// N, H, W, C: the channels of a pixel are adjacent; faster for convolutions on the CPU.
    case channelsLast
    /// The order of the operand.
    case preserved

    var code: Int32 {
      switch self {
      case .contiguous: Int32(CT_CONTIGUOUS)
      case .channelsLast: Int32(CT_CHANNELS_LAST)
      case .preserved: Int32(CT_PRESERVE)
      }
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// Type, shape and device, or the value of a scalar: "float32[8, 3, 32, 32] on cpu".
  public var description: String {
    elementCount == 1 && dtype.isFloatingPoint ? "\(dtype)\(shape) = \(item)" : "\(dtype)\(shape) on \(device)"
  }
}

// MARK: - The bridge

/// Runs a shim call that makes a tensor; traps with libtorch's message and the caller's line.
@inline(__always) func makeTensor(
  _ file: StaticString, _ line: UInt,
  _ call: (UnsafeMutablePointer<ct_tensor?>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ct_status
) -> Tensor {
  var out: ct_tensor?
  perform(file, line) { call(&out, $0) }
  return Tensor(owning: out!)
}

/// Runs a shim call; traps with libtorch's message and the caller's line.
@inline(__always) func perform(
  _ file: StaticString, _ line: UInt, _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ct_status
) {
  var message: UnsafeMutablePointer<CChar>?
  if call(&message) != 0 { trap(message, file, line) }
}

/// Traps with libtorch's message and the caller's line. An ``OutOfMemory/handler`` may end the program instead.
func trap(_ message: UnsafeMutablePointer<CChar>?, _ file: StaticString, _ line: UInt) -> Never {
  let text = takeMessage(message)
  if let handler = OutOfMemory.handler, OutOfMemory.isMeant(by: text) { handler(text) }
  fatalError(text, file: file, line: line)
}

/// Copies a message and frees it.
func takeMessage(_ message: UnsafeMutablePointer<CChar>?) -> String {
  guard let message else { return "libtorch failed without a message" }
  defer { ct_message_free(message) }
  return String(cString: message)
}

extension Array where Element == Int {
  /// The elements in libtorch's integer type.
  var int64: [Int64] { map(Int64.init) }
}

/// The handles of several tensors.
func pointers(_ tensors: [Tensor]) -> [ct_tensor] { tensors.map(\.pointer) }
