import CTorch

/// Gradients of a scalar (or of ⟨output, seed⟩) with respect to tensors.
///
/// With `createGraph` they are differentiable, as gradient penalties require (R1, WGAN-GP, path length).
/// - Parameters:
///   - output: the differentiated tensor; it has one element unless `seed` is given.
///   - seed: the cotangent, with the shape of `output`.
///   - inputs: tensors that require gradients.
///   - createGraph: whether to record the backward pass.
/// - Returns: a gradient for each input, with its shape; zeros if `output` does not depend on it.
public func gradients(
  of output: Tensor, seed: Tensor? = nil, withRespectTo inputs: [Tensor], createGraph: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  var out = [ct_tensor?](repeating: nil, count: inputs.count)
  perform(file, line) {
    ct_gradients(output.pointer, seed?.pointer, pointers(inputs), Int64(inputs.count), createGraph, &out, $0)
  }
  return zip(out, inputs).map { pointer, input in
    pointer.map(Tensor.init(owning:)) ?? .zeros(input.shape, dtype: input.dtype, device: input.device)
  }
}

/// Runs `body` without recording operations; afterwards the recording is restored, even if `body` throws.
public func withoutGradients<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let before = ct_grad_enabled()
  ct_set_grad_enabled(false)
  defer { ct_set_grad_enabled(before) }
  return try body()
}

extension Tensor {
  /// A leaf of the autograd graph with the same elements.
  public func requiringGradient(_ required: Bool = true, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let leaf = withoutGraph
    perform(file, line) { ct_set_requires_grad(leaf.pointer, required, $0) }
    return leaf
  }

  /// Turns gradient recording of this leaf on or off.
  package func setRequiresGradient(_ required: Bool) {
    perform(#fileID, #line) { ct_set_requires_grad(pointer, required, $0) }
  }

  /// Overwrites the elements in place; only for parameters, buffers and optimizer state.
  package func overwrite(with source: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    precondition(shape == source.shape, "\(shape) overwritten with \(source.shape)", file: file, line: line)
    perform(file, line) { ct_copy_(pointer, source.pointer, $0) }
  }

  /// Moves each target toward its source in place: t ← t + weight · (s − t).
  package static func lerp(_ targets: [Tensor], towards sources: [Tensor], weight: Double) {
    precondition(targets.count == sources.count)
    perform(#fileID, #line) { ct_lerp_all_(pointers(targets), pointers(sources), Int64(targets.count), weight, $0) }
  }

  /// Clamps the elements in place.
  package func clamp(minimum: Double, maximum: Double) {
    perform(#fileID, #line) { ct_clamp_(pointer, minimum, maximum, $0) }
  }
}
