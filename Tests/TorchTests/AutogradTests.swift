import Testing
import Torch
import _TestSupport

@Suite struct AutogradTests {
  @Test func firstAndSecondDerivativesOfACube() {
    let x = Tensor([1, -2, 3] as [Float], shape: [3]).requiringGradient()
    let cube = (x * x * x).sum()
    let first = gradients(of: cube, withRespectTo: [x], createGraph: true)[0]
    expectClose(first.withoutGraph, Tensor([3, 12, 27] as [Float], shape: [3]), "3x²")
    let second = gradients(of: first.sum(), withRespectTo: [x])[0]
    expectClose(second, Tensor([6, -12, 18] as [Float], shape: [3]), "6x")
  }

  @Test func penaltyOnAConvolutionsGradientHasTheClosedForm() {
    // y = w * x with one 1×1 weight w: Σ‖∂y/∂x‖² = n·w², whose derivative is 2·n·w.
    let w = Tensor([1.5 as Float], shape: [1, 1, 1, 1]).requiringGradient()
    let x = RandomStream(seed: 1).normal([2, 1, 3, 3]).requiringGradient()
    let gradient = gradients(of: x.conv2d(w).sum(), withRespectTo: [x], createGraph: true)[0]
    let penalty = gradient.squared().sum()
    expectClose(penalty.withoutGraph, Tensor([Float(18 * 2.25)], shape: []), "n·w²")
    let outer = gradients(of: penalty, withRespectTo: [w])[0]
    expectClose(outer.reshaped([1]), Tensor([Float(2 * 18 * 1.5)], shape: [1]), "2·n·w")
  }

  @Test func anInputThatTheOutputDoesNotDependOnGetsZeros() {
    let (x, y) = (Tensor.ones([2]).requiringGradient(), Tensor.ones([3]).requiringGradient())
    let found = gradients(of: x.sum(), withRespectTo: [x, y])
    #expect(found.map(\.floats) == [[1, 1], [0, 0, 0]])
  }

  @Test func aSeedWeighsTheOutputs() {
    let x = Tensor([1, 2] as [Float], shape: [2]).requiringGradient()
    let found = gradients(of: x * x, seed: Tensor([1, 10] as [Float], shape: [2]), withRespectTo: [x])[0]
    #expect(found.floats == [2, 40])
  }

  @Test func recordingIsRestoredWhenTheBodyThrows() {
    struct Stop: Error {}
    let x = Tensor.ones([1]).requiringGradient()
    #expect(throws: Stop.self) {
      try withoutGradients {
        #expect(!(x * 2).requiresGradient)
        throw Stop()
      }
    }
    #expect((x * 2).requiresGradient)
  }
}
