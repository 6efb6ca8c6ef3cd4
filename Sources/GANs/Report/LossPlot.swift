import Files
import Foundation
import Images

/// `loss.png` of a run: losses, scores, penalties, path lengths and estimates of `stats.jsonl` against kimg.
enum LossPlot {
  private static let panels: [(title: String, curves: [(key: String, name: String)])] = [
    ("losses", [("Loss/G/loss", "generator"), ("Loss/D/loss", "discriminator")]),
    ("Wasserstein estimate", [("Loss/wasserstein", "E[D(x)] − E[D(G(z))]")]),
    ("scores", [("Loss/scores/real", "reals"), ("Loss/scores/fake", "fakes")]),
    ("penalties", [("Loss/r1_penalty", "R1"), ("Loss/gradient_penalty", "gradient penalty"), ("Loss/drift", "drift")]),
    ("augmentation", [("Progress/augment", "p"), ("Loss/signs/real", "sign of D on reals")]),
    ("overfitting", [("Overfitting/r_v", "r_v"), ("Overfitting/r_t", "r_t")]),
    ("diversity of fakes / reals", [("Diversity/ratio", "ratio")]),
    ("separability", [("Loss/ls_penalty", "penalty"), ("Loss/ls_share", "share without separation")]),
    ("path lengths", [("Loss/pl_penalty", "penalty"), ("Loss/pl_mean", "mean length a")]),
  ]

  /// Draws the plot of a statistics file. Missing values get no panel.
  /// - Returns: the reason for a failure, or nil. The plot is optional, so a failure does not stop the run.
  static func write(statistics: String, to path: String) -> String? {
    do { try draw(statistics: statistics, to: path) } catch { return "\(path) is not drawn: \(error)" }
    return nil
  }

  private static func draw(statistics: String, to path: String) throws {
    let lines: [[String: Double]] = RunRecordFiles.lines(try WholeFile.bytes(of: statistics)).values
    let drawn = panels.compactMap { title, curves -> Plot.Panel? in
      // All runs have signs; only p has a panel.
      guard let first = curves.first, title != "augmentation" || lines.contains(where: { $0[first.key] != nil }) else {
        return nil
      }
      let found = curves.map { key, name in Plot.Curve(name, RunRecordFiles.series(key, of: lines)) }
        .filter { !$0.points.isEmpty }
      return found.isEmpty ? nil : Plot.Panel(title, found)
    }
    guard !drawn.isEmpty else { return }
    try Plot(panels: drawn, xLabel: "thousands of images shown (kimg)").image().write(to: path)
  }
}
