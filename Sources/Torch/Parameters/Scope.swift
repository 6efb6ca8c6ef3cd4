/// A tensor that an optimizer changes in place, with the name under which it is saved.
public final class Parameter {
  /// The dotted path: "synthesis.b8.conv0.weight".
  public let name: String
  /// The current value: the same storage through every update.
  public fileprivate(set) var value: Tensor
  /// Whether it can no longer change.
  fileprivate var isFrozen = false

  init(name: String, value: Tensor) {
    self.name = name
    self.value = value
  }

  /// Overwrites the value in place.
  public func set(_ value: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    precondition(!isFrozen, "'\(name)' is frozen", file: file, line: line)
    self.value.overwrite(with: value, file: file, line: line)
  }

  /// Moves the value in place: p ← p + weight · (target − p).
  package func moveTowards(_ target: Tensor, weight: Double) {
    precondition(!isFrozen, "'\(name)' is frozen")
    Tensor.lerp([value], towards: [target], weight: weight)
  }
}

/// A saved tensor that no optimizer touches (a running mean, a stored noise image).
public typealias Buffer = Parameter

/// How a parameter starts.
public enum Initializer: Sendable {
  /// All elements equal.
  case constant(Double)
  /// N(0, deviation²)
  case normal(deviation: Double)
  /// U(−bound, bound)
  case uniform(bound: Double)
}

/// The parameters and buffers of a network, in the order in which they were made.
public final class ParameterStore {
  /// Where they live.
  public let device: Device
  /// Trained by an optimizer.
  public private(set) var parameters: [Parameter] = []
  /// Saved but not trained.
  public private(set) var buffers: [Buffer] = []
  private var names: Set<String> = []
  private let random: RandomStream

  /// An empty store.
  /// - Parameter seed: fixes every initial value, the same on every device.
  public init(seed: UInt64, device: Device = .cpu) {
    self.device = device
    random = RandomStream(seed: seed)
  }

  /// The scope without a prefix.
  public var root: Scope { Scope(store: self, path: "") }

  /// All names with their tensors, parameters first.
  public var state: [(name: String, value: Tensor)] { (parameters + buffers).map { ($0.name, $0.value) } }

  /// The number of trained scalars.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.elementCount } }

  /// Switches the recording of gradients for every parameter on or off.
  public func setRequiresGradient(_ required: Bool) {
    for parameter in parameters { parameter.value.setRequiresGradient(required) }
  }

  /// Makes every value constant from here on, so that several threads can read it at once.
  package func freeze() {
    setRequiresGradient(false)
    for parameter in parameters + buffers { parameter.isFrozen = true }
  }

  /// Keeps every value in another type from here on, before there are optimizers: float64 tells whether a difference is
  /// rounding.
  package func convert(to type: DType) {
    for tensor in parameters + buffers {
      let requiresGradient = tensor.value.requiresGradient
      tensor.value = tensor.value.withoutGraph.to(type).requiringGradient(requiresGradient)
    }
  }

  /// Copies every value from a store of the same architecture.
  public func copy(from other: ParameterStore) {
    precondition(state.map(\.name) == other.state.map(\.name), "stores of different architectures")
    for (mine, theirs) in zip(parameters + buffers, other.parameters + other.buffers) { mine.set(theirs.value) }
  }

  fileprivate func make(
    _ name: String, _ shape: [Int], _ initializer: Initializer, trained: Bool, file: StaticString, line: UInt
  ) -> Parameter {
    precondition(names.insert(name).inserted, "two parameters are called '\(name)'", file: file, line: line)
    let start: Tensor =
      switch initializer {
      case _ where device == .meta: Tensor(repeating: 0, shape: shape, device: .meta)
      case .constant(let value): Tensor(repeating: value, shape: shape)
      case .normal(let deviation): random.normal(shape) * deviation
      case .uniform(let bound): (random.uniform(shape) * 2 - 1) * bound
      }
    let parameter = Parameter(name: name, value: start.to(device).requiringGradient(trained))
    if trained { parameters.append(parameter) } else { buffers.append(parameter) }
    return parameter
  }
}

/// A place in the naming tree of a store: parameters are named where they are made.
///
/// ```swift
/// let weight = (scope / "conv0").parameter("weight", [8, 4, 3, 3], .normal(deviation: 1))
/// ```
public struct Scope {
  /// Where parameters made here are kept.
  public let store: ParameterStore
  /// The dotted prefix, empty at the root.
  public let path: String

  /// The scope called `name` inside this one.
  public static func / (scope: Scope, name: String) -> Scope {
    Scope(store: scope.store, path: scope.path.isEmpty ? name : "\(scope.path).\(name)")
  }

  /// A new trained parameter; a name used twice traps.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, file: StaticString = #fileID, line: UInt = #line
  ) -> Parameter {
    store.make((self / name).path, shape, initializer, trained: true, file: file, line: line)
  }

  /// A new buffer, saved but not trained; a name used twice traps.
  public func buffer(
    _ name: String, _ shape: [Int], _ initializer: Initializer, file: StaticString = #fileID, line: UInt = #line
  ) -> Buffer {
    store.make((self / name).path, shape, initializer, trained: false, file: file, line: line)
  }
}
