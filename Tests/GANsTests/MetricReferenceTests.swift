import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The arithmetic of metrics against metrics.safetensors (NumPy and SciPy, by other routes than ours).
@Suite struct MetricReferenceTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("metrics") }

  private func expect(
    _ found: Double, _ name: String, relative: Double = 1e-6, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    expectClose(
      Tensor([found], shape: [1], dtype: .float64), try fixture["out.\(name)"].to(.float64), relative: relative, name,
      sourceLocation: sourceLocation)
  }

  private func statistics(_ features: Tensor, batch: Int = 37) -> FeatureStatistics {
    var statistics = FeatureStatistics(like: features[0..<10])
    for start in stride(from: 0, to: features.size(0), by: batch) {
      statistics.add(features[start..<min(start + batch, features.size(0))])
    }
    return statistics
  }

  @Test func frechetDistanceAgrees() throws {
    try expect(frechetDistance(statistics(try fixture["in.real"]), statistics(try fixture["in.fake"])), "fid")
    try expect(
      frechetDistance(statistics(try fixture["in.few_real"]), statistics(try fixture["in.few_fake"])), "fid_few")
  }

  @Test func kernelDistanceAgrees() throws {
    let (real, fake) = (try fixture["in.real"][0..<300], try fixture["in.fake"])
    try expect(KernelDistance.discrepancy(real, fake), "kid")
    // Subsets of everything: the same as the discrepancy of the whole.
    var distance = KernelDistance()
    distance.subsets = 2
    let value = distance(
      realCount: 300, fakeCount: 300, real: { real.gathered(Tensor($0), along: 0) },
      fake: { fake.gathered(Tensor($0), along: 0) })
    try expect(value, "kid")
  }

  @Test func precisionAndRecallAgree() throws {
    let (real, fake) = (try fixture["in.real"], try fixture["in.fake"])
    let result = PrecisionRecall()(realCount: 400, fakeCount: 300, real: { real[$0] }, fake: { fake[$0] })
    try expect(result.precision, "precision")
    try expect(result.recall, "recall")
    let blocked = PrecisionRecall(block: 64)(realCount: 400, fakeCount: 300, real: { real[$0] }, fake: { fake[$0] })
    #expect(blocked == result)
  }

  @Test func inceptionScoreAgrees() throws {
    let p = try fixture["in.probabilities"]
    var score = InceptionScore(total: p.size(0))
    for start in stride(from: 0, to: p.size(0), by: 31) { score.add(p[start..<min(start + 31, p.size(0))]) }
    try expect(score.result.mean, "is_mean")
    try expect(score.result.deviation, "is_std", relative: 1e-5)
  }

  @Test func multiScaleSimilarityAgrees() throws {
    let pairs = try fixture["in.pictures"]
    let found = MultiScaleSimilarity.similarity(pairs.selected(0, along: 1), pairs.selected(1, along: 1))
    expectClose(found, try fixture["out.msssim"].to(.float64), relative: 1e-6)
  }

  @Test func pathsAgree() throws {
    let (a, b) = (try fixture["in.z1"].to(.float64), try fixture["in.z2"].to(.float64))
    let found = a.slerp(to: b, try fixture["in.t"].to(.float64))
    expectClose(found * Double(a.size(1)).squareRoot(), try fixture["out.slerp"].to(.float64), relative: 1e-6)
    try expect(PerceptualPathLength.trimmedMean(try fixture["in.lengths"].doubles), "trimmed_mean")
  }

  @Test func linearSVMAgrees() throws {
    let labels = try fixture["in.labels"].integers.map { $0 == 1 }
    let x = try fixture["in.points"]
    let svm = LinearSVM(x, labels: labels)
    #expect(svm.residual < 1e-9)
    // L-BFGS stops at 1e-6 of the minimum.
    expectClose(
      Tensor(svm.weights, shape: [7], dtype: .float64), try fixture["out.svm"].to(.float64), relative: 1e-5)
    try expect(LinearSeparability.conditionalEntropy(of: labels, given: svm.predictions(x)), "entropy")
  }
}

/// Metrics where a closed form exists.
@Suite struct MetricClosedFormTests {
  private func normal(_ seed: UInt64, _ shape: [Int]) -> Tensor {
    RandomStream(seed: seed).normal(shape, dtype: .float64)
  }

  private func statistics(_ features: Tensor) -> FeatureStatistics {
    var statistics = FeatureStatistics(like: features)
    statistics.add(features)
    return statistics
  }

  @Test func equalCovariancesGiveTheDistanceOfTheMeans() {
    let x = normal(1, [200, 16]) * 3
    let shift = normal(2, [1, 16])
    let distance = frechetDistance(statistics(x), statistics(x + shift))
    #expect(abs(distance - shift.squared().sum().item) < 1e-9 * distance)
    #expect(frechetDistance(statistics(x), statistics(x)) < 1e-9)
  }

