import Foundation
import GANs
import Testing
import _TestSupport

@Suite struct ReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A run's folder with two lines of statistics.
  private func run(_ name: String, options: String = #"{"seed": 1}"#, lines: [String] = []) throws -> String {
    let path = folder.file(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try options.write(toFile: "\(path)/options.json", atomically: true, encoding: .utf8)
    let good = (1...2).map { #"{"Progress/kimg": \#($0), "Loss/G/loss": \#($0 * 2)}"# }
    try ((good + lines).joined(separator: "\n") + "\n").write(
      toFile: "\(path)/stats.jsonl", atomically: true, encoding: .utf8)
    return path
  }

  /// The names of runs stand in rows between the title and the axis, and the picture is as much higher.
  @Test func legendsHaveRowsOfTheirOwn() throws {
    let runs = try (0..<5).map { try run("0000\($0)-stylegan") }
    let page = try RunReport(runs: runs).html()
    #expect(page.contains(#"viewBox="0 0 400 302""#))
    let places = page.matches(of: /class="legend" x="([0-9]+)" y="([0-9]+)"/).map { "\($0.output.1) \($0.output.2)" }
    #expect(places == ["82 34", "215 34", "82 50", "215 50", "82 66"])
    #expect(try RunReport(runs: [runs[0]]).html().contains(#"viewBox="0 0 400 254""#))
  }

  /// A page of several runs draws each in its own color, also where one has no such curve.
  @Test func runsKeepTheirColors() throws {
    let first = try run("first")
    let second = try run("second", lines: (3...4).map { #"{"Progress/kimg": \#($0), "Loss/r1_penalty": \#($0)}"# })
    let page = try RunReport(runs: [first, second]).html()
    let charts = page.components(separatedBy: "aria-label=\"")
    let penalty = try #require(charts.first { $0.hasPrefix("R1 penalty") })
    #expect(penalty.contains("<title>second</title>"))
    #expect(penalty.contains("#d55e00") && !penalty.contains("#0072b2"))
  }

  /// Everything that a training with path lengths measures has a curve.
  @Test func pathLengthsHaveCurves() throws {
    let lines = (1...2).map { #"{"Progress/kimg": \#($0), "Loss/pl_penalty": 2, "Loss/pl_mean": 1}"# }
    let run = try run("paths", lines: lines)
    let page = try RunReport(runs: [run]).html()
    #expect(page.contains("aria-label=\"Path length penalty") && page.contains("aria-label=\"Mean path length"))
  }

  /// A plot that cannot be written is told of in the log, and training goes on.
  @Test func trainingDoesWithoutItsPlot() throws {
    let trainer = try Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file("runs"))
    let plot = trainer.directory.losses
    try FileManager.default.createDirectory(atPath: plot, withIntermediateDirectories: false)
    _ = try trainer.train(shouldStop: { trainer.imagesShown >= 72 })
    #expect(FileManager.default.fileExists(atPath: trainer.directory.state))
    let log = try String(contentsOfFile: trainer.directory.log, encoding: .utf8)
    #expect(log.contains("note: \(plot) is not drawn: cannot write \(plot): it is a folder; name a file"))
  }

  @Test func whatCannotBeReadIsTold() throws {
    let good = try run("good")
    #expect(try RunReport(runs: [good]).problems == [])
    let bad = try run("bad", options: "garbage", lines: ["{garbage", "[1]"])
    try "no\nnumbers\n".write(toFile: "\(bad)/metric-swd.jsonl", atomically: true, encoding: .utf8)
    // Of a run that goes on: its last line is not finished, which is no fault.
    let torn = try run("torn")
    try RunDirectory.append(#"{"Progress/kimg": 3}"#, to: "\(torn)/stats.jsonl")
    let handle = try #require(FileHandle(forWritingAtPath: "\(torn)/stats.jsonl"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"Progress/k"#.utf8))
    let report = try RunReport(runs: [good, bad, torn])
    #expect(
      report.problems == [
        "\(bad)/options.json does not hold the options of a run",
        "\(bad)/stats.jsonl has 2 of 4 lines that cannot be read",
        "\(bad)/metric-swd.jsonl has 2 of 2 lines that cannot be read",
      ])
    let page = try report.html()
    for problem in report.problems { #expect(page.contains("<li>\(problem)</li>")) }
  }

  /// Snapshots within one thousand images stand in the order of their images.
  @Test func snapshotsAreOrderedByTheirImages() {
    let names = [
      "fakes000151.png", "fakes000150.204.png", "network-snapshot-000150.safetensors", "fakes1234567.png",
    ]
    #expect(names.map { RunDirectory.kimg(ofSnapshot: $0) } == [151, 150.204, 150, 1_234_567])
    for name in ["fakes.png", "fakesnan.png", "reals.png", "network-snapshot-000150.png"] {
      #expect(RunDirectory.kimg(ofSnapshot: name) == nil)
    }
  }

  /// Several runs are named by what differs between them, the most telling first.
  @Test(arguments: [
    (
      [#"{"seed": 1, "objective": {"gamma": 10}}"#, #"{"seed": 2, "objective": {"gamma": 1}}"#],
      ["00000: gamma 10, seed 1", "00001: gamma 1, seed 2"]
    ),
    (
      [#"{"recipe": "stylegan", "threads": 2}"#, #"{"recipe": "wgan", "threads": 1}"#],
      ["00000: recipe stylegan", "00001: recipe wgan"]
    ),
    ([#"{"threads": 2}"#, #"{"threads": 1}"#], ["00000: threads 2", "00001: threads 1"]),
    ([#"{"mixing": 0.9}"#, #"{}"#], ["00000: mixing 0.9", "00001: mixing none"]),
    ([#"{"description": "first", "seed": 1}"#, #"{"seed": 2}"#], ["00000: first", "00001: seed 2"]),
    ([#"{"seed": 1}"#, #"{"seed": 1}"#], ["00000-stylegan", "00001-stylegan"]),
    ([#"{"description": "α & <ω>"}"#], ["00000-stylegan: α &amp; &lt;ω&gt;"]),
  ])
  func runsAreNamedByWhatDiffers(options: [String], names: [String]) throws {
    let runs = try options.enumerated().map { try run("0000\($0)-stylegan", options: $1) }
    let page = try RunReport(runs: runs).html()
    #expect(page.contains("<h1>\(names.joined(separator: " · "))</h1>"))
    if names.count > 1 { for name in names { #expect(page.contains("<title>\(name)</title>")) } }
  }

  @Test func folderOfNoRun() throws {
    let path = folder.file("empty")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let error = #expect(throws: NotARun.self) { try RunReport(runs: [path]) }
    #expect(error?.path == path && error?.reason == "it has no options.json")
  }
}
