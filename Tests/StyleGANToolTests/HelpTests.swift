import Foundation
import Images
import Testing
import Torch
import _TestSupport

/// What the program says about itself: compared with files, complete, and true.
///
/// `STYLEGAN_UPDATE_SNAPSHOTS=1` rewrites the files.
@Suite struct HelpTests {
  /// A command and its subcommands, as the program lists them itself.
  struct Command: Decodable, Sendable {
    struct Argument: Decodable, Sendable {
      struct Name: Decodable, Sendable { let name, kind: String }
      /// Its kinds of completion; their values are not read.
      struct Completion: Decodable, Sendable {}
      let kind: String
      let completionKind: Completion?
      let abstract: String?
      let shouldDisplay: Bool
      let names: [Name]?
      let valueName: String?
    }
    let commandName: String
    let abstract, discussion: String?
    let superCommands: [String]?
    let subcommands: [Command]?
    let arguments: [Argument]?
    let shouldDisplay: Bool

    /// This and all below it, without the built-in `help`.
    var all: [Command] { [self] + (subcommands ?? []).filter { $0.commandName != "help" }.flatMap(\.all) }
    /// The words that call it, without the program's name.
    var words: [String] { Array(((superCommands ?? []) + [commandName]).dropFirst()) }
  }

  private struct Dump: Decodable { let command: Command }

  static let commands: [Command] = {
    guard
      let outcome = try? Program.run(["--experimental-dump-help"], in: "/"),
      let dump = try? JSONDecoder().decode(Dump.self, from: Data(outcome.output.utf8))
    else { return [] }
    return dump.command.all
  }()

  private static let snapshots = "\(Program.package)/Tests/StyleGANToolTests/Snapshots"

  @Test func everyCommandIsFound() {
    #expect(Self.commands.count >= 8)
  }

  /// What a training needs first stands first.
  @Test func helpOfTrainBeginsWithTheData() throws {
    let train = try #require(Self.commands.first { $0.commandName == "train" })
    let names = (train.arguments ?? []).filter(\.shouldDisplay).prefix(2).map { $0.names?.first?.name }
    #expect(names == ["data", "resume"])
  }

  @Test func helpIsAsItWas() throws {
    for command in Self.commands {
      let outcome = try Program.run(command.words + ["--help"], in: "/", environment: ["COLUMNS": "100"])
      #expect(outcome.exitCode == 0)
      #expect(outcome.errors == "")
      try compare(outcome.output, with: (["help"] + command.words).joined(separator: "-"))
    }
  }

