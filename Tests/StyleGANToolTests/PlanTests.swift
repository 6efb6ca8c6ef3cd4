import Foundation
import GANs
import Images
import Testing
import _TestSupport

/// `stylegan plan`, and that `train --hours` does what it says.
@Suite struct PlanTests {
  private let folder: TemporaryFolder
  private let small = ["--fmap-base", "16", "--fmap-max", "4", "--z-dim", "8", "--w-dim", "8", "--map-depth", "1"]

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 24, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private func run(_ arguments: [String]) throws -> Program.Outcome {
    try Program.run(arguments, in: folder.path, environment: ["XDG_CACHE_HOME": folder.file("cache")])
  }

  private func json(_ arguments: [String]) throws -> [String: Any] {
    let outcome = try run(arguments + ["--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  private func choices(_ plan: [String: Any]) throws -> [String: [String: Any]] {
    let list = try #require(plan["choices"] as? [[String: Any]])
    return Dictionary(uniqueKeysWithValues: list.map { ($0["choice"] as? String ?? "?", $0) })
  }

  @Test func whatIsMissingIsSaid() throws {
    for (arguments, text, code) in [
      (["plan", "--data", "data.idx3"], "--hours is missing", 64), (["plan", "--hours", "1"], "--data is missing", 64),
      (["plan", "--data", "nowhere", "--hours", "1"], "nowhere", 66),
      (["plan", "--data", "data.idx3", "--hours", "0"], "--hours is 0, but must be above 0", 64),
      (["plan", "--data", "data.idx3", "--hours", "-1"], "--hours is -1, but must be above 0", 64),
      (["plan", "--data", "data.idx3", "--hours", "1", "--kimg", "3"], "leave out --kimg", 64),
      (["plan", "--data", "data.idx3", "--hours", "1", "--resolution", "24"], "24", 64),
    ] as [([String], String, Int32)] {
      let outcome = try run(arguments)
      #expect(outcome.exitCode == code && outcome.errors.contains(text) && outcome.output == "", "\(outcome)")
    }
    #expect(!folder.contents.contains("runs"))
  }

  /// All rules, for people and for programs.
  @Test func rulesCanBeSeen() throws {
    let text = try run(["plan", "--rules"])
    let list = try #require(try json(["plan", "--rules"])["rules"] as? [[String: Any]])
    #expect(text.exitCode == 0 && list.count == TrainingRule.table.count)
    for rule in list {
      for key in ["condition", "outcome", "reason", "source"] {
        let value = try #require(rule[key] as? String)
        #expect(text.output.contains(value), "\(value)")
      }
    }
  }

  /// Choices of the rules, and those that were given, are in the plan, and `train` makes them too.
  @Test func aTrainingDoesWhatThePlanSays() throws {
    let arguments = ["--data", "data.idx3", "--hours", "0.01", "--gamma", "3", "--threads", "1"] + small
    let plan = try json(["plan"] + arguments)
    let choices = try choices(plan)
    #expect(choices["resolution"]?["value"] as? Int == 16 && choices["channels"]?["value"] as? Int == 1)
    #expect(choices["R1 γ"]?["value"] as? Double == 3 && choices["R1 γ"]?["reason"] == nil)
    #expect(choices["minibatch"]?["value"] as? Int == 16 && choices["minibatch"]?["reason"] != nil)
    #expect(choices["growing"]?["value"] as? Bool == false && choices["width"] == nil)
    #expect((plan["pictures"] as? [String: Any])?["count"] as? Int == 24)
    let forecast = try #require(plan["forecast"] as? [String: Any])
    for key in ["kimg", "imagesPerSecond", "memoryBytes", "diskBytes"] {
      #expect((forecast[key] as? Double ?? 0) > 0, "\(key): \(forecast)")
    }
    // The options are those of a training, except for what was measured.
    let dry = try json(["train", "--dry-run"] + arguments)
    #expect(try comparable(plan["options"]) == comparable(dry["options"]))

    // The command with all choices trains the same.
    let command = try #require(plan["command"] as? String)
    #expect(command.hasPrefix("stylegan train --data data.idx3 --hours 0.01 --gamma 3"), "\(command)")
    for option in ["--resolution 16", "--batch 16", "--lr 0.005", "--no-growing", "--r1-interval 16", "--mixing 0.5"] {
      #expect(command.contains(option), "\(command)")
    }
    #expect(!command.contains("--json") && command.components(separatedBy: "--gamma").count == 2, "\(command)")
    let spelled = try json(command.split(separator: " ").dropFirst().map(String.init) + ["--dry-run"])
    #expect(try comparable(spelled["options"]) == comparable(plan["options"]))
    #expect(!folder.contents.contains("runs"))
  }

  /// Options without those that a measurement decides.
  private func comparable(_ options: Any?) throws -> String {
    var options = try #require(options as? [String: Any])
    for key in ["totalKimg", "totalSeconds", "averageHalfLifeKimg", "snapshotTicks", "keeping"] { options[key] = nil }
    return String(decoding: try JSONSerialization.data(withJSONObject: options, options: .sortedKeys), as: UTF8.self)
  }

  /// The text has a line for each choice, and says what to expect.
  @Test func aPlanIsReadable() throws {
    let outcome = try run(["plan", "--data", "data.idx3", "--hours", "0.01", "--mirror"] + small)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for text in [
      "24 pictures, 16 pixels, no classes", "16×16", "as given", "rule of thumb", "images: about ", "memory: about ",
      "disk: about ", "first recognizable pictures: ", "\nstylegan train --data data.idx3 --hours 0.01 --mirror ",
    ] { #expect(outcome.output.contains(text), "\(text): \(outcome.output)") }
    // They are very few.
    #expect(outcome.errors.contains("24 pictures are few"), "\(outcome.errors)")
  }

  /// Folders of pictures of any size need no option: the rules choose resolution and channels.
  @Test func mixedPicturesNeedNoOption() throws {
    try FileManager.default.createDirectory(atPath: folder.file("mixed"), withIntermediateDirectories: true)
    for (index, (width, height)) in [(20, 17), (16, 30), (60, 40), (9, 8), (25, 25)].enumerated() {
      let channels = index == 2 ? 3 : 4
      let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
      try Image(planar: pixels, channels: channels, height: height, width: width)
        .write(to: folder.file("mixed/\(index).png"))
    }
    let options = try #require(
      try json(["train", "--data", "mixed", "--hours", "0.01", "--dry-run"] + small)["options"] as? [String: Any])
    let network = try #require(options["configuration"] as? [String: Any])
    #expect(network["resolution"] as? Int == 16 && network["imageChannels"] as? Int == 4, "\(network)")
    // Without a time, the sizes must be given as before.
    #expect(try run(["train", "--data", "mixed", "--dry-run"] + small).exitCode != 0)
    let given = try json(
      ["plan", "--data", "mixed", "--hours", "0.01", "--resolution", "8", "--channels", "3"] + small)
    let choices = try choices(given)
    #expect(choices["resolution"]?["value"] as? Int == 8 && choices["channels"]?["value"] as? Int == 3)
    #expect(choices["resolution"]?["source"] == nil)
  }
}
