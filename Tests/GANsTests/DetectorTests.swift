import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Dots and stripes of any place and phase: two classes that a classifier can tell apart.
private struct DotsAndStripes: ImageDataset {
  var name = "dots-and-stripes"
  var count = 400
  var channels = 1
  var resolution = 16
  var labelCount = 2
  var labelNames: [String] { labelCount == 0 ? [] : ["dots", "stripes"] }
  /// Changes what is drawn.
  var shift = 0
  /// Gray values added at random, at most.
  var noise = 0
  var fingerprint: String { "\(count) \(shift) \(noise)" }

  func label(at index: Int) -> Int? { labelCount == 0 ? nil : index % 2 }

  func image(at index: Int) -> [UInt8] {
    (0..<channels * resolution * resolution).map { i in
      let (y, x) = (i / resolution % resolution, i % resolution)
      let index = index + shift * 31
      let on = index % 2 == 0 ? (y + index / 2) % 4 < 2 && (x + index / 3) % 4 < 2 : (x + y + index) % 5 < 2
      let speckle = noise == 0 ? 0 : Int((UInt64(i + index * 977) &* 0x9e37_79b9_7f4a_7c15) >> 40) % noise
      return UInt8(min(255, (on ? 150 + index % 50 : 40 + index % 30) + speckle))
    }
  }
}

@Suite struct DetectorTests {
  private let images = (RandomStream(seed: 1).uniform([5, 3, 20, 20]) * 256).to(.uint8).to(.float32)

  @Test func scriptsAreCalledAsUsual() throws {
    let path = try #require(Bundle.module.url(forResource: "Fixtures/script", withExtension: "pt")).path
    let detector = try ScriptDetector(path: path)
    #expect(detector.name == "script" && detector.outputs == [.features, .probabilities])
    let x = images / 255
    let features = Tensor.concatenated([x.mean(over: [2, 3]), x.maximum(over: [2, 3])], along: 1)
    expectClose(try detector(images, .features), features, relative: 1e-6)
    let weight = Tensor((0..<24).map { Double($0) }, shape: [4, 6]).sine()
    let exponentials = features.linear(weight).exp()
    expectClose(
      try detector(images, .probabilities), exponentials / exponentials.sum(over: [1], keepingDimensions: true))
    // Gray images are spread to three channels.
    #expect(try detector(images.sliced(0..<1, along: 1), .features).shape == [5, 6])
  }

  @Test func perceptualScripts() throws {
    let path = try #require(Bundle.module.url(forResource: "Fixtures/lpips", withExtension: "pt")).path
    let detector = try ScriptDetector(path: path)
    #expect(detector.outputs == [.features, .perceptual])
    // Not rounded to whole numbers.
    expectClose(try detector(images + 0.25, .perceptual), (images + 0.25).reshaped([5, -1]) / 255, relative: 1e-6)
    #expect(throws: TorchScriptError.self) { try detector(images, .features) }
  }

  @Test func whatIsNoDetectorIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.pt")
    try Data("PK nothing".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: TorchScriptError.self) { try DetectorSource.open(path, for: nil) }
    try Data("nothing".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: DetectorError.self) { try DetectorSource.open(path, for: nil) }
    #expect(throws: DetectorError.self) { try DetectorSource.open("inception", for: nil) }
  }

  @Test func randomWeightsAreAlwaysTheSame() throws {
    let (a, b) = (RandomVGG(), RandomVGG())
    let features = a(images, .features)
    #expect(features.shape == [5, 352] && features.isAllFinite)
    #expect(features.bytes == b(images, .features).bytes)
    // Pinned: a value of a new version must have a new name.
    #expect(abs(features[0].mean().item - 0.568) < 0.001, "\(features[0].mean().item)")
    let gray = images.sliced(0..<1, along: 1)
    expectClose(a(gray, .features), a(gray.expanded([-1, 3, -1, -1]), .features))
  }

  /// The squared distance of perceptual features: 0 of equal images, and growing with the difference.
  @Test func perceptualDistances() throws {
    for detector: any Detector in [RandomVGG(), try Classifier.fashion()] {
      let base = try detector(images, .perceptual)
      func distance(_ amount: Double) throws -> Double {
        let noise = RandomStream(seed: 9).normal(images.shape) * amount
        return try (detector(images + noise, .perceptual) - base).squared().sum().item
      }
      let distances = try [0, 1, 4, 16].map { try distance(Double($0)) }
      #expect(distances[0] == 0 && zip(distances, distances.dropFirst()).allSatisfy { $0 < $1 }, "\(distances)")
    }
  }

  @Test func classifiersLearnAndAreKept() throws {
    let trainer = ClassifierTrainer(epochs: 12, seed: 3)
    var small = trainer
    small.batch = 32
    let classifier = try #require(try small(DotsAndStripes(), name: "dots"))
    #expect(try #require(classifier.description.accuracy) > 0.9)
    #expect(classifier.classNames == ["dots", "stripes"])
    let folder = try TemporaryFolder()
    try classifier.write(to: folder.file("dots.safetensors"))
    let loaded = try #require(try DetectorSource.open(folder.file("dots.safetensors"), for: nil) as? Classifier)
    #expect(loaded.name == "dots" && loaded.description == classifier.description)
    for output in DetectorOutput.allCases {
      expectClose(loaded(images, output), classifier(images, output), relative: 1e-6)
    }
    let sums = loaded(images, .probabilities).sum(over: [1])
    expectClose(sums, .ones([5]))
    #expect(throws: DetectorError.self) { try trainer(DotsAndStripes(labelCount: 0), name: "none") }
  }

  @Test func theBuiltInDetectorKnowsItsData() throws {
    let detector = try Classifier.fashion()
    #expect(detector.name == "fashion" && detector.classNames.count == 10)
    #expect(try #require(detector.description.accuracy) > 0.88)
  }
}

