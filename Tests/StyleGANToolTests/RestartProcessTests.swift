import Foundation
import Testing
import _TestSupport

/// What only processes show: signals, kills, and memory. One after the other, so that they do not disturb each other.
@Suite(.serialized) struct RestartProcessTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func arguments(_ outdir: String, resolution: Int, _ more: String) throws -> [String] {
    let data = folder.file("images-idx3-ubyte")
    if !FileManager.default.fileExists(atPath: data) { try writeIDX(count: 40, resolution: resolution, to: data) }
    return ["train", "--data", data, "--outdir", folder.file(outdir), "--quiet", "--threads", "1"]
      + "--fmap-base 32 --fmap-max 8 --z-dim 8 --w-dim 8 --map-depth 2 \(more)".split(separator: " ").map(String.init)
  }

  private func run(_ outdir: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file(outdir))
    return "\(folder.file(outdir))/\(try #require(names.first))"
  }

  private func lines(_ run: String) throws -> [[String: Double]] {
    try String(contentsOfFile: "\(run)/stats.jsonl", encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
  }

  /// Waits until the run has so many lines of statistics.
  private func wait(for count: Int, in outdir: String, of program: TrainingProcess) throws {
    let end = Date.now + 60
    while program.process.isRunning, Date.now < end {
      // Not `run`, which records an issue as long as there is no folder yet.
      let parent = folder.file(outdir)
      if let name = try? FileManager.default.contentsOfDirectory(atPath: parent).first,
        let text = try? String(contentsOfFile: "\(parent)/\(name)/stats.jsonl", encoding: .utf8),
        text.split(separator: "\n").count >= count
      {
        return
      }
      usleep(2000)
    }
    Issue.record("the run ended, or took too long, before line \(count)")
  }

  /// Everything in the folder but the log, without what no two runs share.
  private func contents(_ run: String) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: run)
    where !["log.txt", "stats.jsonl"].contains(name) {
      result[name] = try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(name)"))
    }
    for (i, line) in try lines(run).enumerated() {
      let kept = line.filter { !$0.key.hasPrefix("Timing/") && !$0.key.hasPrefix("Resources/") }
      result["line \(i)"] = Data("\(kept.sorted { $0.key < $1.key })".utf8)
    }
    return result
  }

  /// SIGINT, SIGTERM and SIGKILL at whatever moment they come; then on with `--resume`, to the same bytes.
  @Test func aRunThatIsStoppedAndKilledEndsTheSame() throws {
    let more = "--batch 4 --kimg 1.2 --tick 0.05 --snap 2 --stable-kimg 0.4 --fade-kimg 0.4 --mirror"
    #expect(try TrainingProcess(arguments("whole", resolution: 16, more)).finish() == "")
    let whole = try run("whole")
    #expect(try lines(whole).count == 24)

    var program = try TrainingProcess(arguments("stopped", resolution: 16, more))
    for (signal, line) in [(SIGINT, 3), (SIGKILL, 9), (SIGTERM, 13), (SIGKILL, 18)] {
      try wait(for: line, in: "stopped", of: program)
      kill(program.process.processIdentifier, signal)
      program.finish()
      if signal == SIGKILL {
        #expect(program.process.terminationReason == .uncaughtSignal)
      } else {
        // The shell's code for a program that a signal ended.
        #expect(program.process.terminationReason == .exit && program.process.terminationStatus == 128 + signal)
      }
      program = try TrainingProcess(["train", "--outdir", folder.file("stopped"), "--resume", "latest", "--quiet"])
    }
    #expect(program.finish() == "")
    #expect(program.process.terminationStatus == 0)
    let stopped = try run("stopped")
    let (a, b) = (try contents(whole), try contents(stopped))
    #expect(a.keys.sorted() == b.keys.sorted())
    for (name, data) in a { #expect(b[name] == data, "\(name) differs") }
  }

  /// The peak of resident memory after 200 steps and after 2,200: nothing is kept from step to step.
  @Test func memoryStaysFlat() throws {
    let more = "--batch 4 --kimg 8.8 --tick 0.8 --snap 1000 --no-growing --r1-interval 4"
    #expect(try TrainingProcess(arguments("long", resolution: 8, more)).finish() == "")
    let lines = try lines(try run("long"))
    #expect(lines.first?["Progress/kimg"] == 0.8 && lines.last?["Progress/kimg"] == 8.8)
    let (early, late) = (
      try #require(lines.first?["Resources/peak_rss_gb"]), try #require(lines.last?["Resources/peak_rss_gb"])
    )
    #expect(late < 1.02 * early, "\(early) GB have become \(late) GB")
  }
}
