import Foundation
import GANs

/// Shows the progress of a training: a bar on a terminal, one line for each tick elsewhere. It times the steps and the
/// snapshots for the ETA.
final class TrainingProgressPrinter: TrainingObserver {
  private let quiet: Bool
  private let descriptor: Int32
  private let isTerminal: Bool
  private let clock = ContinuousClock()
  private let stop: ContinuousClock.Instant?
  private var estimate: TimeEstimate
  private var lastDraw, lastEvent: ContinuousClock.Instant
  private var lastImages: Int
  /// The growth of a snapshot since the last step; nil without a snapshot.
  private var snapshot: Growth?

  /// - Parameters:
  ///   - onErrors: whether progress goes to stderr, because stdout is for results.
  ///   - end: when the training is stopped; nil for no such limit.
  init(_ trainer: Trainer, quiet: Bool, onErrors: Bool, end: ContinuousClock.Instant?) {
    (self.quiet, stop) = (quiet, end)
    descriptor = onErrors ? STDERR_FILENO : STDOUT_FILENO
    isTerminal = isatty(descriptor) == 1
    estimate = TimeEstimate(resuming: trainer)
    (lastDraw, lastEvent, lastImages) = (clock.now, clock.now, trainer.imagesShown)
  }

  /// Says what is trained, measures a few steps, and says what that will take.
  func begin(_ trainer: Trainer, minutes: Double?, shouldStop: () -> Bool) throws {
    defer { (lastDraw, lastEvent) = (clock.now, clock.now) }
    if quiet { return }
    let (o, side) = (trainer.options, trainer.options.configuration.resolution)
    write(
      "\(trainer.directory.path.shown): \(counted(o.dataset.count, "image")), \(side)×\(side), "
        + (o.totalSeconds == nil ? "\(o.totalKimg.formatted()) kimg, " : "")
        + "\(o.precision.rawValue), \(counted(o.threads, "thread"))\n")
    // A resumed run that does not grow any more knows its time.
    guard !estimate.knowsAll(afterImages: trainer.imagesShown) else { return }
    let forecast = try TrainingForecast(
      o, reals: trainer.dataset.count, afterImages: trainer.imagesShown, minutes: minutes,
      secondsLeft: trainer.secondsLeft,
      shouldStop: shouldStop)
    estimate = TimeEstimate(resuming: trainer, probe: forecast.probe)
    for line in forecast.lines { try say(line, trainer) }
    for warning in [forecast.growthWarning, forecast.diskWarning(at: trainer.directory.path)] {
      if let warning { printError(warning) }
    }
  }

  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    let now = clock.now
    switch event {
    case .step(let report, _):
      time(report, now)
      if !quiet, isTerminal, now - lastDraw > .milliseconds(200) {
        lastDraw = now
        write("\r\u{1B}[2K" + fitted(bar(report, trainer), describe(report, trainer)))
      }
    case .tick(let report):
      let line = describe(report, trainer)
      if !quiet, !isTerminal { write(line + "\n") }
      try trainer.directory.appendToLog(line)
      // What follows until the next step belongs to a snapshot, if there is one.
      lastEvent = clock.now
    case .snapshotDue: snapshot = trainer.growth
    case .snapshot(let network, let fakes): try say("wrote \(network) and \(fakes)", trainer)
    }
  }

  /// Gives the time since the last step to the estimate.
  private func time(_ report: Trainer.Report, _ now: ContinuousClock.Instant) {
    let (seconds, images) = ((now - lastEvent) / .seconds(1), report.images - lastImages)
    (lastEvent, lastImages) = (now, report.images)
    if let growth = snapshot {
      estimate.addSnapshot(at: growth, seconds: max(0, seconds - estimate.step(images: images, at: report.growth)))
      snapshot = nil
    } else {
      estimate.addStep(images: images, at: report.growth, seconds: seconds)
    }
  }

  /// Prints a line and writes it to the log.
  func say(_ line: String, _ trainer: Trainer) throws {
    if !quiet { write((isTerminal ? "\r\u{1B}[2K" : "") + line.shown(keeping: "\t") + "\n") }
    try trainer.directory.appendToLog(line)
  }

  func end() { if !quiet, isTerminal { write("\r\u{1B}[2K") } }

  private func bar(_ report: Trainer.Report, _ trainer: Trainer) -> String {
    let width = 20
    // The last minibatch can exceed the total.
    var share = Double(report.images) / Double(max(report.totalImages, 1))
    if let left = trainer.secondsLeft, let all = trainer.options.totalSeconds { share = max(share, 1 - left / all) }
    let done = max(0, min(width, Int(Double(width) * share)))
    return "[" + String(repeating: "#", count: done) + String(repeating: "-", count: width - done) + "]"
  }

  private func describe(_ report: Trainer.Report, _ trainer: Trainer) -> String {
    let left = stop.map { max(0, ($0 - clock.now) / .seconds(1)) }
    estimate.limit = [left, trainer.secondsLeft].compactMap(\.self).min()
    // The clock may end a training before its last image.
    let isLast = report.images >= trainer.totalImages
    let remaining = isLast ? 0 : estimate.remaining(afterImages: report.images) ?? .infinity
    let fade = report.growth.alpha < 1 ? String(format: "@%.2f", report.growth.alpha) : ""
    let measures = [
      ("G", "Loss/G/loss"), ("D", "Loss/D/loss"), ("r1", "Loss/r1_penalty"), ("gp", "Loss/gradient_penalty"),
      ("pl", "Loss/pl_penalty"), ("ls", "Loss/ls_penalty"), ("W", "Loss/wasserstein"), ("p", "Progress/augment"),
    ].compactMap { name, key in report.statistics[key].map { "\(name) " + String(format: "%.3f", $0) } }
    let total = trainer.options.totalSeconds != nil ? "" : String(format: "/%.1f", Double(report.totalImages) / 1000)
    return String(
      format: "%.1f%@ kimg  %d²%@  %.0f img/s  ETA %@  ", Double(report.images) / 1000, total,
      report.growth.resolution, fade, report.imagesPerSecond, duration(remaining))
      + measures.joined(separator: "  ")
  }

  private func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "–" }
    let s = Int(seconds)
    return s >= 86_400
      ? "\(s / 86_400)d \(s / 3600 % 24)h" : String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
  }

  /// The bar and the numbers. On a narrow terminal, only the numbers that fit: a longer line would wrap, and the next
  /// line would not clear it.
  private func fitted(_ bar: String, _ numbers: String) -> String {
    let line = bar + " " + numbers
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return line }
    let width = Int(size.ws_col) - 1
    return line.count <= width ? line : String(numbers.prefix(width))
  }

  private func write(_ text: String) {
    if descriptor == STDERR_FILENO {
      try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    } else {
      Swift.print(text, terminator: "")
      StandardOutput.flush()
    }
  }
}
