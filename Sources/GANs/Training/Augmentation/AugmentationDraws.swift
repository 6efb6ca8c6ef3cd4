import Torch

/// The random numbers of the augmentation of one batch, before p decides what happens.
package struct AugmentationDraws {
  /// For each step: whether number i of an image is below p decides whether its change i happens. `[change][image]`,
  /// uniform in 0…1.
  package var gates: [AugmentationStep: [[Double]]] = [:]
  /// For each step: the numbers that its strength is computed from. `[value][image]`, uniform in 0…1 or normal.
  package var values: [AugmentationStep: [[Double]]] = [:]

  /// Given numbers.
  package init(gates: [AugmentationStep: [[Double]]], values: [AugmentationStep: [[Double]]]) {
    (self.gates, self.values) = (gates, values)
  }

  /// Fresh numbers. Their count depends on the steps and the number of images only, not on p.
  package init(_ steps: [AugmentationStep], count: Int, random: RandomStream) {
    let uniforms = steps.reduce(0) { $0 + $1.draws.gates + ($1.draws.areNormal ? 0 : $1.draws.values) }
    let normals = steps.reduce(0) { $0 + ($1.draws.areNormal ? $1.draws.values : 0) }
    var (uniform, normal) = (random.uniformNumbers(uniforms * count)[...], ArraySlice<Double>())
    if normals > 0 { normal = random.normalNumbers(normals * count)[...] }
    func take(_ rows: Int, _ numbers: inout ArraySlice<Double>) -> [[Double]] {
      (0..<rows).map { _ in
        defer { numbers = numbers.dropFirst(count) }
        return Array(numbers.prefix(count))
      }
    }
    for step in steps {
      let draws = step.draws
      gates[step] = take(draws.gates, &uniform)
      values[step] = draws.areNormal ? take(draws.values, &normal) : take(draws.values, &uniform)
    }
  }
}