  /// The version names what speed and last bits depend on, for people and for programs, and whatever the environment says.
  @Test func versionIsComplete() throws {
    for wish in ["", "generic", "nonsense"] {
      let environment = ["STYLEGAN_KERNELS": wish]
      let text = try Program.run(["--version"], in: "/", environment: environment)
      #expect(text.exitCode == 0 && text.errors == "", "\(text.errors)")
      let lines = text.output.split(separator: "\n")
      #expect(lines.count == 4 && lines[0].wholeMatch(of: /stylegan \d+\.\d+\.\d+/) != nil, "\(text.output)")
      #expect(lines[1] == "libtorch \(Processor.libtorchVersion), libvips \(ImageDecoder.libvipsVersion)")
      let kernels = wish == "nonsense" ? nil : wish.isEmpty ? Processor.availableKernels[0] : wish
      #expect(lines[2].hasPrefix("kernels: \(kernels.map { "\($0) of" } ?? "none;")"), "\(lines[2])")
      #expect(lines[3].hasPrefix("processor: \(Processor.name), ") && !Processor.name.isEmpty, "\(lines[3])")
      for arguments in [["--version", "--json"], ["--json", "--version"]] {
        let json = try Program.run(arguments, in: "/", environment: environment)
        #expect(json.exitCode == 0 && json.errors == "", "\(json.errors)")
        let values = try #require(
          try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json.output)")
        #expect(values["libtorch"] as? String == Processor.libtorchVersion)
        #expect(values["kernels"] as? String == kernels)
        #expect(values["availableKernels"] as? [String] == Processor.availableKernels)
      }
    }
  }

  private func compare(_ text: String, with name: String) throws {
    let path = "\(Self.snapshots)/\(name).txt"
    if ProcessInfo.processInfo.environment["STYLEGAN_UPDATE_SNAPSHOTS"] == "1" {
      try FileManager.default.createDirectory(atPath: Self.snapshots, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == expected, "\(name) has changed; rewrite it with STYLEGAN_UPDATE_SNAPSHOTS=1")
  }

  /// Examples are not wrapped on a terminal of 80 columns, so they can be pasted.
  @Test func examplesStayWhole() throws {
    for command in Self.commands {
      let discussion = command.discussion ?? ""
      guard let start = discussion.range(of: "Examples:") ?? discussion.range(of: "A first run:") else { continue }
      let help = try Program.run(command.words + ["--help"], in: "/", environment: ["COLUMNS": "80"]).output
      let lines = discussion[start.upperBound...].split(separator: "\n").prefix { $0.hasPrefix("  ") }
      #expect(!lines.isEmpty, "\(command.commandName)")
      for line in lines { #expect(help.contains("\n\(line)\n"), "\(command.commandName): \(line)") }
    }
  }

  @Test func everyOptionIsExplained() {
    for command in Self.commands {
      #expect(command.abstract?.isEmpty == false, "\(command.commandName)")
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        let name = argument.names?.first?.name ?? argument.valueName ?? "?"
        #expect(argument.abstract?.isEmpty == false, "\(command.commandName) \(name)")
      }
      let isLeaf = (command.subcommands ?? []).allSatisfy { $0.commandName == "help" }
      if isLeaf { #expect(command.discussion?.contains("Examples:") == true, "\(command.commandName) has no examples") }
    }
  }

  /// Every line that calls the program in help texts and in the README is a command that it understands: run where none of
  /// its files are, it misses an input, and nothing else.
  @Test func examplesAreTrue() throws {
    var examples: [String] = []
    for command in Self.commands { examples += Self.examples(in: command.discussion ?? "") }
    #expect(examples.count >= 8)
    // Examples can be pasted: they have no gaps.
    for example in examples { #expect(!example.contains("…"), "\(example)") }
    let readme = Self.examples(in: try String(contentsOfFile: "\(Program.package)/README.md", encoding: .utf8))
    #expect(readme.count >= 8)
    examples += readme
    let folder = try TemporaryFolder()
    for example in examples {
      var arguments = try Self.words(example)
      // Nothing is trained here, nothing is fetched, and there may be no GPU.
      if arguments.first == "train" { arguments.append("--dry-run") }
      arguments = arguments.map { $0 == "cuda" ? "cpu" : $0 }
      // It needs no input: an impossible last option ends it, after everything before was understood.
      if arguments.first == "bench" {
        let outcome = try Program.run(arguments + ["--threads", "0"], in: folder.path)
        #expect(outcome.errors.contains("--threads is 0"), "\(example): \(outcome.errors)")
        continue
      }
      let outcome = try Program.run(
        arguments, in: folder.path, environment: ["XDG_CACHE_HOME": folder.path, "PATH": "/nowhere"])
      #expect([0, 66].contains(outcome.exitCode), "\(example): \(outcome.errors)")
    }
    #expect(folder.contents.filter { $0 != "swift-stylegan" } == [], "an example wrote something")
  }

  /// Lines that begin with the program's name, continued where they end in a backslash.
  private static func examples(in text: String) -> [String] {
    text.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n").compactMap { line in
      var line = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("$ ") { line.removeFirst(2) }
      guard let space = line.firstIndex(of: " ") else { return nil }
      guard ["stylegan", ".build/release/stylegan"].contains(line[..<space]) else { return nil }
      // Up to a comment, a pipe or a redirection.
      let command = line[line.index(after: space)...]
      return String(command.prefix { !"#|>".contains($0) })
    }
  }

  private static func words(_ line: String) throws -> [String] {
    #expect(!line.contains("\"") && !line.contains("'"), "a quoted example: \(line)")
    return line.split(separator: " ").map(String.init)
  }
}
