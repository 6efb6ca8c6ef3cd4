import CTorch

/// A multi-dimensional array on a device, with automatic differentiation: a value whose storage libtorch owns.
///
/// Operations never change their operands; a new tensor is returned, which may share storage with its operand where
/// it is a view of it (`reshaped`, `sliced`, `expanded`, …). Only ``Parameter`` and ``Buffer`` change in place. The
/// storage is released with the last copy.
///
/// A programmer's mistake (shapes that do not fit, say) traps with libtorch's own message and the caller's line.
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

  /// Where the elements are.
  public var device: Device { Device(code: ct_device_of(pointer)) }

  /// The size of one dimension; negative counts from the last.
  public func size(_ dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
    let index = dimension < 0 ? rank + dimension : dimension
    precondition((0..<rank).contains(index), "dimension \(dimension) of a tensor \(shape)", file: file, line: line)
    return Int(ct_size(pointer, Int64(index)))
  }

  /// Whether the elements lie in memory in row-major order (or, for `.channelsLast`, as N, H, W, C).
  public func isContiguous(_ layout: MemoryLayout = .contiguous) -> Bool { ct_is_contiguous(pointer, layout.code) }

  /// Whether gradients with respect to this tensor, or through it, are recorded.
  public var requiresGradient: Bool { ct_requires_grad(pointer) }

  /// How the elements of an image batch lie in memory; the shape is `[N, C, H, W]` either way.
  public enum MemoryLayout: Sendable {
    /// N, C, H, W: a plane of each channel after the other.
    case contiguous
    /// N, H, W, C: the channels of a pixel side by side; convolutions on a CPU prefer it.
    case channelsLast
    /// As the operand is.
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
  /// Type, shape and device, and the value of a scalar: "float32[8, 3, 32, 32] on cpu".
  public var description: String {
    elementCount == 1 && dtype.isFloatingPoint ? "\(dtype)\(shape) = \(item)" : "\(dtype)\(shape) on \(device)"
  }
}

// MARK: - The bridge

/// Runs a shim call that makes a tensor; traps with libtorch's message and the caller's line.
@inline(__always)
func makeTensor(
  _ file: StaticString, _ line: UInt,
  _ call: (UnsafeMutablePointer<ct_tensor?>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ct_status
) -> Tensor {
  var out: ct_tensor?
  perform(file, line) { call(&out, $0) }
  return Tensor(owning: out!)
}

/// Runs a shim call; traps with libtorch's message and the caller's line.
@inline(__always)
func perform(
  _ file: StaticString, _ line: UInt, _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ct_status
) {
  var message: UnsafeMutablePointer<CChar>?
  if call(&message) != 0 { trap(message, file, line) }
}

/// Stops the program with libtorch's message at the caller's line; what to do when memory runs out is the program's choice.
func trap(_ message: UnsafeMutablePointer<CChar>?, _ file: StaticString, _ line: UInt) -> Never {
  let text = takeMessage(message)
  if let handler = OutOfMemory.handler, OutOfMemory.isMeant(by: text) { handler(text) }
  fatalError(text, file: file, line: line)
}

/// What happens when there is no memory for a tensor.
///
/// It is no programmer's mistake, but nothing that could go on either: a program may end with words of its own.
public enum OutOfMemory {
  /// Called with libtorch's message; nil: it traps. To be set once, before the first tensor is made.
  nonisolated(unsafe) public static var handler: ((String) -> Never)?

  /// Whether a message of libtorch, or of C++, says that memory ran out.
  static func isMeant(by message: String) -> Bool {
    ["not enough memory", "can't allocate memory", "out of memory", "bad_alloc"].contains(where: message.contains)
  }
}

/// The text of an owned message, freed.
func takeMessage(_ message: UnsafeMutablePointer<CChar>?) -> String {
  guard let message else { return "libtorch failed without a message" }
  defer { ct_message_free(message) }
  return String(cString: message)
}

extension Array where Element == Int {
  /// The sizes or indices as libtorch takes them.
  var int64: [Int64] { map(Int64.init) }
}

/// The handles of several tensors, for a call that takes a list.
func pointers(_ tensors: [Tensor]) -> [ct_tensor] { tensors.map(\.pointer) }
