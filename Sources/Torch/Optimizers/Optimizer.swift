import CTorch

/// A rule that moves parameters along their gradients, with a state that can be saved and loaded whole.
public protocol Optimizer: AnyObject {
  /// What it moves, in the order in which `step` takes gradients.
  var parameters: [Parameter] { get }
  /// Scales each update; may change between steps.
  var learningRate: Double { get set }
  /// Updates done since the start or the last `reset`.
  var stepCount: Int { get }
  /// One update; `gradients` in the order of `parameters`.
  func step(_ gradients: [Tensor])
  /// Forgets the moments and the number of steps.
  func reset()
  /// The moments by name: "NAME.first", "NAME.second", "NAME.square".
  var state: [(name: String, value: Tensor)] { get }
  /// Continues after `stepCount` updates; the moments themselves are loaded into `state`'s tensors.
  func restore(stepCount: Int)
}

/// Adam (Kingma & Ba 2015, Algorithm 1), without weight decay.
public final class Adam: Optimizer {
  /// What it moves.
  public let parameters: [Parameter]
  /// α
  public var learningRate: Double
  /// Decay of the first and second moment.
  public let beta1, beta2: Double
  /// ε, added to √v̂.
  public let epsilon: Double
  /// t
  public private(set) var stepCount = 0
  private let first, second: [Tensor]

  /// Zero moments for `parameters`.
  public init(_ parameters: [Parameter], learningRate: Double, beta1: Double, beta2: Double, epsilon: Double = 1e-8) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    first = zeros(like: parameters)
    second = zeros(like: parameters)
  }

  /// One update; `gradients` in the order of `parameters`.
  public func step(_ gradients: [Tensor]) {
    precondition(gradients.count == parameters.count, "\(gradients.count) gradients for \(parameters.count) parameters")
    stepCount += 1
    let settings = ct_adam(
      learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, step: Int64(stepCount))
    perform(#fileID, #line) {
      ct_adam_all_(
        pointers(parameters.map(\.value)), pointers(gradients), pointers(first), pointers(second),
        Int64(parameters.count), settings, $0)
    }
  }

  /// Forgets the moments and the number of steps.
  public func reset() {
    stepCount = 0
    for moment in first + second { moment.overwrite(with: .zeros(moment.shape, device: moment.device)) }
  }

  /// The moments: "NAME.first" and "NAME.second".
  public var state: [(name: String, value: Tensor)] {
    zip(parameters, first).map { ("\($0.name).first", $1) } + zip(parameters, second).map { ("\($0.name).second", $1) }
  }

  /// Continues after `stepCount` updates.
  public func restore(stepCount: Int) { self.stepCount = stepCount }
}

/// RMSProp (Tieleman & Hinton 2012): the step is divided by the root of a moving mean of the squared gradient.
public final class RMSProp: Optimizer {
  /// What it moves.
  public let parameters: [Parameter]
  /// Scales each update.
  public var learningRate: Double
  /// The decay α of the mean of squares.
  public let alpha: Double
  /// ε, added to the root.
  public let epsilon: Double
  /// Updates done.
  public private(set) var stepCount = 0
  private let squares: [Tensor]

  /// A zero mean of squares for `parameters`.
  public init(_ parameters: [Parameter], learningRate: Double, alpha: Double = 0.99, epsilon: Double = 1e-8) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    squares = zeros(like: parameters)
  }

  /// One update; `gradients` in the order of `parameters`.
  public func step(_ gradients: [Tensor]) {
    precondition(gradients.count == parameters.count, "\(gradients.count) gradients for \(parameters.count) parameters")
    stepCount += 1
    perform(#fileID, #line) {
      ct_rmsprop_all_(
        pointers(parameters.map(\.value)), pointers(gradients), pointers(squares), Int64(parameters.count),
        learningRate, alpha, epsilon, $0)
    }
  }

  /// Forgets the mean of squares and the number of steps.
  public func reset() {
    stepCount = 0
    for square in squares { square.overwrite(with: .zeros(square.shape, device: square.device)) }
  }

  /// The means of squares: "NAME.square".
  public var state: [(name: String, value: Tensor)] { zip(parameters, squares).map { ("\($0.name).square", $1) } }

  /// Continues after `stepCount` updates.
  public func restore(stepCount: Int) { self.stepCount = stepCount }
}

private func zeros(like parameters: [Parameter]) -> [Tensor] {
  parameters.map { .zeros($0.value.shape, dtype: $0.value.dtype, device: $0.value.device) }
}
