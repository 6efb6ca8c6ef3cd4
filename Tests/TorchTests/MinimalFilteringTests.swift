import Foundation
import Testing
import Torch
import _TestSupport

/// 3×3 convolutions by minimal filtering against direct ones in float64.
@Suite struct MinimalFilteringTests {
  struct Shape: CustomTestStringConvertible {
    var resampling: Resampling
    var batch, inputs, outputs, height, width: Int
    var testDescription: String { "\(resampling), \(batch)×\(inputs)→\(outputs), \(height)×\(width)" }
  }

  /// Channels around the widths of registers and panels, tiles that fill blocks in part, one tile alone.
  static let shapes: [Shape] = [Resampling.none, .up, .down].flatMap { resampling in
    [
      Shape(resampling: resampling, batch: 2, inputs: 3, outputs: 5, height: 4, width: 6),
      Shape(resampling: resampling, batch: 1, inputs: 17, outputs: 33, height: 8, width: 2),
      Shape(resampling: resampling, batch: 3, inputs: 64, outputs: 32, height: 14, width: 16),
      Shape(resampling: resampling, batch: 1, inputs: 129, outputs: 40, height: 2, width: 2),
      // Rows of tiles longer than a run, of even and of odd length.
      Shape(resampling: resampling, batch: 1, inputs: 33, outputs: 8, height: 4, width: 72),
      Shape(resampling: resampling, batch: 1, inputs: 32, outputs: 8, height: 6, width: 38),
    ]
  }

  /// As the papers write it.
  private func direct(_ x: Tensor, _ w: Tensor, _ shape: Shape) -> Tensor {
    switch shape.resampling {
    case .none: x.conv2d(w, padding: 1)
    case .up: x.upsampledNearest().conv2d(w, padding: 1)
    case .down: x.conv2d(w, padding: 1).averagePooled()
    }
  }

  private func operands(_ shape: Shape) -> (x: Tensor, w: Tensor) {
    let random = RandomStream(seed: 5)
    return (
      random.normal([shape.batch, shape.inputs, shape.height, shape.width]),
      random.normal([shape.outputs, shape.inputs, 3, 3])
    )
  }

  /// Values, both gradients, and both gradients of a function of both gradients.
  private func derivatives(_ x: Tensor, _ w: Tensor, _ convolution: (Tensor, Tensor) -> Tensor) -> [Tensor] {
    let (x, w) = (x.requiringGradient(), w.requiringGradient())
    let y = convolution(x, w)
    let weights = RandomStream(seed: 6).normal(y.shape).to(y.dtype)
    let first = gradients(of: (y.squared() * weights).sum(), withRespectTo: [x, w], createGraph: true)
    let second = gradients(
      of: first[0].squared().sum() + first[1].squared().sum(), withRespectTo: [x, w])
    return [y.withoutGraph, first[0].withoutGraph, first[1].withoutGraph] + second
  }

  @Test(arguments: shapes, Processor.availableKernels) func agreesToSecondOrder(_ shape: Shape, kernels: String) {
    let (x, w) = operands(shape)
    let filters = TransformedFilters()
    let found = Processor.with(kernels: kernels) {
      derivatives(x, w) { $0.convolvedFused($1, filters: filters, scale: 0.5, resampling: shape.resampling) }
    }
    let expected = derivatives(x.to(.float64), w.to(.float64)) { direct($0, $1 * 0.5, shape) }
    let compared = Comparison("\(shape.testDescription), \(kernels)", relative: 3e-6)
    for (i, name) in ["value", "∂x", "∂w", "∂²x", "∂²w"].enumerated() { compared(found[i], expected[i], name) }
    compared.report()
  }

