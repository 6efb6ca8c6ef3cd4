import Foundation
import Testing
import _TestSupport

/// A training as a process among others: killed, stopped, started twice, read by a pipe, seen on a terminal.
@Suite struct TrainingProcessTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 32, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private func train(_ kimg: String) -> [String] {
    ["train", "--data", "data.idx3", "--kimg", kimg, "--tick", "0.02", "--snap", "2"] + smallTraining
  }

  private let smallNetwork = ["--fmap-base", "32", "--z-dim", "8", "--w-dim", "8"]

  private func run(_ arguments: [String], shell: String? = nil) throws -> Program.Outcome {
    try Program.run(arguments, in: folder.path, shell: shell)
  }

  /// The whole of it is `Scripts/kill-test 20`.
  @Test func killedTrainingsMakeTheSameFiles() throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["\(Program.package)/Scripts/kill-test", "4", "240"]
    process.environment = ProcessInfo.processInfo.environment.merging(["STYLEGAN": Program.path]) { $1 }
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(output)")
  }

  @Test func startsAtOnceGetFoldersOfTheirOwn() throws {
    let outcome = try run(train("0.004") + ["--quiet"], shell: "\"$@\" & \"$@\" & \"$@\" & wait")
    #expect(outcome.errors == "")
    let runs = try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).sorted()
    #expect(runs.map { $0.prefix(5) } == ["00000", "00001", "00002"])
    for run in runs { #expect(listing(folder.file("runs/\(run)")).contains("training-state.safetensors")) }
  }

  /// Two trainings that start together wait for one measurement, so that they write the same bytes.
  @Test func trainingsThatStartTogetherChooseTheSameKernels() throws {
    let outcome = try Program.run(
      train("0.004") + ["--quiet", "--precision", "auto"], in: folder.path, shell: "\"$@\" & \"$@\" & wait",
      environment: ["STYLEGAN_TUNING": "on", "XDG_CACHE_HOME": folder.file("cache")])
    #expect(outcome.errors == "")
    let runs = try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).sorted()
    #expect(runs.count == 2)
    for name in ["options.json", "training-state.safetensors"] {
      let bytes = runs.map { FileManager.default.contents(atPath: folder.file("runs/\($0)/\(name)")) }
      #expect(bytes[0] != nil && bytes[0] == bytes[1], "\(name)")
    }
    let options = try String(contentsOfFile: folder.file("runs/\(runs[0])/options.json"), encoding: .utf8)
    #expect(options.contains(#""convolutions""#))
    #expect(listing(folder.file("cache/swift-stylegan/kernels")).filter { $0.hasSuffix(".json") }.count == 1)
  }

  /// Fixed kernels are recorded; reference kernels are those of the papers.
  @Test func kernelsCanBeFixed() throws {
    for (kernels, text) in [
      ("libtorch", #""usual" : "libtorch""#), ("fast", #""usual" : "minimalFiltering""#),
      ("reference", #""kernels" : "reference""#),
    ] {
      let outcome = try run(train("0.004") + ["--dry-run", "--kernels", kernels])
      #expect(outcome.exitCode == 0 && outcome.output.contains(text), "\(outcome)")
    }
  }

  /// A training of a given time is finished by the clock, with the recipe of docs/RECIPES.md and what was asked for.
  @Test func hoursEndATraining() throws {
    let outcome = try run(
      [
        "train", "--data", "data.idx3", "--hours", "0.001", "--lr", "0.001",
      ] + smallNetwork)
    #expect(outcome.exitCode == 0 && outcome.output.contains("finished: "), "\(outcome)")
    let run = try #require(listing(folder.file("runs")).first)
    let options = try String(contentsOfFile: folder.file("runs/\(run)/options.json"), encoding: .utf8)
    for text in [
      #""mixingProbability" : 0.5"#, #""penaltyInterval" : 16"#, #""initialResolution" : 16"#, #""4" : 0.001"#,
      #""4" : 16"#,
    ] { #expect(options.contains(text), "\(text)") }
    #expect(listing(folder.file("runs/\(run)")).contains { $0.hasPrefix("network-snapshot-") })
    let resumed = try self.run(["train", "--resume", "latest"])
    #expect(resumed.output.contains("has reached its"), "\(resumed)")
  }

  /// Killed or stopped, a training of a given time goes on for the rest of it, and ends with a snapshot.
  @Test(arguments: ["KILL", "INT"]) func theHoursOutliveAProcess(signal: String) throws {
    let outcome = try run(
      ["train", "--data", "data.idx3", "--hours", "0.01", "--snap", "1", "--tick", "0.1"] + smallNetwork,
      shell: """
        "$@" >first 2>&1 & first=$!
        until ls runs/0*/network-snapshot-* >/dev/null 2>&1; do sleep 0.05; done
        kill -\(signal) $first
        wait $first
        "$1" train --resume latest
        """)
    #expect(outcome.exitCode == 0 && outcome.output.contains("finished: "), "\(outcome)")
    let run = try #require(listing(folder.file("runs")).first)
    let options = try String(contentsOfFile: folder.file("runs/\(run)/options.json"), encoding: .utf8)
    #expect(!options.contains("totalSeconds"))
  }

  @Test func aRunBelongsToOneProcess() throws {
    let outcome = try run(
      train("1000") + ["--quiet"],
      shell: """
        "$@" & first=$!
        until [ -s runs/0*/log.txt ]; do sleep 0.05; done
        "$1" train --resume latest
        echo $?
        kill $first
        wait $first
        echo $?
        """)
    #expect(outcome.output == "73\n143\n")
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("another process is training in runs/00000-"))
  }

  @Test func stoppedAfterMinutes() throws {
    let outcome = try run(train("1000") + ["--minutes", "0.005"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("Resume with: stylegan train --resume runs/00000-"))
  }

  @Test func whatAKilledProcessLeftIsRemoved() throws {
    #expect(try run(train("0.02") + ["--quiet"]).exitCode == 0)
    let run = folder.file("runs/\(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs"))[0])")
    let before = listing(run)
    for name in [".stylegan-a1b2c3", ".safetensors-0123456789.tmp"] {
      try Data("half a fi".utf8).write(to: URL(fileURLWithPath: "\(run)/\(name)"))
    }
    let outcome = try self.run(["train", "--resume", "latest", "--kimg", "0.04"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let more = ["fakes000000.040.png", "network-snapshot-000000.040.safetensors"]
    #expect(listing(run) == (before + more).sorted())
    let lines = try String(contentsOfFile: "\(run)/stats.jsonl", encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2)
  }

  /// A run goes on from any folder, and with data that has moved, where that is the same.
  @Test func dataMayMove() throws {
    #expect(try run(train("0.02") + ["--quiet"]).exitCode == 0)
    let elsewhere = try TemporaryFolder()
    func resume(_ kimg: String, _ more: [String] = []) throws -> Program.Outcome {
      try Program.run(
        ["train", "--resume", "latest", "--outdir", folder.file("runs"), "--kimg", kimg, "--quiet"] + more,
        in: elsewhere.path)
    }
    #expect(try resume("0.04").exitCode == 0)
    try FileManager.default.moveItem(atPath: folder.file("data.idx3"), toPath: elsewhere.file("moved.idx3"))
    let lost = try resume("0.06")
    #expect(lost.exitCode == 66 && lost.errors.contains("give its new path with --data"))
    #expect(try resume("0.06", ["--data", "moved.idx3"]).exitCode == 0)
    // The new place is kept.
    #expect(try resume("0.08").exitCode == 0)
    try idx(count: 31, side: 16).write(to: URL(fileURLWithPath: elsewhere.file("other.idx3")))
    let other = try resume("0.1", ["--data", "other.idx3"])
    #expect(other.exitCode == 65 && other.errors.contains("not the data set this run started with"))
  }

  @Test func aDryRunTouchesNothing() throws {
    #expect(try run(train("0.02") + ["--dry-run"]).exitCode == 0)
    #expect(folder.contents == ["data.idx3"])
    #expect(try run(train("0.02") + ["--quiet"]).exitCode == 0)
    func states() throws -> [Data] {
      try listing(folder.path).filter { $0.contains(".") }.map {
        try Data(contentsOf: URL(fileURLWithPath: folder.file($0)))
      }
    }
    let before = try states()
    let outcome = try run(["train", "--resume", "latest", "--kimg", "9", "--dry-run"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("\"totalKimg\" : 9"))
    #expect(try states() == before)
  }

  // MARK: What is printed

  @Test func pipesGetPlainLines() throws {
    let outcome = try run(train("0.1"))
    #expect(outcome.exitCode == 0)
    #expect(outcome.errors == "")
    #expect(!outcome.output.contains("\r") && !outcome.output.contains("\u{1B}"))
    #expect(outcome.output.contains("kimg"))
    #expect(outcome.output.hasSuffix("\n"))
  }

  @Test func quietPrintsNothing() throws {
    let outcome = try run(train("0.04") + ["--quiet"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.output == "" && outcome.errors == "")
  }

  @Test func aReaderThatLeavesEndsNothing() throws {
    let outcome = try run(train("0.2"), shell: "{ \"$@\"; echo $? >code; } | head -1")
    #expect(outcome.output.split(separator: "\n").count == 1)
    #expect(outcome.errors == "")
    #expect(try String(contentsOfFile: folder.file("code"), encoding: .utf8) == "0\n")
  }

  @Test func closedDescriptorsAreNotPrintedInto() throws {
    let outcome = try run(train("0.04"), shell: "\"$@\" <&- >&- 2>&-")
    #expect(outcome.exitCode == 0)
    for file in listing(folder.path) where file.hasSuffix(".safetensors") {
      let inspected = try run(["inspect", file])
      #expect(inspected.exitCode == 0, "\(file): \(inspected.errors)")
    }
  }

  /// On a terminal one line is drawn over and over, never longer than the terminal is wide, and wiped in the end.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "there is no script(1) here"),
    arguments: [40, 80, 200])
  func terminalsGetABar(columns: Int) throws {
    // The last minibatch goes far beyond the end, which the bar has to bear.
    let command =
      "stty cols \(columns); '\(Program.path)' "
      + train("1.001").joined(separator: " ")
      .replacingOccurrences(of: "--batch 4", with: "--batch 64")
    let outcome = try run([command], shell: "script -qec \"$2\" /dev/null")
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    let parts = outcome.output.components(separatedBy: "\r\u{1B}[2K")
    let drawn = parts.filter { $0.contains("img/s") || $0.hasPrefix("[") }
    #expect(!drawn.isEmpty, "\(outcome.output)")
    for line in drawn {
      #expect(line.count < columns && !line.contains("\n"), "\(line)")
      #expect(line.hasPrefix("[") == (columns == 200))
    }
    #expect(parts.last?.hasPrefix("finished") == true)
  }
}
