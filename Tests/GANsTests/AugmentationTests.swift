import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The augmentation of D's images: its kernel, its random numbers, p, and where it is refused.
@Suite struct AugmentationTests {
  // MARK: The kernel

  /// Nothing happens to an image: the resampling is the identity, at every resolution of growth.
  @Test(arguments: [4, 8, 16, 32, 28]) func resamplingByTheIdentity(side: Int) {
    let x = RandomStream(seed: 1).uniform([2, 3, side, side])
    let maps = [[[Double]]](repeating: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], count: 2)
    let resampling = GeometricResampling(maps, width: side, height: side)
    for y in [resampling.fused(x), resampling.plain(x)] { #expect((y - x).magnitude().maximum().item < 1e-6) }
  }

  /// Maps that turn, stretch and move images, some out of sight.
  private func maps(_ count: Int, _ random: RandomStream) -> [[[Double]]] {
    (0..<count).map { i in
      let n = random.normalNumbers(6)
      return [[1 + n[0] * 0.6, n[1], n[2] * 6], [n[3], 1 + n[4] * 0.6, i == 2 ? 500 : n[5] * 6], [0, 0, 1]]
    }
  }

  @Test(arguments: [[1, 1, 8, 8], [3, 4, 5, 9], [4, 3, 16, 16], [2, 1, 4, 4], [2, 3, 33, 20]])
  func theKernelIsItsTwin(shape: [Int]) {
    let random = RandomStream(seed: 7)
    let comparison = Comparison("resampling of \(shape)", relative: 3e-6)
    for _ in 0..<4 {
      let resampling = GeometricResampling(maps(shape[0], random), width: shape[3], height: shape[2])
      let (x, r) = (random.normal(shape), random.normal(shape))
      func results(_ type: DType, _ function: (Tensor) -> Tensor) -> [Tensor] {
        let x = x.to(type).requiringGradient()
        let y = function(x)
        let first = gradients(of: (y.squared() * r.to(type)).sum(), withRespectTo: [x], createGraph: true)[0]
        return [y, first, gradients(of: first.squared().sum(), withRespectTo: [x])[0]].map(\.withoutGraph)
      }
      let plain = results(.float64, resampling.plain)
      let fused = Processor.ThreadPool.allCases.map { pool in
        Processor.with(threads: pool) { results(.float32, resampling.fused) }
      }
      for (i, name) in ["value", "first gradient", "second gradient"].enumerated() {
        comparison(fused[0][i], plain[i], name, absolute: 1e-30)
        #expect(fused[0][i].bytes == fused[1][i].bytes, "\(name) differs between threads")
      }
    }
    comparison.report()
  }

  /// bfloat16 images are resampled in float32.
  @Test func lowPrecisionImages() {
    let x = RandomStream(seed: 2).normal([2, 3, 8, 8])
    let resampling = GeometricResampling(maps(2, RandomStream(seed: 3)), width: 8, height: 8)
    let half = x.to(.bfloat16)
    #expect(resampling(half).bytes == resampling(half.to(.float32)).bytes)
  }

  // MARK: The random numbers

  @Test func probabilitiesAndMeans() throws {
    let (steps, n, p) = (AugmentationPipe.bgcfnc.steps, 4000, 0.4)
    let draws = AugmentationDraws(steps, count: n, random: RandomStream(seed: 5))
    func share(_ isTrue: (Int) -> Bool) -> Double { Double((0..<n).filter(isTrue).count) / Double(n) }
    // Of 4000 draws; four standard deviations are 0.03.
    func expect(_ found: Double, _ wanted: Double, _ what: String) {
      #expect(abs(found - wanted) < 0.032, "\(what): \(found), not \(wanted)")
    }
    func alone(_ steps: [AugmentationStep]) -> AugmentationParameters {
      AugmentationParameters(draws, steps, p: p, channels: 3, width: 32, height: 32)
    }
    let flips = try #require(alone([.flip]).geometry)
    expect(share { flips[$0][0][0] == -1 }, p / 2, "flips")
    let turns = try #require(alone([.quarterTurn]).geometry)
    expect(share { abs(turns[$0][0][0]) < 0.5 }, p / 2, "turns by ±90°")
    expect(share { turns[$0][0][0] < -0.5 }, p / 4, "turns by 180°")
    let shifts = try #require(alone([.integerShift]).geometry)
    expect(share { shifts[$0][0][2] != 0 }, p * 7 / 8, "shifts")
    #expect(shifts.allSatisfy { abs($0[0][2]) <= 4 && $0[1][2] == $0[1][2].rounded() })
    let rotations = try #require(alone([.rotationBefore, .rotationAfter]).geometry)
    expect(share { rotations[$0][0][1] != 0 }, p, "rotations, of both kinds together")
    let scales = try #require(alone([.scale]).geometry).map { log2($0[0][0]) / 0.2 }
    expect(share { scales[$0] > 0 }, p / 2, "reductions")
    expect(scales.reduce(0) { $0 + $1 * $1 } / Double(n), p, "squares of scales")
    let brightness = try #require(alone([.brightness]).color).map { $0[0][3] / 0.2 }
    expect(brightness.reduce(0) { $0 + $1 * $1 } / Double(n), p, "squares of brightness")
    let luma = try #require(alone([.lumaFlip]).color)
    expect(share { luma[$0][0][0] < 0.9 }, p / 2, "inverted luma")
    let noise = try #require(alone([.noise]).noise)
    expect(noise.reduce(0, +) / Double(n) / 0.1, p * (2 / Double.pi).squareRoot(), "noise")
    let holes = try #require(alone([.cutout]).holes)
    expect(share { holes[$0].x >= 0 }, p, "holes")
    let taps = try #require(alone([.filter]).taps)
    expect(share { abs(taps[$0][21] - 1) < 1e-9 }, pow(1 - p, 4), "images without a filter")
    // Numbers of a step do not depend on p, and different steps have different ones.
    #expect(draws.gates[.flip]! != draws.gates[.cutout]! && draws.gates[.filter]!.count == 4)
  }

