import CTorch

/// Gradients of a scalar (or of ⟨output, seed⟩) with respect to tensors.
///
/// With `createGraph` the gradients are differentiable themselves, so that a penalty on them (R1, WGAN-GP, path
/// length) has gradients too.
///
/// - Parameters:
///   - output: the differentiated tensor; one element, unless `seed` is given.
///   - seed: the cotangent, shaped like `output`.
///   - inputs: tensors that require gradients.
///   - createGraph: whether to record the backward pass.
/// - Returns: a gradient for each input, shaped like it; zeros where `output` does not depend on it.
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

/// Runs `body` without recording operations; the recording is as before afterwards, also when `body` throws.
public func withoutGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ct_grad_enabled()
  ct_set_grad_enabled(false)
  defer { ct_set_grad_enabled(before) }
  return try body()
}

extension Tensor {
  /// A leaf of the graph with the same elements, with respect to which gradients can be taken.
  public func requiringGradient(_ required: Bool = true, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let leaf = withoutGraph
    perform(file, line) { ct_set_requires_grad(leaf.pointer, required, $0) }
    return leaf
  }

  /// Switches recording for this very leaf on or off.
  package func setRequiresGradient(_ required: Bool) {
    perform(#fileID, #line) { ct_set_requires_grad(pointer, required, $0) }
  }

  /// Overwrites the elements in place: for parameters, buffers and optimizer state only.
  package func overwrite(with source: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    precondition(shape == source.shape, "\(shape) overwritten with \(source.shape)", file: file, line: line)
    perform(file, line) { ct_copy_(pointer, source.pointer, $0) }
  }

  /// Moves each target towards its source in place: t ← t + weight · (s − t).
  package static func lerp(_ targets: [Tensor], towards sources: [Tensor], weight: Double) {
    precondition(targets.count == sources.count)
    perform(#fileID, #line) {
      ct_lerp_all_(pointers(targets), pointers(sources), Int64(targets.count), weight, $0)
    }
  }

  /// Clips the elements in place.
  package func clamp(minimum: Double, maximum: Double) {
    perform(#fileID, #line) { ct_clamp_(pointer, minimum, maximum, $0) }
  }
}
