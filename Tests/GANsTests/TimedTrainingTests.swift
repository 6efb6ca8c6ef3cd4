import GANs
import Testing
import _TestSupport

/// The recipe for a training of a given time.
@Suite struct TimedTrainingTests {
  private func options(_ resolution: Int) throws -> TrainingOptions {
    TrainingOptions(
      recipe: try #require(Families.recipes.first { $0.name == "stylegan" }), data: "",
      dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(width: .tiny, resolution: resolution, imageChannels: 1))
  }

  /// Fits a training without looking at what the rules saw.
  private func fit(
    _ options: inout TrainingOptions, to timed: TimedTraining, _ secondsPerImage: [Int: Double], growing: Bool? = nil,
    asked: Set<TimedTraining.Asked> = []
  ) {
    var situation = TrainingSituation()
    timed.fit(&options, secondsPerImage: secondsPerImage, growing: growing, asked: asked, in: &situation)
  }

  /// 32×32 does not grow; the length is in proportion to the time, and the clock ends it before that.
  @Test(arguments: [60, 600, 6000]) func smallPicturesDoNotGrow(seconds: Double) throws {
    var options = try options(32)
    let timed = TimedTraining(seconds: seconds)
    timed.prepare(&options)
    fit(&options, to: timed, [8: 0.001, 16: 0.002, 32: 0.005])
    let kimg = seconds / 0.005 / 1000
    #expect(!options.schedule.grows && options.totalKimg > 1.5 * kimg)
    #expect(abs(options.averageHalfLifeKimg - min(max(0.04 * kimg, 0.5), 10)) < 0.05)
    #expect((4...12).contains(kimg / options.tickKimg / Double(options.snapshotTicks)))
    #expect(options.objective.penaltyInterval == 16 && options.mixingProbability == 0.5)
    try options.validate()
  }

  /// Stopped runs keep what is left of their time, and only such runs have a clock in their state.
  @Test func theClockIsSaved() throws {
    for seconds in [nil, 1000.0] {
      let folder = try TemporaryFolder()
      var options = smallOptions()
      options.totalSeconds = seconds
      let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("runs"))
      #expect(trainer.secondsLeft == seconds)
      #expect(try trainer.train(shouldStop: { trainer.imagesShown >= 16 }) == .interrupted)
      let left = try Trainer.secondsLeft(resuming: trainer.directory.state)
      #expect(left == trainer.secondsLeft && (left == nil) == (seconds == nil) && left ?? 0 < 1000)
    }
  }

  /// Large pictures grow where the time shows too few of them, and then the phases fill the time.
  @Test func largePicturesGrowInAShortTime() throws {
    let cost = [8: 0.001, 16: 0.002, 32: 0.004, 64: 0.01, 128: 0.03]
    var short = try options(128)
    let timed = TimedTraining(seconds: 600)
    timed.prepare(&short)
    var fixed = short
    fit(&short, to: timed, cost)
    #expect(short.schedule.initialResolution == 8)
    let grown = short.schedule.imagesUntilGrown
    #expect(grown > 0 && grown < Int(short.totalKimg * 1000))
    // Growth is 40 % of the images that fit.
    let images = Int(Double(grown) / 0.4)
    let seconds = short.schedule.phases(from: 0, to: images).reduce(0) {
      $0 + Double($1.images.count) * cost[$1.resolution]!
    }
    #expect(abs(seconds - 600) < 6)
    // What the user asked for stays.
    fixed.averageHalfLifeKimg = 7
    fit(&fixed, to: timed, cost, growing: false, asked: [.average, .snapshots])
    #expect(!fixed.schedule.grows && fixed.averageHalfLifeKimg == 7 && fixed.snapshotTicks == 25)
    var long = try options(128)
    TimedTraining(seconds: 36_000).prepare(&long)
    fit(&long, to: TimedTraining(seconds: 36_000), cost)
    #expect(!long.schedule.grows)
  }

  /// Each resolution that may be used is measured or estimated, and small pictures are measured once.
  @Test(arguments: [(16, [16]), (64, [8, 16, 32, 64])]) func costsAreMeasured(resolution: Int, known: [Int]) throws {
    var options = TrainingOptions(
      recipe: "stylegan", data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(
        resolution: resolution, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 1, fmapBase: 16, fmapMax: 8))
    TimedTraining(seconds: 1).prepare(&options)
    let costs = try TimedTraining.costs(of: options)
    #expect(costs[resolution]! > 0 && Set(costs.keys).isSubset(of: Set(known)) && costs.values.allSatisfy { $0 > 0 })
  }

  /// A trained network does not grow again, however short the time.
  @Test func trainedNetworksDoNotGrow() throws {
    var options = try options(128)
    options.initialNetwork = "network.safetensors"
    let timed = TimedTraining(seconds: 60)
    timed.prepare(&options)
    fit(&options, to: timed, [8: 0.001, 128: 0.1])
    #expect(!options.schedule.grows)
    fit(&options, to: timed, [8: 0.001, 128: 0.1], growing: true)
    #expect(options.schedule.grows)
  }

  /// A wider network is chosen where it sees enough images.
  @Test func theWidthFollowsTheSpeed() {
    let costs: [NetworkWidth: Double] = [.micro: 0.5, .tiny: 1, .small: 10, .paper: 200]
    func width(_ seconds: Double, _ costs: [NetworkWidth: Double], resolution: Int = 32) -> NetworkWidth {
      var situation = TrainingSituation()
      situation.resolution = resolution
      return TimedTraining(seconds: seconds).width(secondsPerImage: 0.0025, costs: costs, in: &situation)
    }
    func width(_ seconds: Double) -> NetworkWidth { width(seconds, costs) }
    // 250, 500 and 1500 kimg.
    let (tiny, small, paper) = (250_000 * 0.005, 500_000 * 0.05, 1_500_000.0)
    #expect(width(1) == .micro && width(tiny - 1) == .micro && width(tiny + 1) == .tiny)
    #expect(width(small - 1) == .tiny && width(small + 1) == .small)
    #expect(width(paper - 1) == .small && width(paper + 1) == .paper)
    // Without room for the wider ones.
    #expect(width(1e7, [.micro: 0.5, .tiny: 1]) == .tiny)
    // One width, given or the only one that fits into memory, is taken.
    #expect(width(1, [.tiny: 1]) == .tiny && width(1, [.micro: 1], resolution: 64) == .micro)
    #expect(TimedTraining.widths(resolution: 32).last == .micro && TimedTraining.widths(resolution: 64).last == .tiny)
  }
}
