import GANs
import Testing
import Torch
import _TestSupport

/// Channels whose mean is far above their deviation: every channel, at the start of training.
@Suite struct EpilogueConditioningTests {
  private func layer() -> StyleEpilogue {
    let store = ParameterStore(seed: 1)
    return StyleEpilogue(store.root, channels: 3, resolution: 4, latentSize: 5)
  }

  @Test func aConstantChannelBecomesTheStylesOffset() {
    let layer = layer()
    let w = RandomStream(seed: 2).normal([2, 5])
    let y = layer(Tensor.ones([2, 3, 4, 4]), w: w, noise: layer.noise?.value, Compute(kernels: .fast))
    let offset = layer.affine!(w).sliced(3..<6, along: 1).reshaped([2, 3, 1, 1]).expanded([2, 3, 4, 4])
    expectClose(y.withoutGraph, offset.withoutGraph, relative: 1e-6, "y_b")
  }

  /// Compared with float64: the mean is a thousand times the deviation.
  @Test func aNearlyConstantChannelKeepsItsDigits() {
    let layer = layer()
    let w = RandomStream(seed: 2).normal([2, 5])
    let x = (RandomStream(seed: 3).normal([2, 3, 4, 4]) * 1e-3 + 1).requiringGradient()
    let y = layer(x, w: w, noise: nil, Compute(kernels: .fast))
    let dy = RandomStream(seed: 5).normal([2, 3, 4, 4])
    let dx = gradients(of: y, seed: dy, withRespectTo: [x])[0]

    let x64 = x.withoutGraph.to(.float64).requiringGradient()
    let centered = x64 - x64.mean(over: [2, 3], keepingDimensions: true)
    let variance = centered.squared().mean(over: [2, 3], keepingDimensions: true)
    let s = layer.affine!(w).withoutGraph.to(.float64)
    let scale = s.sliced(0..<3, along: 1).reshaped([2, 3, 1, 1]) + 1
    let offset = s.sliced(3..<6, along: 1).reshaped([2, 3, 1, 1])
    let expected = centered * (variance + 1e-8).reciprocalSquareRoot() * scale + offset
    // 1e-4: x itself is rounded at 6e-8, which is 6e-5 of the deviation, and so is the mean that is subtracted.
    expectClose(y.withoutGraph, expected.withoutGraph, relative: 1e-4, "y")
    expectClose(dx, gradients(of: expected, seed: dy.to(.float64), withRespectTo: [x64])[0], relative: 1e-4, "dx")
  }
}