  /// With bias and leaky ReLU: value, and gradients by image, weight and bias to second order.
  @Test(arguments: shapes, Processor.availableKernels)
  func activatedAgreesToSecondOrder(_ shape: Shape, kernels: String) {
    let (x, w) = operands(shape)
    let b = RandomStream(seed: 8).normal([shape.outputs])
    func derivatives(_ type: DType, _ convolution: (Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
      let variables = [x, w, b].map { $0.to(type).requiringGradient() }
      func value() -> Tensor { convolution(variables[0], variables[1], variables[2]) }
      func loss() -> Tensor {
        let y = value()
        return (y.squared() * RandomStream(seed: 6).normal(y.shape).to(type)).sum()
      }
      let first = gradients(of: loss(), withRespectTo: variables)
      let recorded = gradients(of: loss(), withRespectTo: variables, createGraph: true)
      let norm = recorded.dropFirst().reduce(recorded[0].squared().sum()) { $0 + $1.squared().sum() }
      let second = gradients(of: norm, withRespectTo: variables)
      return [value().withoutGraph] + first + recorded.map(\.withoutGraph) + second
    }
    let filters = TransformedFilters()
    let found = Processor.with(kernels: kernels) {
      derivatives(.float32) {
        $0.convolvedFused($1, filters: filters, scale: 0.5, resampling: shape.resampling, bias: $2)
      }
    }
    let expected = derivatives(.float64) {
      (direct($0, $1 * 0.5, shape) + $2.reshaped([1, -1, 1, 1])).leakyReLU(slope: 0.2)
    }
    let compared = Comparison("activated, \(shape.testDescription), \(kernels)", relative: 3e-6)
    let names = ["∂x", "∂w", "∂b"]
    let all = ["value"] + names + names.map { $0 + " with a graph" } + names.map { "second " + $0 }
    for (i, name) in all.enumerated() { compared(found[i], expected[i], name) }
    compared.report()
  }

  @Test(arguments: shapes, Processor.availableKernels) func halfPrecisionStaysNear(_ shape: Shape, kernels: String) {
    Processor.with(kernels: kernels) { halfPrecisionStaysNear(shape) }
  }

  private func halfPrecisionStaysNear(_ shape: Shape) {
    let (x, w) = operands(shape)
    let rounded = (x.to(.bfloat16).requiringGradient(), w.to(.bfloat16).to(.float32).requiringGradient())
    let found = rounded.0.convolvedFused(rounded.1, filters: TransformedFilters(), resampling: shape.resampling)
    #expect(found.dtype == .bfloat16)
    let exact = (x.to(.bfloat16).to(.float64).requiringGradient(), w.to(.bfloat16).to(.float64).requiringGradient())
    let expected = direct(exact.0, exact.1, shape)
    expectClose(
      found.to(.float64).withoutGraph, expected.withoutGraph, relative: 2e-2, "bfloat16, \(shape.testDescription)")
    let g = RandomStream(seed: 7).normal(found.shape).to(.bfloat16)
    let gradient = gradients(of: (found * g).to(.float32).sum(), withRespectTo: [rounded.0, rounded.1])
    let wanted = gradients(of: (expected * g.to(.float64)).sum(), withRespectTo: [exact.0, exact.1])
    for (i, name) in ["∂x", "∂w"].enumerated() {
      expectClose(
        gradient[i].to(.float64), wanted[i], relative: 2e-2, "\(name) in bfloat16, \(shape.testDescription)")
    }
  }

  /// Filters are kept between uses, and made anew after every kind of update.
  @Test func filtersFollowTheirWeight() {
    let store = ParameterStore(seed: 1)
    let weight = store.root.parameter("weight", [8, 8, 3, 3], .normal(deviation: 1))
    let other = store.root.parameter("other", [8, 8, 3, 3], .normal(deviation: 1))
    let x = RandomStream(seed: 2).normal([1, 8, 6, 6])
    let filters = TransformedFilters()
    func check(_ what: String) {
      withoutGradients {
        expectClose(
          x.convolvedFused(weight.value, filters: filters), x.conv2d(weight.value, padding: 1), relative: 1e-5, what)
      }
    }
    check("at first")
    let gradient = RandomStream(seed: 3).normal([8, 8, 3, 3])
    Adam([weight], learningRate: 0.5, beta1: 0, beta2: 0.99).step([gradient])
    check("after Adam")
    RMSProp([weight], learningRate: 0.5).step([gradient])
    check("after RMSProp")
    weight.set(other.value)
    check("after a copy")
  }
}
