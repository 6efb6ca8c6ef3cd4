import Foundation
import StyleGANTool
import Testing
import _TestSupport

/// What programs read: with --json stdout is one JSON object, with --quiet stdout has results and stderr has errors only.
@Suite struct OutputTests {
  /// A command line; `OUT` is an empty folder. Then the keys of its JSON.
  static let commands: [(line: String, keys: Set<String>)] = [
    ("generate --network net.safetensors --seeds 0-2 --outdir OUT", ["network", "files"]),
    ("generate --network net.safetensors --grid 2x1 --outdir OUT", ["network", "files"]),
    (
      "style-mixing --network net.safetensors --rows 1 --cols 2 --styles coarse --styles 3 --outdir OUT",
      ["network", "files"]
    ),
    (
      "interpolate --network net.safetensors --seeds 1,2 --frames 2 --format png,webp --outdir OUT",
      ["network", "files"]
    ),
    (
      "directions --network net.safetensors --count 2 --steps 2 --outdir OUT",
      ["network", "method", "path", "directions", "files"]
    ),
    (
      "directions --network net.safetensors --method pca --count 2 --steps 2 --outdir OUT",
      ["network", "method", "path", "directions", "files"]
    ),
    ("figures --network net.safetensors --only 2 --outdir OUT", ["network", "files", "twoFactors"]),
    ("project picture.png --network net.safetensors --steps 2 --outdir OUT", ["network", "projections", "meanPSNR"]),
    (
      "project --data good.idx3 --items 0,1 --network net.safetensors --steps 2 --outdir OUT",
      ["network", "projections", "meanPSNR", "overview"]
    ),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics swd,msssim --samples 8 --outdir OUT",
      ["network", "results"]
    ),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics swd --samples 8 --mixing-stress 1,2 --outdir OUT",
      ["network", "results"]
    ),
    ("metrics --images good.idx3 --data good.idx3 --metrics swd --samples 8 --outdir OUT", ["images", "results"]),
    ("inspect net.safetensors", ["path", "family", "configuration", "growth", "training", "tensors"]),
    ("dataset info good.idx3", ["name", "images", "resolution", "channels", "labels", "fingerprint"]),
    ("dataset check good.idx3", ["kind", "images", "sizes", "classes", "omissions", "problems"]),
    (
      "dataset build good.idx3 OUT/set.zip --resolution 16",
      ["path", "images", "resolution", "channels", "skipped", "skippedImages"]
    ),
    (
      "dataset build data-damaged OUT/set.zip --resolution 16 --skip-bad",
      ["path", "images", "resolution", "channels", "skipped", "skippedImages"]
    ),
    ("report RUN --out OUT/page.html", ["path", "warnings"]),
    (
      "bench --width tiny --resolutions 8 --batch 1 --only synthesis --kernels fast --precision fp32 --seconds 0.001",
      ["rows", "libtorch"]
    ),
  ]

  private func run(_ line: String, _ out: String) throws -> Program.Outcome {
    let run = try FileManager.default.contentsOfDirectory(atPath: "\(BadFiles.path)/runs")[0]
    let words = line.split(separator: " ").map {
      $0.replacingOccurrences(of: "OUT", with: out).replacingOccurrences(of: "RUN", with: "runs/\(run)")
    }
    return try Program.run(words, in: BadFiles.path, environment: ["XDG_CACHE_HOME": out])
  }

  @Test(arguments: commands) func jsonIsAllOfStdout(command: (line: String, keys: Set<String>)) throws {
    let folder = try TemporaryFolder()
    let outcome = try run(command.line + " --json", folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any], "\(outcome.output)")
    #expect(command.keys.isSubset(of: Set(object.keys)), "\(object.keys.sorted())")
    // Each file that is named exists.
    func paths(_ value: Any) -> [String] {
      if let list = value as? [Any] { return list.flatMap(paths) }
      guard let object = value as? [String: Any] else { return [] }
      return object.flatMap { key, value in key == "path" ? [value as? String ?? "?"] : paths(value) }
    }
    for path in paths(object) {
      #expect(
        FileManager.default.fileExists(atPath: path.hasPrefix("/") ? path : "\(BadFiles.path)/\(path)"), "\(path)")
    }
  }

  @Test(arguments: commands) func quietIsResultsOnly(command: (line: String, keys: Set<String>)) throws {
    let folder = try TemporaryFolder()
    let quiet = try run(command.line + " --quiet", folder.path)
    #expect(quiet.exitCode == 0 && quiet.errors == "", "\(quiet.errors)")
    #expect(quiet.output != "")
    // Headings explain; they are not results.
    #expect(!quiet.output.contains("deviation of w") && !quiet.output.contains("ema weights"), "\(quiet.output)")
  }

  /// Every command has both options, so that a script can give them always.
  @Test func everyCommandHasBoth() {
    for command in HelpTests.commands where (command.subcommands ?? []).allSatisfy({ $0.commandName == "help" }) {
      let names = Set((command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name))
      #expect(names.isSuperset(of: ["json", "quiet"]) || command.words == ["train"], "\(command.words)")
    }
  }

  /// An error is a sentence on stderr and an exit code; stdout is empty. What `check` finds is its result.
  @Test(
    arguments: [
      ("generate --network none.safetensors", 66), ("generate --network net.safetensors --seeds x", 64),
      ("metrics --network net.safetensors --metrics fid50k", 64), ("project none.png --network net.safetensors", 66),
      ("dataset info data-text", 65), ("dataset build data-damaged OUT/set.zip --resolution 16", 65),
      ("inspect text.safetensors", 65), ("report none", 66),
    ] as [(String, Int32)])
  func errorsLeaveStdoutEmpty(line: String, code: Int32) throws {
    let folder = try TemporaryFolder()
    for options in [" --json", " --quiet", " --json --quiet"] {
      let outcome = try run(line + options, folder.path)
      #expect(outcome.exitCode == code && outcome.output == "", "\(outcome)")
      #expect(outcome.errorLines.filter { $0.hasPrefix("error: ") }.count == 1, "\(outcome.errors)")
      if options.contains("quiet") && code != 64 { #expect(outcome.errorLines.count == 1, "\(outcome.errors)") }
    }
  }

  @Test func problemsAreResults() throws {
    let folder = try TemporaryFolder()
    let outcome = try run("dataset check data-damaged --json", folder.path)
    #expect(outcome.exitCode == 65 && outcome.errors == "", "\(outcome.errors)")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((object["problems"] as? [[String: Any]])?.map { $0["name"] as? String } == ["b.png"])
    let skipped = try run(
      "dataset build data-damaged OUT/set.zip --resolution 16 --skip-bad --json --quiet", folder.path)
    let built = try #require(try JSONSerialization.jsonObject(with: Data(skipped.output.utf8)) as? [String: Any])
    #expect(built["skipped"] as? Int == 1 && (built["skippedImages"] as? [String])?.first?.contains("b.png") == true)
  }

  /// JSON has no infinity. Identical pictures have an infinite PSNR.
  @Test func numbersThatAreNotFiniteAreText() throws {
    let text = try resultsJSON(["a": Double.infinity, "b": -.infinity, "c": .nan, "d": 0.1])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["a"] as? String == "inf" && object["b"] as? String == "-inf" && object["c"] as? String == "nan")
    #expect(object["d"] as? Double == 0.1)
  }

  /// No name breaks JSON or a terminal: escape sequences, changes of direction, line breaks, bytes that are not UTF-8.
  @Test func namesAreEscaped() throws {
    let folder = try TemporaryFolder()
    let names = ["a\u{9b}31m.png", "b\u{202e}gnp.png", "c\n\u{7f}.png", "d \"quoted\\.png", "e ψ 🙂.png"]
    for name in names { try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder.file(name))) }
    let bytes = Array(folder.file("f").utf8CString.dropLast()) + [CChar(bitPattern: 0xe9), 46, 112, 110, 103, 0]
    let file = open(bytes, O_CREAT | O_WRONLY, 0o600)
    #expect(file >= 0 && close(file) == 0)
    let outcome = try Program.run(["dataset", "check", ".", "--json"], in: folder.path)
    #expect(outcome.exitCode == 65 && outcome.errors == "", "\(outcome.errors)")
    #expect(!outcome.output.unicodeScalars.contains { (0x7f...0x9f).contains($0.value) || $0.value == 0x202e })
    let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let found = try #require(object["problems"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    #expect(found.count == 6 && Set(names).isSubset(of: Set(found)), "\(found)")
  }

  @Test func tablesAreAligned() throws {
    var table = Table([.text("class"), .number("share"), .text("note")])
    table.add(["short", "1.0 %", "a"])
    table.add(["a long name – ψ", "100.0 %", ""])
    #expect(
      [table.heading] + table.lines == [
        "class              share  note", "short              1.0 %  a", "a long name – ψ  100.0 %",
      ])
    let folder = try TemporaryFolder()
    let line = "metrics --network net.safetensors --data good.idx3 --metrics swd,msssim,fid50k_full --samples 8"
    let lines = try run(line + " --mixing-stress 1,2 --outdir OUT", folder.path).output.split(separator: "\n")
    // The file, headings, two of each, then a table of the numbers of latents.
    #expect(lines.count == 2 + 6 + 4, "\(lines)")
    let value = try #require(lines[1].range(of: "value"))
    let end = lines[1].distance(from: lines[1].startIndex, to: value.upperBound)
    for line in lines[2...7] {
      let at = line.index(line.startIndex, offsetBy: end)
      #expect(line[line.index(before: at)].isNumber && line[at] == " ", "\(line)")
    }
    #expect(lines[8].hasPrefix("latents mixed") && lines[8].hasSuffix("2"))
    #expect(Set(lines[8...11].map(\.count)).count == 1, "\(lines[8...11])")
  }
}
