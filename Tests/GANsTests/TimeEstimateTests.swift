import Foundation
import GANs
import Testing
import Torch

/// The time that is left, with a simulated clock: what it says after the first twentieth of a growing training.
@Suite struct TimeEstimateTests {
  /// A growing training 8 → 64 of `kimg`, with a snapshot every `snap` kimg.
  private func options(kimg: Double = 100, snap: Int = 25) -> TrainingOptions {
    var options = TrainingOptions(
      recipe: "test", data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(
        resolution: 64, imageChannels: 3, zSize: 8, wSize: 8, mappingLayers: 2, fmapBase: 512, fmapMax: 128))
    options.totalKimg = kimg
    options.snapshotTicks = snap
    options.schedule.fitGrowth(totalKimg: kimg)
    return options
  }

  /// A machine: seconds of a step by resolution, and of a snapshot.
  private struct Machine {
    var perImage: [Int: Double] = [8: 0.0008, 16: 0.002, 32: 0.006, 64: 0.019]
    var perStep = 0.01
    var snapshot = 2.0
    /// Deviations of single steps, such as by other processes.
    var noise = 0.0
    /// The factor of everything after so many seconds.
    var slowdown: (after: Double, factor: Double)?
  }

  /// Runs a training by the clock of `machine`.
  /// - Returns: the seconds that it took, and those that the estimate expected in all, by the share of images.
  private func simulate(
    _ options: TrainingOptions, _ machine: Machine, probe: StepProbe.Result?, limit: Double? = nil
  ) -> (seconds: Double, expected: [(share: Double, seconds: Double)]) {
    var estimate = TimeEstimate(options, probe: probe)
    var (clock, images, steps, state) = (0.0, 0, 0, UInt64(1))
    var expected: [(share: Double, seconds: Double)] = []
    func noise() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return 1 + machine.noise * (Double(state >> 40) / Double(1 << 23) - 1)
    }
    while images < options.totalImages, limit.map({ clock < $0 }) ?? true {
      let growth = options.schedule.growth(afterImages: images)
      let batch = options.schedule.batchSize(at: growth.resolution)
      let factor = machine.slowdown.map { clock > $0.after ? $0.factor : 1 } ?? 1
      let seconds = (machine.perStep + Double(batch) * machine.perImage[growth.resolution]!) * factor * noise()
      let before = images
      (clock, images, steps) = (clock + seconds, images + batch, steps + 1)
      estimate.addStep(images: batch, at: growth, seconds: seconds)
      if options.snapshots(from: before, to: min(images, options.totalImages)) > 0 {
        clock += machine.snapshot * factor
        estimate.addSnapshot(at: growth, seconds: machine.snapshot * factor)
      }
      estimate.limit = limit.map { max(0, $0 - clock) }
      if let left = estimate.remaining(afterImages: images) {
        expected.append((Double(images) / Double(options.totalImages), clock + left))
      }
    }
    return (clock, expected)
  }

  /// What a probe of a few steps measures, off by some per cent.
  private func probe(_ options: TrainingOptions, _ machine: Machine, errors: [Int: Double] = [:]) -> StepProbe.Result {
    var result = StepProbe.Result()
    for (side, seconds) in machine.perImage {
      result.secondsPerImage[side] =
        (seconds + machine.perStep / Double(options.schedule.batchSize(at: side))) * (1 + (errors[side] ?? 0))
      result.secondsPerSnapshot[side] = machine.snapshot
    }
    return result
  }

  /// The expected whole at a share of the images, against the truth.
  private func expect(
    _ run: (seconds: Double, expected: [(share: Double, seconds: Double)]), from share: Double,
    within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let late = run.expected.filter { $0.share >= share }
    #expect(!late.isEmpty, sourceLocation: sourceLocation)
    for (share, seconds) in late {
      guard abs(seconds - run.seconds) > tolerance * run.seconds else { continue }
      Issue.record("at \(share): \(seconds) s instead of \(run.seconds) s", sourceLocation: sourceLocation)
      return
    }
  }

  @Test func withAProbeTheWholeIsKnownAtOnce() {
    let (options, machine) = (options(), Machine())
    expect(simulate(options, machine, probe: probe(options, machine)), from: 0, within: 0.02)
    // The old way, remaining images at the present rate, says a fraction of the truth.
    let whole = simulate(options, machine, probe: nil).seconds
    #expect(Double(options.totalImages) * (machine.perImage[8]! + machine.perStep / 128) < 0.1 * whole)
  }

  @Test func aProbeMayBeOff() {
    let (options, machine) = (options(), Machine())
    let off = probe(options, machine, errors: [8: 0.1, 16: -0.1, 32: 0.05, 64: 0.08])
    expect(simulate(options, machine, probe: off), from: 0.05, within: 0.2)
  }

  @Test func stepsAreUneven() {
    var machine = Machine()
    machine.noise = 0.8
    let options = options()
    expect(simulate(options, machine, probe: probe(options, machine)), from: 0.05, within: 0.2)
  }

  /// The machine was idle while it was probed, and is busy from then on.
  @Test func aBusyMachineIsNoticed() {
    let options = options()
    var machine = Machine()
    let idle = probe(options, machine)
    machine.slowdown = (after: 0, factor: 2.5)
    expect(simulate(options, machine, probe: idle), from: 0.05, within: 0.2)
  }

  /// Without a probe the number of operations tells the ratios; here of a machine that is bound by operations.
  @Test func withoutAProbeOperationsAreCounted() {
    let options = options()
    var machine = Machine()
    machine.perStep = 0
    machine.perImage = options.relativeCosts.mapValues { $0 / 2e10 }
    let run = simulate(options, machine, probe: nil)
    expect(run, from: 0.05, within: 0.2)
    #expect(run.expected.first?.share ?? 1 < 0.01)
  }

  /// A probe that had no time for high resolutions.
  @Test func whatWasNotProbedIsScaled() {
    let options = options()
    var machine = Machine()
    machine.perImage = options.relativeCosts.mapValues { $0 / 1e10 }
    var probe = probe(options, machine)
    for side in [32, 64] { probe.secondsPerImage[side] = nil }
    expect(simulate(options, machine, probe: probe), from: 0.05, within: 0.2)
  }

  /// Metrics take longer than the training; the first estimate of them is off by a third.
  @Test func snapshotsAndTheirMetricsCount() {
    let options = options(kimg: 100, snap: 4)
    var machine = Machine()
    machine.snapshot = 90
    var probe = probe(options, machine)
    probe.secondsPerSnapshot = probe.secondsPerSnapshot.mapValues { $0 * 0.67 }
    let run = simulate(options, machine, probe: probe)
    #expect(run.seconds > 25 * 90)
    expect(run, from: 0.05, within: 0.2)
  }

  @Test func minutesAreALimit() {
    let (options, machine) = (options(), Machine())
    let whole = simulate(options, machine, probe: nil).seconds
    let short = simulate(options, machine, probe: probe(options, machine), limit: whole / 3)
    expect(short, from: 0, within: 0.02)
    // A limit beyond the end changes nothing.
    expect(simulate(options, machine, probe: probe(options, machine), limit: whole * 3), from: 0.05, within: 0.05)
    let estimate = TimeEstimate(options, probe: probe(options, machine))
    let reached = estimate.images(after: whole / 3, from: 0) ?? 0
    #expect(abs(Double(reached) / Double(options.totalImages) - (short.expected.last?.share ?? 0)) < 0.03)
    #expect(estimate.images(after: whole * 2, from: 0) == options.totalImages)
  }

  /// A resumed run knows its resolutions by its statistics.
  @Test func statisticsAreRead() throws {
    var estimate = TimeEstimate(options())
    #expect(estimate.remaining(afterImages: 90_000) == nil && !estimate.knowsAll(afterImages: 90_000))
    let lines = (1...9).map { _ in ["Timing/sec_per_kimg": 20.0, "Progress/resolution": 64] }
    estimate.addTicks(lines + [["Progress/resolution": 64], ["Timing/sec_per_kimg": -1, "Progress/resolution": 64]])
    #expect(estimate.knowsAll(afterImages: 90_000) && !estimate.knowsAll(afterImages: 0))
    #expect(abs((estimate.remaining(afterImages: 90_000) ?? 0) - 200) < 1e-6)
  }

  // MARK: The plan of a training

  /// The phases are those that the schedule gives image by image.
  @Test func phasesFollowTheSchedule() {
    var schedule = Schedule.paper(resolution: 32)
    (schedule.stableKimg, schedule.fadeKimg) = (0.0205, 0.0301)
    for range in [0..<400, 13..<14, 20..<21, 21..<72, 51..<350, 5..<5] {
      let phases = schedule.phases(from: range.lowerBound, to: range.upperBound)
      #expect(phases.flatMap { Array($0.images) } == Array(range))
      for phase in phases {
        for image in phase.images {
          let growth = schedule.growth(afterImages: image)
          #expect(growth.resolution == phase.resolution && (growth.alpha < 1) == phase.isFading, "image \(image)")
        }
      }
    }
  }

  @Test(arguments: [(100.0, 1.0, 25), (100, 1, 30), (0.5, 1, 25), (10, 0.3, 1), (3.5, 1, 1)])
  func snapshotsAreCounted(kimg: Double, tick: Double, snap: Int) {
    var options = options()
    (options.totalKimg, options.tickKimg, options.snapshotTicks) = (kimg, tick, snap)
    options.schedule = .fixed(resolution: 64, batch: 10, learningRate: 0.001)
    // The rule of the trainer.
    var (images, ticks, at) = (0, 0, [Int]())
    while images < options.totalImages {
      images += 10
      if Double(images) >= Double(ticks + 1) * tick * 1000 || images >= options.totalImages {
        ticks += 1
        if images >= options.totalImages || ticks % snap == 0 { at.append(images) }
      }
    }
    #expect(options.snapshots(from: 0, to: options.totalImages) == at.count)
    #expect(DiskUse(options).snapshots == at.count)
    #expect(abs(options.nextSnapshot(afterImages: 0) - at[0]) <= 10)
    for start in stride(from: 0, to: options.totalImages - 20, by: 170) {
      let rest = at.filter { $0 > start + 10 }.count
      #expect((rest...rest + 1).contains(options.snapshots(from: start, to: options.totalImages)))
    }
  }

  @Test func operationsGrowWithTheResolution() {
    let costs = options().relativeCosts
    #expect(costs.keys.sorted() == [4, 8, 16, 32, 64])
    for side in [8, 16, 32, 64] { #expect(costs[side]! > 1.1 * costs[side / 2]!, "\(side)") }
    let configuration = options().stylegan
    #expect(OperationCount(configuration).trainingStep == OperationCount(configuration, resolution: 64).trainingStep)
  }
}