  @Test func equalStreamsDrawEqually() {
    func images(_ seed: UInt64) -> [UInt8] {
      let augmenter = Augmenter(
        Augmentation(mode: .fixed, pipe: .bgcfnc, p: 0.7), random: SamplingStreams(seed: seed))
      let x = RandomStream(seed: 1).normal([4, 3, 16, 16])
      return augmenter(x).bytes + augmenter(x).bytes
    }
    #expect(images(1) == images(1) && images(1) != images(2))
    let all = images(1)
    #expect(all.prefix(all.count / 2) != all.suffix(all.count / 2))
  }

  /// With p = 0 the images are the same, and no random number is drawn.
  @Test func nothingHappensAtZero() {
    let random = SamplingStreams(seed: 4)
    let x = RandomStream(seed: 1).normal([2, 3, 8, 8])
    #expect(Augmenter(Augmentation(), random: random)(x).bytes == x.bytes)
    #expect(random.choices.uniform() == SamplingStreams(seed: 4).choices.uniform())
  }

  /// Alpha is moved, not tinted; gray stays gray.
  @Test func alphaIsNotTinted() {
    let x = RandomStream(seed: 1).uniform([8, 4, 16, 16])
    func augmented(_ pipe: AugmentationPipe, _ x: Tensor) -> Tensor {
      Augmenter(Augmentation(mode: .fixed, pipe: pipe, p: 1), random: SamplingStreams(seed: 2))(x)
    }
    let alpha = x.sliced(3..<4, along: 1)
    for pipe in [AugmentationPipe.color, .filter, .noise] {
      let y = augmented(pipe, x)
      #expect(y.sliced(3..<4, along: 1).bytes == alpha.bytes && y.bytes != x.bytes, "\(pipe)")
    }
    #expect(augmented(.blit, x).sliced(3..<4, along: 1).bytes != alpha.bytes)
    #expect(augmented(.bgcfnc, alpha).shape == alpha.shape)
  }

  // MARK: p

  /// p rises by images/(kimg·1000) where r is above the target, falls where it is below, and does not become negative.
  @Test func pFollowsTheSigns() {
    let settings = Augmentation(target: 0.5, interval: 2, adaptationKimg: 0.1)
    let augmenter = Augmenter(settings, random: SamplingStreams(seed: 1))
    func step(_ number: Int, positive: Int, of count: Int = 8) {
      // D's update and R1 see the same reals.
      let scores = Tensor((0..<count).map { $0 < positive ? 2.5 : -0.1 }, shape: [count, 1])
      augmenter.sawRealScores(scores)
      augmenter.sawRealScores(scores)
      augmenter.endStep(number, images: count)
    }
    step(1, positive: 8)
    #expect(augmenter.p == 0)
    step(2, positive: 8)
    #expect(augmenter.p == 0.16)
    // r = (8 + 4)/16 − (0 + 4)/16 = 0.5 is the target: p stays.
    step(3, positive: 8)
    step(4, positive: 4)
    #expect(augmenter.p == 0.16)
    // Another minibatch: the scores count, not the steps.
    step(5, positive: 16, of: 16)
    step(6, positive: 4)
    #expect(abs(augmenter.p - 0.40) < 1e-15)
    for number in 7...20 { step(number, positive: 3) }
    #expect(augmenter.p == 0)
    // It has no upper bound.
    for number in 21...60 { step(number, positive: 8) }
    #expect(abs(augmenter.p - 3.2) < 1e-12)
  }

