import Foundation
import GANs
import Testing
import Torch
import _TestSupport

@Suite struct ScheduleTests {
  private let schedule = Schedule(
    initialResolution: 8, finalResolution: 32, fadeKimg: 1, stableKimg: 2, batchSizes: [4: 64, 16: 32, 32: 8],
    learningRates: [4: 0.001, 32: 0.002])

  @Test func growingFitsIntoShortTrainings() {
    var schedule = Schedule.paper(resolution: 32)
    schedule.fitGrowth(totalKimg: 100)
    #expect(schedule.stableKimg == 10 && schedule.fadeKimg == 10)
    #expect(schedule.growth(afterImages: 99_000) == Growth(resolution: 32))
    // The paper's own length leaves the paper's phases.
    var paper = Schedule.paper(resolution: 1024)
    paper.fitGrowth(totalKimg: 25_000)
    #expect(paper == .paper(resolution: 1024))
  }

  @Test func growthAtItsBoundaries() {
    // 8×8 for 2,000 images, 16×16 faded in for 1,000 and alone for 2,000, and so on.
    let expected: [(Int, Int, Double)] = [
      (0, 8, 1), (1999, 8, 1), (2000, 16, 1.0 / 1001), (2499, 16, 500.0 / 1001), (2999, 16, 1000.0 / 1001),
      (3000, 16, 1), (4999, 16, 1), (5000, 32, 1.0 / 1001), (5999, 32, 1000.0 / 1001), (6000, 32, 1),
      (1_000_000_000, 32, 1),
    ]
    for (images, resolution, alpha) in expected {
      #expect(schedule.growth(afterImages: images) == Growth(resolution: resolution, alpha: alpha), "\(images)")
    }
    #expect(schedule.imagesUntilGrown == 6000)
  }

  @Test func growthNeverShrinks() {
    var schedule = schedule
    (schedule.fadeKimg, schedule.stableKimg) = (0.0515, 0.0333)
    var last = (resolution: 0, alpha: 1.0)
    for images in 0...schedule.imagesUntilGrown {
      let growth = schedule.growth(afterImages: images)
      #expect(growth.alpha > 0 && growth.alpha <= 1)
      #expect(
        growth.resolution == last.resolution
          ? growth.alpha >= last.alpha
          : growth.resolution == 8 || (growth.resolution == 2 * last.resolution && last.alpha == 1))
      last = (growth.resolution, growth.alpha)
    }
    #expect(last == (32, 1))
    #expect(schedule.growth(afterImages: schedule.imagesUntilGrown - 1).alpha < 1)
  }

  @Test func growthWithoutFadesOrWithoutGrowing() {
    var schedule = schedule
    schedule.fadeKimg = 0
    #expect(schedule.growth(afterImages: 1999) == Growth(resolution: 8))
    #expect(schedule.growth(afterImages: 2000) == Growth(resolution: 16))
    schedule.stableKimg = 0
    #expect(schedule.growth(afterImages: 0) == Growth(resolution: 32))
    schedule.initialResolution = 32
    (schedule.fadeKimg, schedule.stableKimg) = (600, 600)
    #expect(schedule.growth(afterImages: 0) == Growth(resolution: 32) && schedule.imagesUntilGrown == 0)
  }

  @Test func tablesHoldUntilTheirNextEntry() {
    #expect([4, 8, 16, 32, 64].map(schedule.batchSize(at:)) == [64, 64, 32, 8, 8])
    #expect([4, 16, 32, 1024].map(schedule.learningRate(at:)) == [0.001, 0.001, 0.002, 0.002])
    let paper = Schedule.paper(resolution: 1024)
    let resolutions = (2...10).map { 1 << $0 }
    #expect(resolutions.map(paper.batchSize(at:)) == [128, 128, 128, 64, 32, 16, 8, 4, 4])
    #expect(
      resolutions.map(paper.learningRate(at:)) == [
        0.001, 0.001, 0.001, 0.001, 0.001, 0.0015, 0.002, 0.003, 0.003,
      ])
    #expect(paper.initialResolution == 8 && paper.imagesUntilGrown == 7 * 1_200_000)
  }

  /// α·x + (1 − α)·upsample(downsample(x)), of what is left of a larger image by averaging.
  @Test func realsAreShrunkAndFaded() {
    let images = RandomStream(seed: 1).normal([2, 3, 32, 32])
    #expect(Growth(resolution: 32).prepared(images).bytes == images.bytes)
    let values = images.doubles
    func mean(_ plane: Int, _ y: Int, _ x: Int, _ side: Int) -> Double {
      var sum = 0.0
      for i in 0..<side { for j in 0..<side { sum += values[plane * 1024 + (y * side + i) * 32 + x * side + j] } }
      return sum / Double(side * side)
    }
    for alpha in [1, 0.25] {
      let expected = (0..<6).flatMap { plane in
        (0..<64).map { i in
          alpha * mean(plane, i / 8, i % 8, 4) + (1 - alpha) * mean(plane, i / 16, i % 8 / 2, 8)
        }
      }
      expectClose(
        Growth(resolution: 8, alpha: alpha).prepared(images), Tensor(expected, shape: [2, 3, 8, 8]), "alpha \(alpha)")
    }
  }
}