@Suite struct MetricEvaluationTests {
  private func evaluation(
    _ fakes: any ImageDataset, _ folder: TemporaryFolder, detector: any Detector = RandomVGG(),
    reals: DotsAndStripes = DotsAndStripes()
  ) -> MetricEvaluation {
    MetricEvaluation(MetricSubject(fakes, seed: 0), reals: reals, detector: detector, cacheFolder: folder.path)
  }

  /// 0 for the same pictures, small for others of the kind, and growing with noise and when a kind is missing.
  @Test func distancesGrowWithTheDifference() throws {
    let folder = try TemporaryFolder()
    func fid(_ fakes: DotsAndStripes) throws -> Double {
      try evaluation(fakes, folder).measure(.fid50kFull).value
    }
    let same = try fid(DotsAndStripes())
    let others = try fid(DotsAndStripes(shift: 7))
    let noisy = try [10, 40, 80].map { try fid(DotsAndStripes(shift: 7, noise: $0)) }
    #expect(same < 1e-6 && same < others, "\(same) \(others)")
    #expect(zip([others] + noisy, noisy).allSatisfy { $0 < $1 }, "\(others) \(noisy)")
  }

  @Test func namesSayDetectorAndNumber() throws {
    let folder = try TemporaryFolder()
    let evaluation = evaluation(DotsAndStripes(shift: 1), folder)
    evaluation.samples = 200
    let result = try evaluation.measure(.pr50k3Full)
    #expect(result.metric == "pr50k3_full[random-vgg]@200" && result.name == "pr50k3_full")
    #expect(result.samples == ["fake": 200, "real": 400] && result.detector == "random-vgg")
    #expect(result.value == result.values["precision"])
    let kernel = try evaluation.measure(.kid50k)
    #expect(kernel.samples == ["fake": 200, "real": 200] && kernel.value.isFinite)
  }

  @Test func whatCannotBeMeasuredSaysWhy() throws {
    let folder = try TemporaryFolder()
    let evaluation = evaluation(DotsAndStripes(), folder)
    for metric: Metric in [.is50k, .pplWEnd, .ls] {
      #expect(throws: MetricError.self) { try evaluation.measure(metric) }
    }
    let alone = MetricEvaluation(
      MetricSubject(DotsAndStripes(), seed: 0), reals: nil, detector: nil, cacheFolder: folder.path)
    for metric: Metric in [.fid50kFull, .swd] { #expect(throws: MetricError.self) { try alone.measure(metric) } }
    #expect(try alone.measure(.msssim).value < 1)
  }

  /// Every metric takes the fewest images that it is defined for, and refuses one less, of fakes and of reals.
  @Test(arguments: [(Metric.fid50kFull, 2), (.kid50k, 2), (.pr50k3, 4), (.pr50k3Full, 4), (.swd, 1)])
  func fewImages(_ metric: Metric, _ least: Int) throws {
    let folder = try TemporaryFolder()
    func measured(reals: Int, samples: Int?) throws -> MetricResult {
      let evaluation = evaluation(DotsAndStripes(shift: 1), folder, reals: DotsAndStripes(count: reals))
      evaluation.samples = samples
      defer { evaluation.removeFakes() }
      return try evaluation.measure(metric)
    }
    #expect(try measured(reals: least, samples: 8).value.isFinite)
    #expect(try measured(reals: 8, samples: least).value.isFinite)
    for (reals, samples) in [(least - 1, 8), (8, least - 1)] where least > 1 {
      let error = try #require(throws: MetricError.self) { try measured(reals: reals, samples: samples) }
      #expect(error.description.contains("at least \(least)") && error.description.contains("\(least - 1)"))
    }
  }

  /// Two sets of one size: the number that is said is the number there was.
  @Test func patchesOfFewReals() throws {
    let folder = try TemporaryFolder()
    let evaluation = evaluation(DotsAndStripes(shift: 1), folder, reals: DotsAndStripes(count: 8))
    evaluation.samples = 64
    let result = try evaluation.measure(.swd)
    #expect(result.samples == ["fake": 8, "real": 8] && result.metric == "swd@8")
    let odd = MetricEvaluation(
      MetricSubject(DotsAndStripes(resolution: 20), seed: 0), reals: DotsAndStripes(resolution: 20), detector: nil,
      cacheFolder: folder.path)
    #expect(throws: MetricError.self) { try odd.measure(.swd) }
  }

  /// Stopped in the middle of the fakes, another process goes on with the same result and draws nothing twice.
  @Test func anInterruptedEvaluationGoesOn() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let expected = try evaluation(DotsAndStripes(shift: 3), other).measure(.fid50kFull).value
    final class Counter { var fakes = 0 }
    let counter = Counter()
    do {
      let first = evaluation(DotsAndStripes(shift: 3), folder)
      first.progress = { what, done, _ in if what == "fakes" { counter.fakes = done } }
      first.shouldStop = { counter.fakes >= 256 }
      #expect(throws: MetricEvaluation.Stopped.self) { try first.measure(.fid50kFull) }
    }
    let second = evaluation(DotsAndStripes(shift: 3), folder)
    var seen: [String] = []
    second.progress = { what, done, _ in seen.append("\(what) \(done)") }
    #expect(try second.measure(.fid50kFull).value == expected)
    #expect(seen == ["fakes 384", "fakes 400"], "\(seen)")
    second.removeFakes()
    #expect(folder.contents.count == 1)
  }

