import CTorch

/// Updates parameters from their gradients; its complete state can be saved and loaded.
public protocol Optimizer: AnyObject {
  /// The updated parameters, in the order of the gradients of `step`.
  var parameters: [Parameter] { get }
  /// The step size; it may change between steps.
  var learningRate: Double { get set }
  /// The number of updates since the start or the last `reset`.
  var stepCount: Int { get }
  /// Makes one update; `gradients` has the order of `parameters`.
  func step(_ gradients: [Tensor])
  /// Sets the moments and the number of steps to 0.
  func reset()
  /// The moments by name: "NAME.first", "NAME.second", "NAME.square".
  var state: [(name: String, value: Tensor)] { get }
  /// Resumes after `stepCount` updates; load the moments into the tensors of `state`.
  func restore(stepCount: Int)
}

/// Adam (Kingma & Ba 2015, Algorithm 1), without weight decay.
public final class Adam: Optimizer {
  /// The updated parameters.
  public let parameters: [Parameter]
  /// The learning rate α.
  public var learningRate: Double
  /// The decay of the first and the second moment.
  public let beta1, beta2: Double
  /// ε, added to √v̂.
  public let epsilon: Double
  /// The number of updates t.
  public private(set) var stepCount = 0
  private let first, second: [Tensor]

  /// Zero moments for `parameters`.
  public init(_ parameters: [Parameter], learningRate: Double, beta1: Double, beta2: Double, epsilon: Double = 1e-8) {
    (self.parameters, self.learningRate) = (parameters, learningRate)
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    (first, second) = (zeros(like: parameters), zeros(like: parameters))
  }

  /// Makes one update; `gradients` has the order of `parameters`.
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

  /// Sets the moments and the number of steps to 0.
  public func reset() {
    stepCount = 0
    for moment in first + second { moment.overwrite(with: .zeros(moment.shape, device: moment.device)) }
  }

  /// The moments: "NAME.first" and "NAME.second".
  public var state: [(name: String, value: Tensor)] {
    zip(parameters, first).map { ("\($0.name).first", $1) } + zip(parameters, second).map { ("\($0.name).second", $1) }
  }

  /// Resumes after `stepCount` updates.
  public func restore(stepCount: Int) { self.stepCount = stepCount }
}

/// RMSProp (Tieleman & Hinton 2012): divides the gradient by the root of the moving mean of its square.
public final class RMSProp: Optimizer {
  /// The updated parameters.
  public let parameters: [Parameter]
  /// The step size.
  public var learningRate: Double
  /// The decay α of the mean of squares.
  public let alpha: Double
  /// ε, added to the root.
  public let epsilon: Double
  /// The number of updates.
  public private(set) var stepCount = 0
  private let squares: [Tensor]

  /// A zero mean of squares for `parameters`.
  public init(_ parameters: [Parameter], learningRate: Double, alpha: Double = 0.99, epsilon: Double = 1e-8) {
    (self.parameters, self.learningRate, self.alpha, self.epsilon) = (parameters, learningRate, alpha, epsilon)
    squares = zeros(like: parameters)
  }

  /// Makes one update; `gradients` has the order of `parameters`.
  public func step(_ gradients: [Tensor]) {
    precondition(gradients.count == parameters.count, "\(gradients.count) gradients for \(parameters.count) parameters")
    stepCount += 1
    perform(#fileID, #line) {
      ct_rmsprop_all_(
        pointers(parameters.map(\.value)), pointers(gradients), pointers(squares), Int64(parameters.count),
        learningRate, alpha, epsilon, $0)
    }
  }

  /// Sets the means of squares and the number of steps to 0.
  public func reset() {
    stepCount = 0
    for square in squares { square.overwrite(with: .zeros(square.shape, device: square.device)) }
  }

  /// The means of squares: "NAME.square".
  public var state: [(name: String, value: Tensor)] { zip(parameters, squares).map { ("\($0.name).square", $1) } }

  /// Resumes after `stepCount` updates.
  public func restore(stepCount: Int) { self.stepCount = stepCount }
}

private func zeros(like parameters: [Parameter]) -> [Tensor] {
  parameters.map { .zeros($0.value.shape, dtype: $0.value.dtype, device: $0.value.device) }
}
