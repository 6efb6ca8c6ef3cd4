import Datasets
import GANs
import Testing

/// The rules for a training of a given time.
@Suite struct TrainingRulesTests {
  private let rules = TrainingRules.standard

  private func survey(_ median: Int, shown: PictureSize? = nil, side: Int? = nil) -> DatasetSurvey {
    DatasetSurvey(name: "a", images: 9, shortest: 7, median: median, longest: 2000, color: 9, side: side, shown: shown)
  }

  /// Measured at 32×32, the paper's in large pictures.
  @Test(arguments: [(8, 1.0), (32, 1), (64, 2), (128, 4), (256, 8), (512, 10), (1024, 10)])
  func gammaFollowsTheSide(side: Int, gamma: Double) {
    #expect(rules.gamma(resolution: side) == gamma)
  }

  /// Pictures are not enlarged, and the time must show enough of them.
  @Test(arguments: [
    (72, 0.01, 64), (72, 0.1, 32), (128, 0.01, 64), (128, 0.003, 128), (130, 0.013, 64), (40, 1, 32), (16, 9, 16),
    (5, 1, 8), (28, 1, 16),
  ]) func theResolutionFitsPicturesAndTime(median: Int, secondsAt64: Double, side: Int) {
    let chosen = rules.resolution(survey(median), seconds: 3600) { side in
      secondsAt64 * Double(side * side) / Double(64 * 64)
    }
    #expect(chosen == side)
  }

  /// A part that is shown stays whole pixels.
  @Test func shownPartsLimitTheResolution() {
    #expect(rules.resolutions(survey(64, shown: PictureSize(width: 36, height: 64), side: 64)) == [32, 64])
    #expect(rules.resolutions(survey(64, shown: PictureSize(width: 48, height: 64), side: 64)) == [8, 16, 32, 64])
  }

  @Test func fewPicturesAreAugmented() {
    #expect(rules.usesAugmentation(count: 500) && rules.usesAugmentation(count: 9_999))
    #expect(!rules.usesAugmentation(count: 10_000) && !rules.usesAugmentation(count: 60_000))
  }

  @Test func largePicturesComeLater() {
    #expect(rules.firstKimg(resolution: 16) == 25 && rules.firstKimg(resolution: 32) == 25)
    #expect(rules.firstKimg(resolution: 64) == 50 && rules.firstKimg(resolution: 256) == 200)
  }

  /// A reader can change the table, and the training follows.
  @Test func otherRulesGiveAnotherTraining() throws {
    var rules = TrainingRules()
    (rules.batch, rules.learningRate, rules.penaltyInterval, rules.mixing) = (8, 0.001, 4, 0.25)
    (rules.gammaRange, rules.halfLife, rules.snapshots) = ((3, 4), (0.1, 0, 1000), 4)
    var options = smallOptions()
    let timed = TimedTraining(seconds: 100, rules: rules)
    timed.prepare(&options)
    timed.fit(&options, secondsPerImage: [16: 0.001])
    #expect(options.schedule.batchSize(at: 16) == 8 && options.schedule.learningRate(at: 16) == 0.001)
    #expect(options.objective.penaltyInterval == 4 && options.mixingProbability == 0.25 && options.objective.gamma == 3)
    #expect(
      abs(options.averageHalfLifeKimg - 10) < 1e-9
        && options.snapshotTicks == Int((100 / 4 / options.tickKimg).rounded()))
  }

  /// The choices are those of the options, and what the user gave is not explained by a rule.
  @Test func plansTellWhatIsTrained() throws {
    var options = smallOptions()
    TimedTraining(seconds: 100).prepare(&options)
    TimedTraining(seconds: 100).fit(&options, secondsPerImage: [16: 0.001])
    options.mirror = false
    let plan = TrainingPlan(
      options, survey: survey(40), width: .micro, kimg: 100, labels: 10, asked: [.gamma])
    func choice(_ field: ConfigurationField) -> TrainingPlan.Choice? { plan.choices.first { $0.field == field } }
    #expect(
      choice(.resolution)?.value == "16" && choice(.batchSizes)?.value == "16" && choice(.grows)?.value == "false")
    #expect(choice(.gamma)?.reason == "as you gave it" && choice(.mixingProbability)?.value == "0.5")
    #expect(choice("width")?.value == "micro" && Set(plan.choices.map(\.field)).count == plan.choices.count)
    #expect(plan.choices.allSatisfy { !$0.reason.isEmpty })
    let notes = plan.notes.map(\.description)
    #expect(notes.contains { $0.contains("10 classes") } && notes.contains { $0.contains("shortest side is 7") })
    #expect(notes.contains { $0.contains("mirror") })
  }

  /// Every number of the table is in the printed rules.
  @Test func theTableIsPrinted() {
    let text = rules.table.map { "\($0.choice) \($0.rule) \($0.source)" }.joined(separator: "\n")
    for part in ["64: 100", "1024: 8000", "small: 500", "16, 0.005, 16, 0.5", "10000 pictures", "25 thousand"] {
      #expect(text.contains(part), "\(part)")
    }
  }
}