  @Test func fixedPStays() {
    let augmenter = Augmenter(Augmentation(mode: .fixed, p: 0.3), random: SamplingStreams(seed: 1))
    for number in 1...8 {
      augmenter.sawRealScores(.ones([4, 1]))
      augmenter.endStep(number, images: 1000)
    }
    #expect(augmenter.p == 0.3)
  }

  // MARK: Trainings

  @Test func uselessSettingsAreRefused() throws {
    func refusal(_ name: String, _ augmentation: Augmentation, loss: Objective.Loss? = nil) throws -> String? {
      var options = try shortOptions(name)
      options.augmentation = augmentation
      if let loss { options.objective.loss = loss }
      do { try options.validate() } catch { return "\(error)" }
      return nil
    }
    for name in ["wgan", "wgan-gp", "pggan"] {
      #expect(try refusal(name, Augmentation())?.contains("which mean nothing here") == true, "\(name)")
      #expect(try refusal(name, Augmentation(mode: .fixed, p: 0.2)) == nil)
    }
    #expect(try refusal("dcgan", Augmentation(), loss: .relativistic)?.contains("only differences") == true)
    for loss in [Objective.Loss.minimax, .nonSaturating, .hinge] {
      #expect(try refusal("dcgan", Augmentation(), loss: loss) == nil)
    }
    #expect(try refusal("dcgan", Augmentation(mode: .fixed))?.contains("needs its strength") == true)
    #expect(try refusal("dcgan", Augmentation(p: 0.5))?.contains("finds its own") == true)
    #expect(try refusal("dcgan", Augmentation(mode: .fixed, p: 1.1))?.contains("is 1.1, but must be 0 to 1") == true)
    #expect(try refusal("dcgan", Augmentation(interval: 0))?.contains("augmentationInterval is 0") == true)
  }

  @Test func optionsKeepTheirAugmentation() throws {
    var options = smallOptions()
    let plain = try options.text()
    #expect(!plain.contains("augmentation") && !plain.contains("subset"))
    options.augmentation = Augmentation(pipe: .bgcf, target: 0.5, interval: 8, adaptationKimg: 100)
    options.subset = 50
    let again = try TrainingOptions(text: options.text(), path: "options.json")
    #expect(again == options && again.augmentation == options.augmentation && again.subset == 50)
  }

  /// Every family trains with augmentation, also under its penalty.
  @Test(arguments: ["gan", "dcgan", "wgan", "wgan-gp", "pggan", "stylegan", "stylegan2"])
  func everyFamilyTrains(name: String) throws {
    let folder = try TemporaryFolder()
    var options = try shortOptions(name)
    options.totalKimg = 0.06
    options.augmentation = Augmentation(mode: .fixed, pipe: .bgcfnc, p: 0.5)
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
    let record = try trainSmallRun(trainer)
    #expect(record.statistics.allSatisfy { $0["Progress/augment"] == 0.5 && $0.values.allSatisfy(\.isFinite) })
    #expect(record.statistics.isEmpty == false)
  }

  /// A stopped run ends with the same bytes: with adaptive p in a network that grows, and in one that does not. The stops
  /// are between two changes of p, too.
  @Test(arguments: ["stylegan", "dcgan"]) func aStoppedRunEndsTheSame(name: String) throws {
    let folder = try TemporaryFolder()
    var options = name == "stylegan" ? smallOptions(lazy: 3) : try shortOptions(name)
    options.augmentation = Augmentation(pipe: .bgcfnc, target: 0.1, interval: 3, adaptationKimg: 0.1)
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(options, dataset: SyntheticDataset(), in: folder.file(parent))
    }
    let whole = try trainSmallRun(trainer("whole"))
    #expect(Set(whole.statistics.compactMap { $0["Progress/augment"] }).count > 2, "p does not move")
    let stopped = try trainSmallRun(trainer("stopped"), stops: [8, 40, 96, 100, 160])
    expectSame(whole, stopped)
  }

  /// A run on a subset refuses all images.
  @Test func aSubsetIsKept() throws {
    let folder = try TemporaryFolder()
    var options = smallOptions()
    (options.subset, options.dataset.count) = (20, 20)
    #expect(throws: ConfigurationError.self) { try Trainer(options, dataset: SyntheticDataset(), in: folder.path) }
    let trainer = try Trainer(options, dataset: SyntheticDataset(count: 20), in: folder.path)
    #expect(trainer.dataset.count == 20)
  }
}