  @Test func networksAreMeasured() throws {
    let configuration = StyleGANConfiguration(
      resolution: 16, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 2, fmapBase: 32, fmapMax: 8)
    let generator = StyleGANGenerator(configuration, seed: 2)
    let folder = try TemporaryFolder()
    func values(mixing: Int) throws -> [Double] {
      let subject = MetricSubject(
        generator, growth: Growth(resolution: 16), seed: 5, mixing: mixing, compute: .default)
      let evaluation = MetricEvaluation(
        subject, reals: DotsAndStripes(), detector: try Classifier.fashion(), cacheFolder: folder.path)
      evaluation.samples = 150
      let results = try [Metric.fid50kFull, .is50k, .pplZEnd, .pplWFull, .ls, .msssim].map {
        try evaluation.measure($0)
      }
      #expect(results[4].attributes?["w"]?.count == 10 && results[2].metric == "ppl_zend[fashion]@150")
      #expect(evaluation.lastPathLengths.count == 150)
      evaluation.removeFakes()
      return results.map(\.value)
    }
    let first = try values(mixing: 1)
    #expect(first.allSatisfy { $0.isFinite && $0 >= 0 })
    #expect(try values(mixing: 1) == first)
    #expect(try values(mixing: 3)[0] != first[0])
  }

  /// Planned together, fakes are drawn once for both detectors and all metrics, and no value changes by it.
  @Test func fakesAreDrawnOnceForAll() throws {
    let detectors: [any Detector] = [RandomVGG(), try Classifier.fashion()]
    let metrics: [Metric] = [.fid50kFull, .is50k, .kid50k, .msssim, .swd]
    final class Counter { var images = 0 }
    func evaluation(_ folder: TemporaryFolder, _ counter: Counter) -> MetricEvaluation {
      let fakes = MetricSubject(DotsAndStripes(shift: 2), seed: 0)
      let counted = fakes.observed { counter.images += $0.count }
      return MetricEvaluation(counted, reals: DotsAndStripes(), detectors: detectors, cacheFolder: folder.path)
    }
    let (together, alone) = (Counter(), Counter())
    let folder = try TemporaryFolder()
    let planned = evaluation(folder, together)
    planned.samples = 150
    try planned.plan(metrics)
    let found = try metrics.map { try planned.measure($0) }
    // 150 pairs are 300 pictures, which is the most that one of them needs.
    #expect(together.images == 300)
    #expect(found.map(\.detector) == ["random-vgg", "fashion", "random-vgg", nil, nil])
    for (metric, result) in zip(metrics, found) {
      let separate = evaluation(try TemporaryFolder(), alone)
      separate.samples = 150
      #expect(try separate.measure(metric).value == result.value, "\(metric)")
      separate.removeFakes()
    }
    #expect(alone.images == 4 * 150 + 300)
    planned.removeFakes()
  }

  /// A picture is the same whatever range it is asked for in.
  @Test func picturesFollowFromTheirNumber() {
    let configuration = StyleGANConfiguration(
      resolution: 8, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 2, fmapBase: 32, fmapMax: 8)
    let images = GeneratedImages(
      generator: StyleGANGenerator(configuration, seed: 2), growth: Growth(resolution: 8), seed: 4, mixing: 2)
    let whole = images.images(0..<100)
    #expect(whole.shape == [100, 1, 8, 8])
    expectClose(images.images(40..<70), whole[40..<70])
    expectClose(images.images(96..<100), whole[96..<100])
  }
}
