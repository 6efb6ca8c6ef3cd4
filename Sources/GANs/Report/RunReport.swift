import Foundation
import Images
import Torch

/// One HTML page about a run, or about several side by side: configuration, losses, sample grids over time, metrics with
/// their curves, figures. The page is self-contained and loads nothing.
public struct RunReport {
  private let runs: [RunRecordFiles]
  /// A short name for each run.
  private let names: [String]

  /// Reads run folders.
  /// - Throws: `FileError` where one cannot be read or is not the folder of a run.
  public init(runs: [String]) throws {
    self.runs = try runs.map { try RunRecordFiles(path: $0) }
    names = RunNames.short(self.runs)
  }

  /// The runs with their short names.
  private var named: [(name: String, run: RunRecordFiles)] { zip(names, runs).map { ($0, $1) } }

  /// The unreadable parts of the runs, one sentence each. The page does not show them.
  public var problems: [String] { runs.flatMap(\.problems) }

  /// The element in the page's head that names its maker.
  public static let generator = #"<meta name="generator" content="swift-stylegan">"#

  /// The page.
  /// - Throws: `FileError` where an image cannot be read.
  public func html() throws -> String {
    let title = names.joined(separator: " · ")
    var body = "<h1>\(escaped(title))</h1>\n"
    body += section(
      "Not read", problems.isEmpty ? "" : "<ul>\n\(problems.map { "<li>\(escaped($0))</li>\n" }.joined())</ul>\n")
    body += section("Changes of the data", dataChanges())
    body += section("Warnings", warnings())
    body += section("Losses", charts())
    body += section("Metrics", metricCharts() + metricTable())
    body += section("Samples over time", try named.map { try samples($0.run, $0.name) }.joined())
    body += section("Figures", try named.map { try figures($0.run, $0.name) }.joined())
    body += section("Configuration", configuration())
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      \(Self.generator)
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="icon" href="data:,">
      <title>\(escaped(title))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      \(body)
      <script>\(Self.script)</script>
      </body>
      </html>

      """
  }

  private func section(_ title: String, _ content: String) -> String {
    content.isEmpty ? "" : "<section>\n<h2>\(title)</h2>\n\(content)</section>\n"
  }

  // MARK: Curves

  private static let losses = [
    ("Generator loss", "Loss/G/loss"), ("Discriminator loss", "Loss/D/loss"), ("R1 penalty", "Loss/r1_penalty"),
    ("Gradient penalty", "Loss/gradient_penalty"), ("Drift", "Loss/drift"),
    ("Path length penalty", "Loss/pl_penalty"), ("Mean path length", "Loss/pl_mean"),
    ("Separability penalty", "Loss/ls_penalty"), ("Share without separation", "Loss/ls_share"),
    ("Wasserstein estimate", "Loss/wasserstein"),
    ("Scores of reals", "Loss/scores/real"), ("Scores of fakes", "Loss/scores/fake"),
    ("Augmentation p", "Progress/augment"),
    ("Overfitting of D, r_v", "Overfitting/r_v"), ("Signs of reals, r_t", "Loss/signs/real"),
    ("Diversity of fakes / reals", "Diversity/ratio"),
    ("Resolution", "Progress/resolution"), ("Seconds per kimg", "Timing/sec_per_kimg"),
  ]

  private func charts() -> String {
    Self.losses.map { title, key in chart(title, named.map { ($0.name, $0.run.series(key)) }) }.joined()
  }

  /// The values of each metric and detector over each run's training.
  private var metricCurves: [(name: String, series: [Series])] {
    let names = Set(runs.flatMap { $0.metrics.map(\.metric) }).sorted()
    return names.map { name in
      (
        name,
        named.map { label, run in
          let points = run.metrics.filter { $0.metric == name && $0.mixing == nil && ($0.weights ?? "ema") == "ema" }
            .compactMap { result in result.kimg.map { ($0, result.value) } }
          // The last of several values at the same kimg counts.
          let latest = Dictionary(points, uniquingKeysWith: { $1 }).sorted { $0.key < $1.key }
          return (label, latest.map { ($0.key, $0.value) })
        }
      )
    }
  }

  /// A chart for each metric and detector with values at two or more points of a training.
  private func metricCharts() -> String { metricCurves.map { chart($0.name, $0.series) }.joined() }

  /// The curves of the metrics as a plot, with a panel for each metric and detector with values at two or more points of a
  /// training; nil without such a metric.
  public func metricPlot() -> Plot? {
    let panels = metricCurves.compactMap { panel($0.name, $0.series, named: true) }
    return panels.isEmpty ? nil : Plot(panels: panels, xLabel: "thousands of images shown (kimg)")
  }

  /// A run's name and one of its curves.
  private typealias Series = (run: String, points: [(x: Double, y: Double)])

  /// One panel with a color for each run; nil where no curve has two points.
  private func panel(_ title: String, _ series: [Series], named: Bool) -> Plot.Panel? {
    let curves = series.enumerated().filter { $0.element.points.count > 1 }.map {
      Plot.Curve(named ? $0.element.run : "", $0.element.points, color: $0.offset)
    }
    return curves.isEmpty ? nil : Plot.Panel(title, curves)
  }

  private func chart(_ title: String, _ series: [Series]) -> String {
    panel(title, series, named: runs.count > 1).map { small($0, xLabel: "kimg") } ?? ""
  }

  /// A panel as a small chart; several fit side by side.
  private func small(_ panel: Plot.Panel, xLabel: String) -> String {
    var plot = Plot(panels: [panel], xLabel: xLabel)
    plot.width = 400
    return plot.svg().text(label: panel.title)
  }

  private func metricTable() -> String {
    let rows = named.flatMap { label, run in
      run.metrics.map { result -> String in
        let others = result.values.sorted { $0.key < $1.key }.map { "\($0.key) \(number($0.value))" }
        let counts = result.samples.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let cells = [
          label, result.metric + (result.mixing.map { " mixing \($0)" } ?? ""), number(result.value),
          others.joined(separator: ", "), counts.joined(separator: ", "), result.kimg.map(number) ?? "",
          result.weights ?? "", "\(result.seed)", String(format: "%.1f", result.seconds),
        ]
        return "<tr>\(cells.map { "<td>\(escaped($0))</td>" }.joined())</tr>\n"
      }
    }
    guard !rows.isEmpty else { return "" }
    let heads = ["run", "metric", "value", "values", "samples", "kimg", "weights", "seed", "seconds"]
    return "<table>\n<tr>\(heads.map { "<th>\($0)</th>" }.joined())</tr>\n\(rows.joined())</table>\n"
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(format: "%.4g", value)
  }

  // MARK: Pictures

  private func samples(_ run: RunRecordFiles, _ label: String) throws -> String {
    let kimg = { RunDirectory.kimg(ofSnapshot: $0) }
    let grids = run.pictures { kimg($0) != nil }.sorted { kimg($0)! < kimg($1)! }
    guard !grids.isEmpty else { return "" }
    let images = try grids.enumerated().map { i, name in
      "<img\(i == grids.count - 1 ? "" : " hidden") alt=\"\(escaped(name))\" src=\"\(try run.dataURL(name))\">"
    }
    let labels = grids.map { "\(number(kimg($0)!)) kimg" }
    return """
      <figure class="time" data-labels="\(escaped(labels.joined(separator: "|")))">
      <figcaption>\(escaped(label)): <output>\(labels.last!)</output></figcaption>
      <input type="range" aria-label="time" min="0" max="\(grids.count - 1)" value="\(grids.count - 1)">
      <div>\(images.joined(separator: "\n"))</div>
      </figure>

      """
  }

  private func figures(_ run: RunRecordFiles, _ label: String) throws -> String {
    var result = ""
    // The page has the curves of loss.png in another section.
    for name in run.pictures({ RunDirectory.kimg(ofSnapshot: $0) == nil && $0 != "loss.png" }) {
      result += "<figure><figcaption>\(escaped(label)): \(escaped(name))</figcaption>"
      result += "<img alt=\"\(escaped(name))\" src=\"\(try run.dataURL(name))\"></figure>\n"
    }
    for (metric, values) in run.pathLengths {
      result += small(Plot.Panel("\(label): \(metric), pairs by length", histogramOf: values), xLabel: "d/ε²")
    }
    return result
  }

  // MARK: Configuration

  private func dataChanges() -> String {
    let items = named.flatMap { label, run in
      run.dataChanges.map { change in
        "<li>\(escaped(label)), after \(number(change.kimg)) kimg: \(escaped(change.what)); \(change.before.count) images before, "
          + "\(change.after.count) after</li>\n"
      }
    }
    return items.isEmpty ? "" : "<ul>\n\(items.joined())</ul>\n"
  }

  /// The warnings that the statistics give; see ``WarningSigns``.
  private func warnings() -> String {
    let items = named.flatMap { label, run in
      run.warnings.map { "<li>\(escaped(label)): \(escaped($0.message.description))</li>\n" }
    }
    return items.isEmpty ? "" : "<ul>\n\(items.joined())</ul>\n"
  }

  private func configuration() -> String {
    let keys = Set(runs.flatMap(\.options.keys)).sorted()
    guard !keys.isEmpty else { return "" }
    var table = "<table>\n<tr><th>option</th>\(runs.map { "<th>\(escaped($0.name))</th>" }.joined())</tr>\n"
    for key in keys {
      let values = runs.map { $0.options[key] ?? "" }
      let differ = Set(values).count > 1 ? " class=\"differ\"" : ""
      table += "<tr\(differ)><td>\(escaped(key))</td>\(values.map { "<td>\(escaped($0))</td>" }.joined())</tr>\n"
    }
    return table + "</table>\n"
  }

  private static let style = """
    :root { color-scheme: light dark; --line: #8884; --soft: #8882; }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
    section > svg { width: calc(33% - .5rem); min-width: 18rem; height: auto; margin: 0 .3rem .6rem 0; }
    table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto; }
    th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--soft); }
    td { font-variant-numeric: tabular-nums; } .differ { background: #fc03; }
    figure { margin: 0 0 1.5rem; } figcaption { font-size: .9rem; margin-bottom: .3rem; }
    img { max-width: 100%; image-rendering: pixelated; } input[type=range] { width: 24rem; max-width: 100%; }
    """

  private static let script = """
    for (const figure of document.querySelectorAll('figure.time')) {
      const images = figure.querySelectorAll('img'), labels = figure.dataset.labels.split('|');
      figure.querySelector('input').addEventListener('input', event => {
        images.forEach((image, i) => { image.hidden = i != event.target.value; });
        figure.querySelector('output').textContent = labels[event.target.value];
      });
    }
    """
}
