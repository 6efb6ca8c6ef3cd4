import Foundation
import GANs
import Torch

/// What a training will take, in lines for users: time, first pictures, disk space.
struct TrainingForecast {
  /// The times of a few steps.
  let probe: StepProbe.Result
  private var options: TrainingOptions
  private let images: Int
  /// Whether it is finished then, as a training of a given time.
  private let finishes: Bool
  /// Seconds after which the training is stopped; nil for no limit.
  private let limit: Double?

  /// Measures a few steps.
  /// - Parameters:
  ///   - reals: the number of real images, for the time of metrics; nil where it is unknown.
  ///   - images: images that the run has shown already.
  ///   - minutes: after which the training is stopped; nil for no limit.
  ///   - secondsLeft: after which a training of a given time is finished; nil for others.
  init(
    _ options: TrainingOptions, reals: Int?, afterImages images: Int, minutes: Double?, secondsLeft: Double?,
    shouldStop: () -> Bool = { false }
  ) throws {
    (self.options, self.images) = (options, images)
    limit = [minutes.map { $0 * 60 }, secondsLeft].compactMap(\.self).min()
    finishes = secondsLeft != nil && limit == secondsLeft
    var probe = try StepProbe.measure(options, afterImages: images, shouldStop: shouldStop)
    if let measures = options.measures, !shouldStop() {
      // A detector that is missing is reported at the snapshots.
      let detectors =
        (try? measures.openDetectors(for: nil, named: options.dataset.name, device: Device(options.device))) ?? []
      for (side, seconds) in probe.secondsPerFake {
        let measuring = try? measures.expectedSeconds(
          side: side, channels: options.configuration.imageChannels, secondsPerFake: seconds,
          reals: reals ?? options.dataset.count, detectors: detectors)
        probe.secondsPerSnapshot[side, default: 0] += measuring ?? 0
      }
    }
    self.probe = probe
    // Its images are those that fit into the time.
    if let secondsLeft, let end = TimeEstimate(options, probe: probe).images(after: secondsLeft, from: images) {
      self.options.totalKimg = Double(max(end, images + 1)) / 1000
    }
  }

  /// Time, pictures and disk, a line each.
  var lines: [String] { [time, pictures, disk].compactMap(\.self) }

  private var time: String? {
    let estimate = TimeEstimate(options, probe: probe)
    guard let whole = estimate.remaining(afterImages: images) else { return nil }
    let rates = probe.secondsPerImage.sorted { $0.key < $1.key }.map { side, seconds in
      "\(side)² " + String(format: seconds < 0.1 ? "%.0f" : "%.2g", 1 / seconds)
    }
    let isPart = !estimate.hasProbed(allAfterImages: images)
    let measured =
      "measured on a few steps: \(rates.joined(separator: ", ")) images a second"
      + (isPart ? "; higher resolutions estimated by their operations" : "")
    if finishes, let limit {
      return
        "time: finished after \(Self.words(limit)), at about \(Int(options.totalKimg.rounded())) kimg, \(measured)"
    }
    guard let limit, limit < whole, let reached = estimate.images(after: limit, from: images) else {
      return "time: about \(Self.words(whole)), \(measured)"
    }
    let (now, end) = (Double(reached) / 1000, options.totalKimg)
    return
      "time: stops after \(Self.words(limit)), at about \(now.formatted(.number.precision(.significantDigits(2)))) of "
      + "\(end.formatted()) kimg; all of it would take about \(Self.words(whole)), \(measured)"
  }

  private var pictures: String? {
    let estimate = TimeEstimate(options, probe: probe)
    let kimg = Double(options.nextSnapshot(afterImages: images)) / 1000
    let use = DiskUse(options, afterImages: images)
    guard let seconds = estimate.untilSnapshot(afterImages: images), use.snapshots > 0 else { return nil }
    let early = seconds > 30 && images == 0 ? "preview.png from half a minute on; " : ""
    return
      "pictures: \(early)snapshots every \((options.tickKimg * Double(options.snapshotTicks)).plain) kimg, the "
      + "next at \(kimg.plain) kimg, in about \(Self.words(seconds))"
  }

