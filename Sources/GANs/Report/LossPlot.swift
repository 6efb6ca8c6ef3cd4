import Foundation
import Images

/// `loss.png` of a run: what `stats.jsonl` says of losses, scores, penalties and estimates, against kimg.
enum LossPlot {
  private static let panels: [(title: String, curves: [(key: String, name: String)])] = [
    ("losses", [("Loss/G/loss", "generator"), ("Loss/D/loss", "discriminator")]),
    ("Wasserstein estimate", [("Loss/wasserstein", "E[D(x)] − E[D(G(z))]")]),
    ("scores", [("Loss/scores/real", "reals"), ("Loss/scores/fake", "fakes")]),
    (
      "penalties",
      [
        ("Loss/r1_penalty", "R1"), ("Loss/gradient_penalty", "gradient penalty"), ("Loss/drift", "drift"),
      ]
    ),
  ]

  /// Draws the plot of the lines of a file; what a run does not have gets no panel.
  /// - Throws: `FileError`, `ImageError`.
  static func write(statistics: String, to path: String) throws {
    let text = String(decoding: try ImageDecoder.bytes(of: statistics), as: UTF8.self)
    let lines = text.split(separator: "\n").compactMap {
      try? JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
    let drawn = panels.compactMap { title, curves -> LinePlot.Panel? in
      let found = curves.compactMap { key, name -> LinePlot.Curve? in
        let points = lines.compactMap { line in
          line[key].flatMap { value in line["Progress/kimg"].map { (x: $0, y: value) } }
        }
        return points.isEmpty ? nil : LinePlot.Curve(name, points)
      }
      return found.isEmpty ? nil : LinePlot.Panel(title, found)
    }
    guard !drawn.isEmpty else { return }
    try LinePlot(panels: drawn, xLabel: "thousands of images shown (kimg)").image().write(to: path)
  }
}
