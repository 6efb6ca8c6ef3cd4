/// A named tensor; optimizers update it in place.
public final class Parameter {
  /// The dotted path, the name in saved files: "synthesis.b8.conv0.weight".
  public let name: String
  /// The current value; updates keep its storage.
  public fileprivate(set) var value: Tensor
  /// Whether changing the value traps.
  fileprivate var isFrozen = false

  init(name: String, value: Tensor) { (self.name, self.value) = (name, value) }

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

/// A saved tensor that is not trained: a running mean, a stored noise image.
public typealias Buffer = Parameter

/// The initial values of a parameter.
public enum Initializer: Sendable {
  /// All elements are equal.
  case constant(Double)
  /// N(0, deviation²)
  case normal(deviation: Double)
  /// U(−bound, bound)
  case uniform(bound: Double)
}

/// The parameters and buffers of a network, in the order of creation.
public final class ParameterStore {
  /// The device of all values.
  public let device: Device
  /// The trained parameters.
  public private(set) var parameters: [Parameter] = []
  /// The buffers: saved but not trained.
  public private(set) var buffers: [Buffer] = []
  private var names: Set<String> = []
  private let random: RandomStream

  /// An empty store.
  /// - Parameter seed: determines every initial value, equally on every device.
  public init(seed: UInt64, device: Device = .cpu) {
    self.device = device
    random = RandomStream(seed: seed)
  }

  /// The root scope; its path is empty.
  public var root: Scope { Scope(store: self, path: "") }

  /// All names with their tensors, parameters first.
  public var state: [(name: String, value: Tensor)] { (parameters + buffers).map { ($0.name, $0.value) } }

  /// The number of trained scalars.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.elementCount } }

  /// Turns gradient recording on or off for every parameter.
  public func setRequiresGradient(_ required: Bool) {
    for parameter in parameters { parameter.value.setRequiresGradient(required) }
  }

  /// Makes every value constant, so that several threads can read it at once.
  package func freeze() {
    setRequiresGradient(false)
    for parameter in parameters + buffers { parameter.isFrozen = true }
  }

  /// Converts every value to another type; call it before making optimizers. Tests use float64 to detect rounding.
  package func convert(to type: DType) {
    for tensor in parameters + buffers {
      let requiresGradient = tensor.value.requiresGradient
      tensor.value = tensor.value.withoutGraph.to(type).requiringGradient(requiresGradient)
    }
  }

  /// Copies every value from a store of the same architecture.
  public func copy(from other: ParameterStore) {
    precondition(state.map(\.name) == other.state.map(\.name), "the stores have different architectures")
    for (mine, theirs) in zip(parameters + buffers, other.parameters + other.buffers) { mine.set(theirs.value) }
  }

  fileprivate func make(
    _ name: String, _ shape: [Int], _ initializer: Initializer, trained: Bool, file: StaticString, line: UInt
  ) -> Parameter {
    precondition(names.insert(name).inserted, "two parameters have the name '\(name)'", file: file, line: line)
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

/// A store and a prefix for the names of new parameters.
///
/// ```swift
/// let weight = (scope / "conv0").parameter("weight", [8, 4, 3, 3], .normal(deviation: 1))
/// ```
public struct Scope {
  /// The store of the parameters made here.
  public let store: ParameterStore
  /// The dotted prefix, empty at the root.
  public let path: String

  /// The scope `name` inside this one.
  public static func / (scope: Scope, name: String) -> Scope {
    Scope(store: scope.store, path: scope.path.isEmpty ? name : "\(scope.path).\(name)")
  }

  /// A new trained parameter; a duplicate name traps.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, file: StaticString = #fileID, line: UInt = #line
  ) -> Parameter { store.make((self / name).path, shape, initializer, trained: true, file: file, line: line) }

  /// A new buffer, saved but not trained; a duplicate name traps.
  public func buffer(
    _ name: String, _ shape: [Int], _ initializer: Initializer, file: StaticString = #fileID, line: UInt = #line
  ) -> Buffer { store.make((self / name).path, shape, initializer, trained: false, file: file, line: line) }
}
