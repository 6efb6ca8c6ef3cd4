import Foundation

/// Progress on stderr: a line that is updated in place on a terminal, a plain line every ten seconds elsewhere.
struct ProgressLine {
  private let unit: String
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()
  private var last = Date.distantPast
  private var isShown = false

  /// - Parameters:
  ///   - unit: the unit of the count, in the plural.
  ///   - quiet: whether nothing is ever shown.
  init(unit: String, quiet: Bool = false) { (self.unit, self.quiet) = (unit, quiet) }

  /// Shows that `done` of `total` are done. `before` of them were done before this run; they do not count for the rate.
  mutating func show(_ done: Int, of total: Int, before: Int = 0) {
    let now = Date()
    guard !quiet, now.timeIntervalSince(last) >= (isTerminal ? 0.1 : 10) else { return }
    if !isTerminal, last == .distantPast {
      // The first plain line comes after ten seconds, so short work prints nothing.
      last = start
      return
    }
    last = now
    let rate = Double(done - before) / max(now.timeIntervalSince(start), 0.001)
    let rest = rate > 0 ? Int(Double(total - done) / rate) : 0
    let eta = "\(rest / 3600):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
    let line = "\(done)/\(total) \(unit) (\(100 * done / max(total, 1)) %), \(Int(rate))/s, \(eta) left"
    try? FileHandle.standardError.write(contentsOf: Data((isTerminal ? "\r\(line)\u{1b}[K" : line + "\n").utf8))
    isShown = isTerminal
  }

  /// Clears the line before other output.
  mutating func clear() {
    if isShown { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1b}[K".utf8)) }
    isShown = false
  }
}
