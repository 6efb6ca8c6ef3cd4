import Foundation
import Images
import StyleGANTool
import Testing
import _TestSupport

/// `plan` says what `train --hours` does.
@Suite struct PlanTests {
  /// Sprites of 20×24 with alpha, in a folder.
  private func fill(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/sprites", withIntermediateDirectories: true)
    for index in 0..<12 {
      let pixels = (0..<20 * 24).flatMap { i in [UInt8(i & 255), UInt8(index * 20), 90, i % 20 < 5 ? 0 : 255] }
      try Image(width: 20, height: 24, channels: 4, pixels: pixels).write(to: "\(folder)/sprites/\(index).png")
    }
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// The choices of `plan` are the options of `train --hours`, and its command line gives them again.
  @Test func trainDoesWhatPlanSays() throws {
    let folder = try TemporaryFolder()
    try fill(folder.path)
    let given = ["--data", "sprites", "--hours", "0.05", "--threads", "1", "--json"]
    let planned = try Program.run(["plan"] + given, in: folder.path)
    #expect(planned.exitCode == 0, "\(planned.errors)")
    let plan = try object(planned.output)
    let options = try #require(plan["options"] as? [String: Any])
    let configuration = try #require(options["configuration"] as? [String: Any])
    #expect(configuration["resolution"] as? Int == 16 && configuration["imageChannels"] as? Int == 4)
    #expect(configuration["premultiplied"] as? Bool == true)
    #expect((plan["memoryBytes"] as? Int).map { $0 > 50_000_000 } == true && (plan["kimg"] as? Double ?? 0) > 0)
    let first = try #require(plan["firstPictures"] as? [String: Any])
    #expect(first["kimg"] as? Double == 25)
    let choices = try #require(plan["choices"] as? [[String: String]])
    #expect(choices.contains { $0["option"] == "--gamma" && $0["value"] == "1" })
    let command = try #require(plan["command"] as? String)
    #expect(command.hasPrefix("stylegan train --data sprites --hours 0.05 --threads 1 --resolution 16 --channels 4 "))

    // What depends on the measured speed may differ a little.
    let measured: Set = ["totalKimg", "averageHalfLifeKimg", "snapshotTicks", "totalSeconds", "keeping"]
    func fixed(_ options: [String: Any]) -> NSDictionary {
      options.filter { !measured.contains($0.key) } as NSDictionary
    }
    let words = command.split(separator: " ").dropFirst(2).map(String.init)
    for arguments in [given, words + ["--json"]] {
      let dry = try Program.run(["train", "--dry-run"] + arguments, in: folder.path)
      #expect(dry.exitCode == 0, "\(dry.errors)")
      let trained = try #require(try object(dry.output)["options"] as? [String: Any])
      #expect(fixed(trained) == fixed(options))
    }
    // Nothing was written.
    #expect(folder.contents == ["sprites"])
  }

  /// In words: the data, each choice with a reason, and what it gives.
  @Test func plansAreReadable() throws {
    let folder = try TemporaryFolder()
    try fill(folder.path)
    let outcome = try Program.run(
      ["plan", "--data", "sprites", "--hours", "0.02", "--gamma", "3", "--threads", "1"], in: folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for part in [
      "data: 12 pictures, shorter sides of 20 pixels, with alpha, no classes", "--resolution 16", "--channels 4",
      "--gamma 3", "as you gave it", "--no-growing", "time: ", "first recognizable pictures: ", "memory: about ",
      "disk: about ", "the same by hand: stylegan train --data sprites --hours 0.02 ",
    ] { #expect(outcome.output.contains(part), "\(part): \(outcome.output)") }
    let rules = try Program.run(["plan", "--rules"], in: folder.path)
    #expect(rules.exitCode == 0 && rules.output.contains("64: 100") && rules.output.contains("source: "))
  }

  @Test(arguments: [
    (["--hours", "1"], "--data is missing"), (["--data", "x"], "--hours is missing"),
    (["--data", "x", "--hours", "1", "--dry-run"], "--dry-run has no meaning"),
    (["--data", "x", "--hours", "1", "--kimg", "5"], "leave out --kimg"),
  ]) func whatMakesNoSenseIsRefused(arguments: [String], sentence: String) throws {
    let outcome = try Program.run(["plan"] + arguments, in: try TemporaryFolder().path)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(outcome.errors)")
  }

  /// Given options stay, choices replace those that they decide, and words are quoted.
  @Test func commandsAreSpelledOut() {
    let command = PlannedCommand(
      choices: [("--gamma", "--gamma 2"), ("--growing", "--no-growing")], switches: ["--growing"],
      arguments: ["--data", "my photos", "--gamma", "3", "--growing", "--json", "--hours=8", "--gamma=4", "--mirror"])
    #expect(command.text == "stylegan train --data 'my photos' --hours=8 --mirror --gamma 2 --no-growing")
  }
}
