import Foundation
import Testing
import Torch
import _TestSupport

@Suite struct OptimizerTests {
  /// Adam by hand, in double precision (Kingma & Ba 2015, Algorithm 1).
  private func adam(_ x: Double, _ gradients: [Double], rate: Double, _ b1: Double, _ b2: Double) -> Double {
    var (x, m, v) = (x, 0.0, 0.0)
    for (t, g) in gradients.enumerated() {
      m = b1 * m + (1 - b1) * g
      v = b2 * v + (1 - b2) * g * g
      let (mHat, vHat) = (m / (1 - pow(b1, Double(t + 1))), v / (1 - pow(b2, Double(t + 1))))
      x -= rate * mHat / (vHat.squareRoot() + 1e-8)
    }
    return x
  }

  @Test(arguments: [(0.0, 0.99), (0.9, 0.999)]) func adamFollowsItsDefinition(beta1: Double, beta2: Double) {
    let store = ParameterStore(seed: 0)
    let p = store.root.parameter("p", [1], .constant(0.5))
    let optimizer = Adam(store.parameters, learningRate: 0.01, beta1: beta1, beta2: beta2)
    let series = [1.0, -0.3, 0.02, 5, 0]
    for g in series { optimizer.step([Tensor([g], shape: [1])]) }
    #expect(abs(p.value.item - adam(0.5, series, rate: 0.01, beta1, beta2)) < 1e-6)
  }

  @Test func adamReadsGradientsOfAnyLayout() {
    // A channels-last gradient has the same elements in another order in memory.
    let values = RandomStream(seed: 3).normal([2, 3, 4, 4])
    let results = [Tensor.MemoryLayout.contiguous, .channelsLast].map { layout in
      let store = ParameterStore(seed: 0)
      let p = store.root.parameter("p", [2, 3, 4, 4], .constant(0))
      Adam(store.parameters, learningRate: 0.1, beta1: 0, beta2: 0.99).step([values.laidOut(layout)])
      return p.value
    }
    #expect(results[0].floats == results[1].floats)
  }

  @Test func rmsPropFollowsItsDefinition() {
    let store = ParameterStore(seed: 0)
    let p = store.root.parameter("p", [1], .constant(1))
    let optimizer = RMSProp(store.parameters, learningRate: 0.01)
    var (x, square) = (1.0, 0.0)
    for g in [2.0, -1, 0.5] {
      optimizer.step([Tensor([g], shape: [1])])
      square = 0.99 * square + 0.01 * g * g
      x -= 0.01 * g / (square.squareRoot() + 1e-8)
    }
    #expect(abs(p.value.item - x) < 1e-6)
  }

  @Test func aRestoredOptimizerContinuesExactly() throws {
    func make() -> (ParameterStore, Adam) {
      let store = ParameterStore(seed: 7)
      _ = store.root.parameter("p", [5], .normal(deviation: 1))
      return (store, Adam(store.parameters, learningRate: 0.01, beta1: 0.9, beta2: 0.99))
    }
    let steps = (0..<6).map { RandomStream(seed: UInt64($0)).normal([5]) }
    let (straight, a) = make()
    for g in steps { a.step([g]) }

    let (first, b) = make()
    for g in steps.prefix(3) { b.step([g]) }
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    writer.add(first.state)
    writer.add(b.state, prefix: "optimizer.")
    try writer.write(to: folder.file("state"))
    let (second, c) = make()
    let file = try SafetensorsFile(path: folder.file("state"))
    try file.load(into: c.state, prefix: "optimizer.")
    second.parameters[0].set(try file.tensor("p"))
    c.restore(stepCount: b.stepCount)
    for g in steps.suffix(3) { c.step([g]) }
    #expect(second.parameters[0].value.bytes == straight.parameters[0].value.bytes)
  }
}