  private var disk: String {
    let use = DiskUse(options, afterImages: images)
    let newest = options.keeping?.newest ?? use.networks
    let kept =
      newest < use.snapshots
      ? "the newest \(newest) of \(use.snapshots) networks, see --keep" : counted(use.snapshots, "network")
    return "disk: about \(Self.bytes(use.total)) (\(kept), of \(Self.bytes(use.network)) each)"
  }

  /// A warning where a growing run ends before its networks are grown; nil where they are.
  var growthWarning: String? {
    let (schedule, reached) = (options.schedule, options.schedule.growth(afterImages: Int(options.totalKimg * 1000)))
    guard reached.resolution < schedule.finalResolution || reached.alpha < 1 else { return nil }
    let grown = Double(schedule.imagesUntilGrown) / 1000
    return
      "warning: the network grows until \(grown.plain) kimg, but the run ends at \(options.totalKimg.plain) kimg, at "
      + "\(reached.resolution)×\(reached.resolution)\(reached.alpha < 1 ? ", within a fade" : ""): lower --stable-kimg and "
      + "--fade-kimg, or raise --kimg"
  }

  /// A warning where the volume has too little space for the run; nil where it has enough.
  func diskWarning(at path: String) -> String? {
    let use = DiskUse(options, afterImages: images)
    guard let free = DiskUse.free(at: path), use.total > free else { return nil }
    return
      "warning: the run may need \(Self.bytes(use.total)), and \(path) has \(Self.bytes(free)) free: keep fewer networks "
      + "with --keep, or write fewer with --snap"
  }

  /// The forecast in numbers, for `--json`.
  struct Values: Encodable {
    /// Seconds to the end; nil where they cannot be told.
    let seconds: Double?
    /// Measured seconds for an image, by resolution.
    let secondsPerImage: [String: Double]
    /// Where `--minutes` or `--hours` stops the training before its end, in thousands of images.
    let stopsAtKimg: Double?
    /// The next snapshot: in thousands of images, and the seconds until then.
    let nextSnapshotKimg: Double
    let nextSnapshotSeconds: Double?
    /// Snapshots still to be written, and how many of their networks are kept at once.
    let snapshots, networks: Int
    /// Bytes of one network, of all files, and free on the disk.
    let networkBytes, diskBytes: Int
    let freeBytes: Int?
  }

  /// The numbers.
  /// - Parameter path: a place on the disk of the run.
  func values(at path: String) -> Values {
    let (estimate, use) = (TimeEstimate(options, probe: probe), DiskUse(options, afterImages: images))
    let whole = estimate.remaining(afterImages: images)
    var stop: Double?
    if let limit, let whole, limit < whole {
      stop = estimate.images(after: limit, from: images).map { Double($0) / 1000 }
    }
    return Values(
      seconds: whole,
      secondsPerImage: Dictionary(uniqueKeysWithValues: probe.secondsPerImage.map { ("\($0.key)", $0.value) }),
      stopsAtKimg: stop, nextSnapshotKimg: Double(options.nextSnapshot(afterImages: images)) / 1000,
      nextSnapshotSeconds: estimate.untilSnapshot(afterImages: images), snapshots: use.snapshots,
      networks: use.networks,
      networkBytes: use.network, diskBytes: use.total, freeBytes: DiskUse.free(at: path))
  }

  /// "45 s", "12 min", "3.5 hours", "12 days"
  static func words(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded(.up))) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    case ..<172_800: (seconds / 3600).formatted(.number.precision(.fractionLength(1))) + " hours"
    default: "\(Int((seconds / 86_400).rounded())) days"
    }
  }

  /// "12 MB", "3.4 GB"
  static func bytes(_ count: Int) -> String {
    count < 1_000_000_000
      ? "\((count + 999_999) / 1_000_000) MB" : String(format: "%.1f GB", Double(count) / 1e9)
  }
}
