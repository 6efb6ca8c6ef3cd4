import CTorch

/// Where tensors live and operations run.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of device this library knows.
  public enum Kind: String, Sendable, CaseIterable {
    case cpu, cuda, mps
    /// Shapes without elements: what a network would be, before memory is taken for it.
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
  /// Which one of its kind, from 0.
  public let index: Int

  /// The processor.
  public static let cpu = Device(kind: .cpu, index: 0)
  /// No memory: tensors here have a shape and nothing else.
  package static let meta = Device(kind: .meta, index: 0)

  private init(kind: Kind, index: Int) {
    self.kind = kind
    self.index = index
  }

  /// The device called `name`: "cpu", "cuda", "cuda:1" or "mps".
  /// - Throws: ``DeviceError`` where the name is not one of these or this machine has no such device.
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

  /// "cpu", "cuda:1"
  public var description: String { kind == .cuda ? "cuda:\(index)" : kind.rawValue }

  /// Waits until all work asked of the device is done; clocks are read after this.
  public func synchronize(file: StaticString = #fileID, line: UInt = #line) {
    perform(file, line) { ct_synchronize(code, $0) }
  }
}

/// Why a device cannot be used.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
  /// Not the name of a device.
  case unknown(name: String)
  /// This machine, or this build of libtorch, has fewer devices of the kind.
  case absent(name: String, kind: Device.Kind, count: Int)

  /// A sentence saying what to do.
  public var description: String {
    switch self {
    case .unknown(let name):
      "there is no device '\(name)': use cpu, cuda, cuda:N or mps"
    case .absent(let name, let kind, 0):
      "'\(name)' is not available: \(kind == .cuda ? "no CUDA device, or a libtorch built for the CPU only" : "no \(kind.rawValue) device here"); use --device cpu"
    case .absent(let name, _, let count):
      "'\(name)' is not available: this machine has \(count) device\(count == 1 ? "" : "s") of that kind, counted from 0"
    }
  }
}

/// Facts and settings of the processor that hold for the whole process.
public enum Processor {
  /// Threads that one operation may use. Results differ in the last bits between thread counts.
  public static var threadCount: Int {
    get { Int(ct_thread_count()) }
    set { ct_set_thread_count(Int32(newValue)) }
  }

  /// Whether bfloat16 is multiplied in hardware (AVX512-BF16 or AMX); without it, bfloat16 is slower than float32.
  public static var hasBFloat16: Bool { ct_cpu_has_bfloat16() }

  /// Lets freed memory stay with the process: large activations come and go with every operation, and fresh pages cost
  /// up to as much as computing what is written to them. For programs; a library leaves its host's allocator alone.
  public static func keepFreedMemory() { ct_keep_freed_memory() }

  /// libtorch's version.
  public static var libtorchVersion: String { String(cString: ct_version()) }
}
