import ArgumentParser
import Files
import Foundation
import GANs
import Images

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write an HTML page about one run, or about several runs side by side.",
    discussion: """
      The page shows configuration, losses, sample grids over time, metrics with their curves, and figures. It is one \
      file and loads nothing. With --out FILE.png only the curves of the metrics are drawn, as a picture.

      Examples:
        stylegan report runs/00000-stylegan-fashion-mnist-32
        stylegan report runs/00000-stylegan-photos-64 runs/00001-stylegan-photos-64 \\
            --out comparison.html
        stylegan report runs/00000-stylegan-fashion-mnist-32 --out fid-curve.png

      Several runs are named by their numbers and by what differs: their --desc, or else the options with other values.
      """)

  @Argument(help: ArgumentHelp("The folders of runs.", valueName: "runs"), completion: .directory) var runs: [String]
  @Option(
    help: "The page or .png to write (default: report.html in the folder of the run; here for several runs).",
    completion: .file(extensions: ["html", "png"]))
  var out: String?

  @OptionGroup var output: OutputArguments

  func validate() throws {
    if let out, !["html", "htm", "png"].contains((out.lowercased() as NSString).pathExtension) {
      throw ValidationError("--out is '\(out)', but must end in .html or .png")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let report = try RunReport(runs: runs)
      let path = out ?? (runs.count == 1 ? "\(runs[0])/report.html" : "report.html")
      // In the folder of its run the page has a place of its own.
      try requirePlace(for: path, inputs: []) { (out == nil && runs.count == 1) || isEarlierReport($0) }
      if path.lowercased().hasSuffix(".png") {
        guard let plot = report.metricPlot() else {
          throw ValidationError(
            "there are no curves to draw: measure a metric at two snapshots or more ('stylegan metrics', or "
              + "'stylegan train --metrics')")
        }
        try AtomicFile.write(PictureMark.marked(try plot.image().pngData()), to: path)
      } else {
        try AtomicFile.write(try report.html(), to: path)
      }
      for problem in report.problems { output.note("warning: \(problem); the page omits it") }
      output.say(path)
      try output.finish(Results(path: path, warnings: report.problems.map { "\($0)" }))
    }
  }

  /// Whether a file is a page or a picture that this command wrote.
  private func isEarlierReport(_ path: String) -> Bool {
    if path.lowercased().hasSuffix(".png") { return PictureMark.isTrue(at: path) }
    let start = (try? WholeFile.prefix(of: path, 1024)) ?? []
    return String(decoding: start, as: UTF8.self).contains(RunReport.generator)
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// The written page or picture.
    let path: String
    /// What could not be read and is not shown.
    let warnings: [String]
  }
}
