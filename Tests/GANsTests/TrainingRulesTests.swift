import GANs
import Testing
import _TestSupport

/// The rules of a training of a given time: closed cases, and what a training takes from them.
@Suite struct TrainingRulesTests {
  private func rule(
    _ choice: TrainingRule.Choice, _ change: (inout TrainingSituation) -> Void = { _ in }
  ) -> TrainingRule {
    var situation = TrainingSituation()
    change(&situation)
    return TrainingRule.deciding(choice, in: situation)
  }

  /// Each choice has rules, together and in the order of the choices; the last one is for all other cases.
  @Test func theTableIsComplete() {
    var order: [TrainingRule.Choice] = []
    for rule in TrainingRule.table where rule.choice != order.last { order.append(rule.choice) }
    #expect(order == TrainingRule.Choice.allCases)
    for rule in TrainingRule.table {
      for text in [rule.condition, rule.outcome, rule.reason] { #expect(!text.isEmpty) }
      #expect(rule.reason.hasSuffix("."), "\(rule.reason)")
      #expect(rule.source == "rule of thumb" || rule.source.hasPrefix("measured: "))
    }
    // Nothing is known: no choice is without a rule.
    for choice in TrainingRule.Choice.allCases { #expect(rule(choice).choice == choice) }
  }

  /// Never above the pictures' own size, and larger only where the time is enough.
  @Test(
    arguments: [
      (7, [:], "8×8"), (16, [:], "16×16"), (31, [:], "16×16"), (32, [:], "32×32"), (72, [64: 99.0], "32×32"),
      (72, [64: 100], "64×64"), (63, [64: 1e6], "32×32"), (113, [64: 1e6, 128: 1e6], "64×64"),
      (128, [64: 600, 128: 400], "64×64"), (128, [64: 2000, 128: 1500], "128×128"),
      (4000, [64: 1e6, 128: 1e6, 256: 1e6, 512: 1e6, 1024: 1e6], "1024×1024"),
    ])
  func theResolutionFollowsPicturesAndTime(side: Int, kimg: [Int: Double], expected: String) {
    #expect(
      rule(.resolution) {
        $0.side = side
        $0.kimgByResolution = kimg
      }.outcome == expected)
  }

  @Test func colorsAndLabelsFollowThePictures() {
    #expect(rule(.channels) { $0.channels = 4 }.outcome == "4")
    #expect(rule(.channels) { $0.channels = 3 }.outcome == "3")
    #expect(rule(.channels) { $0.channels = 1 }.outcome == "1")
    // Gray and color pictures together are color.
    #expect(rule(.channels) { ($0.channels, $0.sameChannels) = (1, false) }.outcome == "3")
    #expect(rule(.labels) { $0.classes = 10 }.reason.contains("--cond"))
    #expect(rule(.labels) { $0.classes = 1 }.condition == "otherwise")
    #expect(rule(.mirror).outcome == "never")
  }

  @Test func growingIsForLargePicturesInAShortTime() {
    func grows(_ resolution: Int, _ kimg: Double, isTrained: Bool = false) -> Bool {
      rule(.growing) { ($0.resolution, $0.kimg, $0.isTrained) = (resolution, kimg, isTrained) }.outcome != "no"
    }
    #expect(grows(64, 39) && !grows(64, 40) && !grows(32, 1) && !grows(64, 39, isTrained: true))
  }

  /// 1 where it was measured, about 10 where the papers use 10.
  @Test(arguments: [(8, 1.0), (32, 1), (64, 1.6), (128, 2.5), (256, 4), (512, 6.3), (1024, 10)])
  func gammaRisesWithTheResolution(resolution: Int, gamma: Double) throws {
    var options = try options(resolution)
    TimedTraining(seconds: 1).prepare(&options)
    #expect(options.objective.gamma == gamma)
  }

  @Test func fewPicturesAndFirstPictures() {
    #expect(TrainingRule.usesAugmentation(count: 1000) && !TrainingRule.usesAugmentation(count: 60_000))
    #expect([8, 32, 64, 256].map(TrainingRule.recognizableKimg) == [25, 25, 50, 200])
  }

  private func options(_ resolution: Int) throws -> TrainingOptions {
    TrainingOptions(
      recipe: try #require(Families.recipes.first { $0.name == "stylegan" }), data: "",
      dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(width: .tiny, resolution: resolution, imageChannels: 3))
  }

  /// The values of a plan are those of its training.
  @Test(arguments: [(32, 100.0), (32, 1e6), (64, 100), (64, 1e5)])
  func aPlanSaysWhatIsTrained(resolution: Int, seconds: Double) throws {
    var options = try options(resolution)
    var situation = TrainingSituation()
    let timed = TimedTraining(seconds: seconds)
    timed.prepare(&options)
    timed.fit(&options, secondsPerImage: [8: 0.001, 16: 0.002, 32: 0.005, 64: 0.01], in: &situation)
    let choices = TrainingPlan.choices(options, in: situation, asked: [.gamma])
    func value(_ choice: TrainingRule.Choice) -> SettingValue? { choices.first { $0.choice == choice }?.value }
    #expect(value(.resolution) == .integer(resolution) && value(.channels) == 3 && value(.minibatch) == 16)
    #expect(value(.learningRate) == .number(0.005) && value(.mixing) == .number(0.5))
    #expect(value(.growing) == .flag(options.schedule.grows) && value(.mirror) == false && value(.labels) == false)
    #expect(options.schedule.grows == (resolution == 64 && seconds == 100))
    #expect(value(.average) == .number(options.averageHalfLifeKimg) && value(.penaltyInterval) == 16)
    for choice in choices {
      #expect((choice.source == nil) == (choice.choice == .gamma))
      #expect(!choice.words.isEmpty)
    }
    #expect(choices.count == TrainingRule.Choice.allCases.count)
    // A width that was given may have no name.
    #expect(!TrainingPlan.choices(options, in: situation, asked: [.width]).contains { $0.choice == .width })
  }

  /// 0.005 s an image at 32×32.
  @Test func theForecastAddsUp() throws {
    var options = try options(32)
    TimedTraining(seconds: 1).prepare(&options)
    var probe = StepProbe.Result()
    probe.secondsPerImage = [32: 0.005]
    options.totalKimg = 720
    let long = TrainingPlan.Forecast(options, probe: probe, memory: nil)
    #expect(long.kimg == 720 && abs(long.imagesPerSecond - 200) < 1e-9 && long.memoryBytes == nil)
    let seconds = try #require(long.recognizableSeconds)
    #expect(long.recognizableKimg == 25 && abs(seconds - 125) < 1e-6)
    #expect(long.neededHours == nil && long.diskBytes == DiskUse(options).total)
    options.totalKimg = 10
    let short = TrainingPlan.Forecast(options, probe: probe, memory: nil)
    #expect(short.recognizableKimg == nil && short.recognizableSeconds == nil)
    let hours = try #require(short.neededHours)
    #expect(abs(hours - 125 / 3600.0) < 1e-9)
  }

  /// The peak of steps is measured, and decoded pictures are added as far as they are seen.
  @Test func memoryIsMeasured() throws {
    var options = smallOptions()
    options.totalKimg = 0.5
    options.dataset.count = 1000
    let use = try MemoryUse(measuring: options, pictures: 2_000_000)
    #expect(use.pictures == 1_000_000 && use.total >= max(use.before, use.steps + use.pictures))
    #expect(use.steps > 20_000_000 && use.steps <= ProcessMemory.peakResident)
    options.totalKimg = 5
    #expect(try MemoryUse(measuring: options, pictures: 2_000_000).pictures == 2_000_000)
  }
}
