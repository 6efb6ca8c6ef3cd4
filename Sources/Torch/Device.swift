import CTorch

/// A device that holds tensors and runs operations.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// The supported kinds of device.
  public enum Kind: String, Sendable, CaseIterable {
    case cpu, cuda, mps
    /// Shapes without elements: describes a network without allocating memory.
    case meta

    var code: Int32 {
      switch self {
      case .cpu: Int32(CT_CPU)
      case .cuda: Int32(CT_CUDA)
      case .mps: Int32(CT_MPS)
      case .meta: Int32(CT_META)
      }
    }
  }

  /// The kind of device.
  public let kind: Kind
  /// The index among devices of its kind, from 0.
  public let index: Int

  /// The CPU.
  public static let cpu = Device(kind: .cpu, index: 0)
  /// Tensors on it have a shape but no elements.
  package static let meta = Device(kind: .meta, index: 0)

  private init(kind: Kind, index: Int) { (self.kind, self.index) = (kind, index) }

  /// The device `name`: "cpu", "cuda", "cuda:1" or "mps".
  /// - Throws: ``DeviceError`` if the name is unknown or the machine has no such device.
  public init(_ name: String) throws(DeviceError) {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }), kind != .meta, parts.count <= 2,
      let index = parts.count == 2 ? Int(parts[1]) : 0, index >= 0
    else { throw .unknown(name: name) }
    let count = Int(ct_device_count(kind.code))
    guard index < count else { throw .absent(name: name, kind: kind, count: count) }
    self.init(kind: kind, index: index)
  }

  init(code: ct_device) {
    self.init(kind: Kind.allCases.first { $0.code == code.kind } ?? .cpu, index: Int(code.index))
  }

  var code: ct_device { ct_device(kind: kind.code, index: Int32(index)) }

  /// The name, such as "cpu" or "cuda:1".
  public var description: String { kind == .cuda ? "cuda:\(index)" : kind.rawValue }

  /// Waits for all queued work of the device; call it before reading a clock.
  public func synchronize(file: StaticString = #fileID, line: UInt = #line) {
    perform(file, line) { ct_synchronize(code, $0) }
  }
}

/// Why a device cannot be used.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
  /// The name is not the name of a device.
  case unknown(name: String)
  /// The machine, or this build of libtorch, has only `count` devices of the kind.
  case absent(name: String, kind: Device.Kind, count: Int)

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .unknown(let name): "there is no device '\(name)': use cpu, cuda, cuda:N or mps"
    case .absent(let name, let kind, 0):
      "'\(name)' is not available: \(kind == .cuda ? "there is no CUDA device, or libtorch is a CPU build" : "there is no \(kind.rawValue) device"); use --device cpu"
    case .absent(let name, _, let count):
      "'\(name)' is not available: this machine has \(count) such device\(count == 1 ? "" : "s"), counted from 0"
    }
  }
}

/// Properties and process-wide settings of the processor.
public enum Processor {
  /// The number of threads of one operation. The last bits of results depend on it.
  public static var threadCount: Int {
    get { Int(ct_thread_count()) }
    set { ct_set_thread_count(Int32(newValue)) }
  }

  /// Whether the processor has AVX512-BF16 or AMX; without them, bfloat16 is slower than float32.
  public static var hasBFloat16: Bool { ct_cpu_has_bfloat16() }

  /// Keeps freed memory in the process. Every operation allocates large activations, and page faults can cost
  /// as much as the computation. For programs only: a library must not change its host's allocator.
  public static func keepFreedMemory() { ct_keep_freed_memory() }

  /// The version of libtorch.
  public static var libtorchVersion: String { String(cString: ct_version()) }
}