  /// In one dimension: (μ₁ − μ₂)² + (σ₁ − σ₂)²; with diagonal covariances the sum of it.
  @Test func diagonalCovariances() {
    let (a, b) = ([1.0, 4, 0, 9], [4.0, 1, 2, 9])
    func diagonal(_ values: [Double]) -> Tensor {
      Tensor(
        values.indices.flatMap { i in values.indices.map { $0 == i ? values[i] : 0 } }, shape: [4, 4], dtype: .float64)
    }
    let zero = Tensor.zeros([4], dtype: .float64)
    let found = frechetDistance(mean1: zero, covariance1: diagonal(a), mean2: zero + 2, covariance2: diagonal(b))
    #expect(abs(found - (16 + 1 + 1 + 2 + 0)) < 1e-12)
  }

  /// Two points a set: Σ = vvᵀ/2 of their difference v, of rank one; Tr (Σ₁Σ₂)^½ = |v₁·v₂|/2.
  @Test func twoPointsInManyDimensions() {
    let (x, y) = (normal(3, [2, 300]), normal(4, [2, 300]))
    let (v, u) = (x[0] - x[1], y[0] - y[1])
    let means = ((x.mean(over: [0]) - y.mean(over: [0])).squared()).sum().item
    let expected = means + (v.squared().sum().item + u.squared().sum().item) / 2 - abs((v * u).sum().item)
    let found = frechetDistance(statistics(x), statistics(y))
    #expect(abs(found - expected) < 1e-9 * expected)
  }

  /// Inception's 2,048 features of 300 images: Tr (Σ₁Σ₂)^½ is also the sum of the singular values of X₁X₂ᵀ/(n − 1).
  @Test func fewImagesInManyDimensions() {
    let (x, y) = (normal(14, [300, 2048]) + 0.2, normal(15, [300, 2048]) * 1.1)
    let (a, b) = (x - x.mean(over: [0]), y - y.mean(over: [0]))
    let means = (x.mean(over: [0]) - y.mean(over: [0])).squared().sum().item
    let root = a.matmul(b.transposed).singularValues().sum().item / 299
    let expected = means + (a.squared().sum().item + b.squared().sum().item) / 299 - 2 * root
    let found = frechetDistance(statistics(x), statistics(y))
    #expect(abs(found - expected) < 1e-6 * expected, "\(found) \(expected)")
  }

  /// L Lᵀ is Σ again; of fewer samples than features there is no L.
  @Test func choleskyOfRegularCovariances() throws {
    let covariance = statistics(normal(18, [400, 300]) * 3).covariance
    let triangle = try #require(covariance.choleskyFactor())
    expectClose(triangle.matmul(triangle.transposed), covariance, relative: 1e-12)
    #expect((-covariance).choleskyFactor() == nil)
    #expect(Tensor.zeros([3, 3], dtype: .float64).choleskyFactor() == nil)
  }

  /// Far from the origin nothing is lost to rounding.
  @Test func shiftedFeatures() {
    let (x, y) = (normal(5, [300, 8]), normal(6, [300, 8]) * 2)
    let (near, far) = (
      frechetDistance(statistics(x), statistics(y)), frechetDistance(statistics(x + 1e6), statistics(y + 1e6))
    )
    #expect(abs(near - far) < 1e-6 * near)
  }

  /// Two orthogonal points a set, d = 2, each set the other's negative: by hand.
  @Test func kernelDistanceOfTwoPoints() {
    let x = Tensor([1.0, 0, 0, 1], shape: [2, 2], dtype: .float64)
    // Within: x₁·x₂ = 0 → 1. Between: −1/2 + 1 cubed twice, 1 twice → (2/8 + 2)/4.
    let expected = 1.0 + 1.0 - 2 * (2.0 / 8 + 2) / 4
    #expect(abs(KernelDistance.discrepancy(x, x * -1) - expected) < 1e-12)
  }

  @Test func kernelDistanceIsUnbiased() {
    let (x, y) = (normal(7, [4000, 8]), normal(8, [4000, 8]))
    func value(_ shift: Double) -> Double {
      KernelDistance()(
        realCount: 4000, fakeCount: 4000, real: { x.gathered(Tensor($0), along: 0) },
        fake: { (y + shift).gathered(Tensor($0), along: 0) })
    }
    let (same, shifted) = (value(0), value(0.3))
    #expect(abs(same) < 0.01 && shifted > 0.1, "\(same) \(shifted)")
  }

