import ArgumentParser
import Files
import Foundation
import GANs
import Images

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write one HTML page about a run, or about several side by side.",
    discussion: """
      Configuration, losses, sample grids over time, metrics with their curves, figures. The page holds everything in \
      itself and loads nothing. With --out FILE.png the curves of the metrics alone are drawn, as a picture.

      Examples:
        stylegan report runs/00000-stylegan-fashion-mnist-32
        stylegan report runs/00000-… runs/00001-… --out comparison.html
        stylegan report runs/00000-… --out fid-curve.png
      """)

  @Argument(help: ArgumentHelp("The folders of runs.", valueName: "runs")) var runs: [String]
  @Option(help: "The page, or the .png, to write (default: report.html in the run's folder, or here for several).")
  var out: String?

  func run() throws {
    try StyleGANTool.run {
      let report = try RunReport(runs: runs)
      let path = out ?? (runs.count == 1 ? "\(runs[0])/report.html" : "report.html")
      if path.lowercased().hasSuffix(".png") {
        guard let plot = report.metricPlot() else {
          throw ValidationError(
            "there are no curves to draw: measure a metric at two snapshots or more ('stylegan metrics', or "
              + "'stylegan train --metrics')")
        }
        try plot.image().write(to: path)
      } else {
        let page = try report.html()
        try AtomicFile.write(page, to: path)
      }
      for problem in report.problems { printError("warning: \(problem); the page is without it") }
      print(path)
    }
  }
}
