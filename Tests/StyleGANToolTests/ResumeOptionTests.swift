import Foundation
import Testing
import _TestSupport

/// What a resumed run takes, what a training says at its start, and how runs are named.
@Suite struct ResumeOptionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 32, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private func run(_ arguments: String) throws -> Program.Outcome {
    try Program.run(arguments.split(separator: " ").map(String.init), in: folder.path)
  }

  private func start(_ more: String) throws -> Program.Outcome {
    try run("train --data data.idx3 --tick 0.02 \(more) " + smallTraining.joined(separator: " "))
  }

  private var runs: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).sorted()) ?? []
  }

  private func networks() -> [String] {
    listing(folder.file("runs/\(runs[0])")).filter { $0.hasPrefix("network") }.map {
      String($0.dropFirst("network-snapshot-".count).dropLast(".safetensors".count))
    }
  }

  private func options() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("runs/\(runs[0])/options.json")))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// Snapshots, what is kept of them, threads, metrics, minutes.
  @Test func whatDoesNotChangeTheTrainingIsTaken() throws {
    #expect(try start("--kimg 0.1 --snap 1 --quiet").exitCode == 0)
    #expect(networks() == ["000000.020", "000000.040", "000000.060", "000000.080", "000000.100"])
    let resumed = try run(
      "train --resume latest --kimg 0.2 --snap 2 --keep 3 --threads 2 --sample-interval 10 --metrics swd "
        + "--metric-samples 8 --keep-best swd --minutes 5")
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("with 2 the last bits of its results will differ"))
    #expect(
      networks().suffix(3) == ["000000.160", "000000.180", "000000.200"]
        || networks().suffix(3) == ["000000.120", "000000.160", "000000.200"])
    #expect((3...4).contains(networks().count))
    let options = try options()
    #expect(options["snapshotTicks"] as? Int == 2 && options["threads"] as? Int == 2)
    #expect((options["keeping"] as? [String: Any])?["best"] as? String == "swd")
    #expect(listing(folder.path).contains { $0.contains("batch0000") })
    // Without a change there is no warning.
    let again = try run("train --resume latest --kimg 0.24 --threads 2")
    #expect(again.exitCode == 0 && again.errors == "", "\(again.errors)")
  }

  @Test func whatWouldChangeItIsRefusedWithTheReason() throws {
    #expect(try start("--kimg 0.02 --quiet").exitCode == 0)
    for (given, why) in [
      ("--gamma 3 --lr 0.1", "it would be another training: leave out --lr, --gamma"),
      ("--cfg wgan", "it would be another training"), ("--tick 2", "counted in ticks"),
      ("--device cpu", "its results would be others"), ("--desc a", "its folder has a name already"),
      ("--fmap-max 8", "it would be another training"),
    ] {
      let refused = try run("train --resume latest \(given)")
      #expect(refused.exitCode == 64 && refused.errors.contains(why), "\(given): \(refused.errors)")
      #expect(refused.errors.contains("it takes --kimg, --data, --snap"))
    }
  }

  /// A length that the run has passed is an error with the true numbers, and changes nothing.
  @Test func aPassedLength() throws {
    #expect(try start("--kimg 0.1 --quiet").exitCode == 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("runs/\(runs[0])/options.json")))
    let refused = try run("train --resume latest --kimg 0.05")
    #expect(refused.exitCode == 64)
    #expect(refused.errors == "error: the run has trained 0.1 kimg already, and --kimg is 0.05: give more than 0.1\n")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("runs/\(runs[0])/options.json"))) == before)
    let done = try run("train --resume latest")
    #expect(done.exitCode == 0 && done.output.contains("has reached its 0.1 kimg; extend it with --kimg"))
  }

  // MARK: The start

  @Test func theStartTellsTimePicturesAndDisk() throws {
    let outcome = try start("--kimg 0.1 --snap 2")
    #expect(outcome.exitCode == 0 && outcome.errors == "", "\(outcome.errors)")
    #expect(
      outcome.output.contains(
        /\ntime: about [0-9]+ s, measured on a few steps: 8² [0-9]+, 16² [0-9]+ images a second\n/))
    #expect(
      outcome.output.contains(/\npictures: snapshots every 0\.04 kimg, the next at 0\.04 kimg, in about [0-9]+ s\n/))
    #expect(outcome.output.contains(/\ndisk: about [0-9]+ MB \(3 networks, of 1 MB each\)\n/))
  }

  @Test func theStartTellsWhereMinutesEnd() throws {
    let outcome = try start("--kimg 20000 --minutes 0.005")
    #expect(
      outcome.output.contains(/time: stops after 1 s, at about [0-9.]+ of 20,000 kimg; all of it would take about/))
  }

  @Test func aDryRunTellsThemToo() throws {
    let outcome = try start("--kimg 25000 --snap 1 --dry-run")
    #expect(outcome.exitCode == 0)
    for start in ["time: about ", "pictures: ", "disk: about "] {
      #expect(outcome.output.contains("\n\(start)"), "\(outcome.output)")
    }
    #expect(try start("--kimg 25000 --dry-run --quiet").output == "")
    #expect(runs == [])
  }

  /// ETAs stand in every line, from the first on.
  @Test func everyLineHasAnETA() throws {
    let lines = try start("--kimg 0.2").output.split(separator: "\n").filter { $0.contains("img/s") }
    #expect(lines.count == 10 && lines.allSatisfy { $0.contains(/ETA [0-9]+:[0-9]{2}:[0-9]{2}/) })
    let resumed = try run("train --resume latest --kimg 0.3").output.split(separator: "\n").filter {
      $0.contains("img/s")
    }
    #expect(resumed.count == 5 && resumed.allSatisfy { $0.contains(/ETA [0-9]+:[0-9]{2}:[0-9]{2}/) })
  }

  // MARK: Names

  @Test func descriptionsNameRuns() throws {
    #expect(try start("--kimg 0.02 --quiet --desc first_try").exitCode == 0)
    let outcome = try Program.run(
      ["train", "--data", "data.idx3", "--kimg", "0.02", "--quiet", "--gamma", "3", "--desc", "γ small/high"]
        + smallTraining,
      in: folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(runs.count == 2 && runs[0].hasSuffix("-16-first_try") && runs[1].hasSuffix("-16-γ_small_high"), "\(runs)")
    #expect(try options()["description"] as? String == "first_try")
    #expect(try run("report runs/\(runs[0]) runs/\(runs[1])").exitCode == 0)
    let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
    #expect(page.contains("00000: first_try") && page.contains("00001: γ small/high"))
  }
}