  @Test func precisionAndRecallOfShiftedSets() {
    let real = normal(9, [500, 4])
    func measure(_ fake: Tensor) -> (precision: Double, recall: Double) {
      PrecisionRecall()(realCount: 500, fakeCount: fake.size(0), real: { real[$0] }, fake: { fake[$0] })
    }
    #expect(measure(real) == (1, 1))
    #expect(measure(real + 100) == (0, 0))
    // Half of the space is missing: what is drawn is right, but not all is drawn.
    let narrow = measure(normal(10, [500, 4]) * 0.3)
    #expect(narrow.precision > 0.95 && narrow.recall < 0.5, "\(narrow)")
  }

  @Test func inceptionScoreRunsFromOneToTheClasses() {
    func score(_ p: [[Double]]) -> Double {
      var score = InceptionScore(total: p.count, splits: 2)
      score.add(Tensor(p.flatMap { $0 }, shape: [p.count, 4], dtype: .float64))
      return score.result.mean
    }
    let certain = (0..<16).map { i in (0..<4).map { $0 == i % 4 ? 1.0 : 0 } }
    #expect(abs(score(certain) - 4) < 1e-9)
    #expect(abs(score(Array(repeating: [0.1, 0.2, 0.3, 0.4], count: 16)) - 1) < 1e-9)
  }

  @Test func similarityOfEqualImagesIsOne() {
    let x = RandomStream(seed: 11).uniform([4, 3, 32, 32]) * 255
    expectClose(MultiScaleSimilarity.similarity(x, x), .ones([4], dtype: .float64), relative: 1e-12)
    let other = MultiScaleSimilarity.similarity(x, x.flipped([3])).doubles
    #expect(other.allSatisfy { $0 < 0.5 })
  }

  /// Points ±a on a line: by symmetry the bias is 0, and w − 2C·2·a(1 − aw) = 0.
  @Test func supportVectorsOfTwoPoints() {
    let a = 0.5
    let svm = LinearSVM(Tensor([a, -a], shape: [2, 1], dtype: .float64), labels: [true, false])
    #expect(abs(svm.weights[0] - 4 * a / (1 + 4 * a * a)) < 1e-9 && abs(svm.weights[1]) < 1e-9, "\(svm.weights)")
  }

  @Test func entropyOfSeparableAndIndependentLabels() {
    let y = (0..<400).map { $0 % 2 == 0 }
    #expect(LinearSeparability.conditionalEntropy(of: y, given: y) == 0)
    #expect(LinearSeparability.conditionalEntropy(of: y, given: y.map { !$0 }) == 0)
    let independent = (0..<400).map { $0 / 2 % 2 == 0 }
    #expect(abs(LinearSeparability.conditionalEntropy(of: y, given: independent) - log(2)) < 1e-12)
  }

  @Test func separabilityOfLinearAndRandomAttributes() {
    let x = normal(12, [4000, 10])
    let logits = x.sliced(0..<1, along: 1).doubles
    let linear = LinearSeparability(ranking: .overall)("linear", latents: x, logits: logits)
    #expect(linear.entropy < 0.01 && linear.accuracy > 0.99, "\(linear)")
    let random = LinearSeparability(ranking: .perAnswer)("random", latents: x, logits: normal(13, [4000]).doubles)
    #expect(abs(random.entropy - log(2)) < 0.01, "\(random)")
    #expect(abs(LinearSeparability.score([linear, random]) - exp(linear.entropy + random.entropy)) < 1e-12)
  }

  /// G(z) = Az on the unit sphere's scale: the path's length has a closed form.
  @Test func pathLengthOfALinearGenerator() throws {
    // In W, f = identity: d(a, b)/ε² = ‖A(z₂ − z₁)‖² · 127.5², whose mean is 2·127.5²·‖A‖² = 2·127.5²·16·(1/4)².
    let generator = LatentGenerator(zSize: 16, channels: 1, resolution: 4, mapping: { z, _ in z }) { w, _, _, _ in
      w.reshaped([-1, 1, 4, 4]) * 0.25
    }
    let lengths = PerceptualPathLength(space: .w, sampling: .end, samples: 2000, seed: 1)
    let values = try lengths.distances(generator) { $0.reshaped([$0.size(0), -1]) }
    let expected = 2 * 127.5 * 127.5 * 16 / 16
    #expect(values.count == 2000)
    #expect(abs(values.reduce(0, +) / 2000 - expected) < 0.03 * expected)
    // In Z an arc of angle Ω and radius √16 has the speed 4Ω; random directions have Ω ≈ π/2.
    let arcs = try PerceptualPathLength(space: .z, sampling: .full, samples: 2000, seed: 1)
      .distances(generator) { $0.reshaped([$0.size(0), -1]) }
    let arc = 127.5 * 127.5 / 16 * 16 * (Double.pi * Double.pi / 4 + 1.0 / 16)
    #expect(abs(arcs.reduce(0, +) / 2000 - arc) < 0.05 * arc)
  }
}
