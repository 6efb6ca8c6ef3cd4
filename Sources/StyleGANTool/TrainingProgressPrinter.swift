import Foundation
import GANs

/// Shows the progress of a training: a bar on a terminal, one line for each tick elsewhere.
final class TrainingProgressPrinter: TrainingObserver {
  private let quiet: Bool
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private let clock = ContinuousClock()
  private var lastDraw: ContinuousClock.Instant
  private var start: ContinuousClock.Instant
  private var imagesAtStart = 0

  init(quiet: Bool) {
    self.quiet = quiet
    start = clock.now
    lastDraw = clock.now
  }

  func begin(_ trainer: Trainer) {
    start = clock.now
    imagesAtStart = trainer.imagesShown
    if quiet { return }
    let (o, side) = (trainer.options, trainer.options.configuration.resolution)
    print(
      "\(trainer.directory.path): \(counted(o.dataset.count, "image")), \(side)×\(side), "
        + "\(o.totalKimg.formatted()) kimg, \(o.precision.rawValue), \(counted(o.threads, "thread"))")
    fflush(nil)
  }

  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    switch event {
    case .step(let report, _):
      if !quiet, isTerminal, clock.now - lastDraw > .milliseconds(200) {
        lastDraw = clock.now
        write("\r\u{1B}[2K" + fitted(bar(report), describe(report)))
      }
    case .tick(let report):
      let line = describe(report)
      if !quiet, !isTerminal { write(line + "\n") }
      try trainer.directory.appendToLog(line)
    case .snapshotDue: break
    case .snapshot(let network, let fakes):
      let line = "wrote \(network) and \(fakes)"
      if !quiet { write((isTerminal ? "\r\u{1B}[2K" : "") + line + "\n") }
      try trainer.directory.appendToLog(line)
    }
  }

  func end() { if !quiet, isTerminal { write("\r\u{1B}[2K") } }

  private func bar(_ report: Trainer.Report) -> String {
    let width = 20
    // The last minibatch can exceed the total.
    let done = min(width, Int(Double(width) * Double(report.images) / Double(max(report.totalImages, 1))))
    return "[" + String(repeating: "#", count: done) + String(repeating: "-", count: width - done) + "]"
  }

  private func describe(_ report: Trainer.Report) -> String {
    let rate = Double(report.images - imagesAtStart) / max((clock.now - start) / .seconds(1), 1e-9)
    let left = Double(max(0, report.totalImages - report.images)) / max(rate, 1e-9)
    let fade = report.growth.alpha < 1 ? String(format: "@%.2f", report.growth.alpha) : ""
    let measures = [
      ("G", "Loss/G/loss"), ("D", "Loss/D/loss"), ("r1", "Loss/r1_penalty"), ("gp", "Loss/gradient_penalty"),
      ("pl", "Loss/pl_penalty"), ("W", "Loss/wasserstein"),
    ].compactMap { name, key in report.statistics[key].map { "\(name) " + String(format: "%.3f", $0) } }
    return String(
      format: "%.1f/%.1f kimg  %d²%@  %.0f img/s  ETA %@  ", Double(report.images) / 1000,
      Double(report.totalImages) / 1000, report.growth.resolution, fade, report.imagesPerSecond, duration(left))
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
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return line }
    let width = Int(size.ws_col) - 1
    return line.count <= width ? line : String(numbers.prefix(width))
  }

  private func write(_ text: String) {
    Swift.print(text, terminator: "")
    fflush(nil)
  }
}