@Suite struct TrainingOptionsTests {
  private let options = smallOptions(lazy: 16)

  @Test func optionsSurviveTheirFile() throws {
    var options = options
    options.initialNetwork = "runs/00001/network-snapshot-000100.safetensors"
    options.schedule.batchSizes = [4: 3, 8: 5]
    options.seed = .max
    options.averageHalfLifeKimg = 0.1 + 0.2
    let text = try options.text()
    #expect(try TrainingOptions(text: text, path: "options.json") == options)
    #expect(try TrainingOptions(text: text, path: "options.json").text() == text)
  }

  private func refusal(_ text: String) -> String {
    do {
      _ = try TrainingOptions(text: text, path: "a/options.json")
      return "nothing"
    } catch { return "\(error)" }
  }

  @Test func unknownMissingAndWrongKeysAreNamed() throws {
    let text = try options.text()
    func refused(_ old: String, _ new: String) -> String {
      #expect(text.contains(old))
      return refusal(text.replacingOccurrences(of: old, with: new))
    }
    #expect(
      refused(#""seed" : 5"#, #""seed" : 5, "sead" : 5"#) == "a/options.json has unknown keys: sead")
    #expect(
      refused(#""fmapMax" : 8"#, #""fmapMax" : 8, "fmapMin" : 1"#)
        == "a/options.json has unknown keys: configuration.fmapMin")
    // Values that no JSON has, where the decoder does not look.
    for value in ["NaN", "1e999", "[-]", "01"] {
      #expect(
        refused(#""seed" : 5"#, #""seed" : 5, "sead" : \#(value)"#)
          .hasPrefix("a/options.json is not the options of a training run: "))
    }
    #expect(
      refused(#""seed" : 5"#, #""seed" : "5""#)
        == "a/options.json is not the options of a training run: 'seed' has the wrong type")
    #expect(
      refused(#""gamma" : 10,"#, "") == "a/options.json is not the options of a training run: 'gamma' is missing")
    #expect(refusal("{") == "a/options.json is not the options of a training run: it is not JSON")
  }

  @Test func fieldsOutOfRangeAreNamed() throws {
    try options.validate()
    let changes: [(String, (inout TrainingOptions) -> Void)] = [
      ("resolution is 48", { $0.stylegan.resolution = 48 }),
      ("resolution is 4", { $0.stylegan.resolution = 4 }),
      ("resolution is 2048", { $0.stylegan.resolution = 2048 }),
      ("imageChannels is 2", { $0.stylegan.imageChannels = 2 }),
      ("zSize is 0", { $0.stylegan.zSize = 0 }),
      ("wSize is 9000", { $0.stylegan.wSize = 9000 }),
      ("mappingLayers is -1", { $0.stylegan.mappingLayers = -1 }),
      ("wSize is 9", { ($0.stylegan.mappingLayers, $0.stylegan.wSize) = (0, 9) }),
      ("mappingLearningRateMultiplier is 0", { $0.stylegan.mappingLearningRateMultiplier = 0 }),
      ("fmapBase is 0", { $0.stylegan.fmapBase = 0 }),
      ("fmapMax is 5000", { $0.stylegan.fmapMax = 5000 }),
      ("minibatchGroup is 0", { $0.stylegan.minibatchGroup = 0 }),
      ("initialResolution is 12", { $0.schedule.initialResolution = 12 }),
      ("initialResolution is 32", { $0.schedule.initialResolution = 32 }),
      ("finalResolution is 8", { $0.schedule.finalResolution = 8 }),
      ("fadeKimg is -1", { $0.schedule.fadeKimg = -1 }),
      ("stableKimg is nan", { $0.schedule.stableKimg = .nan }),
      ("batchSizes is 0", { $0.schedule.batchSizes = [4: 0] }),
      ("batchSizes is none", { $0.schedule.batchSizes = [:] }),
      ("learningRates is 2,", { $0.schedule.learningRates = [4: 2] }),
      ("gamma is -1", { $0.objective.gamma = -1 }),
      ("penaltyInterval is 0", { $0.objective.penaltyInterval = 0 }),
      ("mixingProbability is 1.5", { $0.mixingProbability = 1.5 }),
      ("beta1 is 1", { $0.adam.beta1 = 1 }),
      ("beta2 is 1", { $0.adam.beta2 = 1 }),
      ("epsilon is 0", { $0.adam.epsilon = 0 }),
      ("averageHalfLifeKimg is -1", { $0.averageHalfLifeKimg = -1 }),
      ("totalKimg is 0", { $0.totalKimg = 0 }),
      ("tickKimg is 0", { $0.tickKimg = 0 }),
      ("snapshotTicks is 0", { $0.snapshotTicks = 0 }),
      ("threads is 0", { $0.threads = 0 }),
    ]
    for (expected, change) in changes {
      var changed = options
      change(&changed)
      do {
        try changed.validate()
        Issue.record("nothing is said against: \(expected)")
      } catch { #expect(error.description.hasPrefix(expected), "\(error)") }
    }
  }
}
