import ArgumentParser
import Files

@main
struct StyleGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stylegan",
    abstract: "Train GANs, up to StyleGAN, on a folder of pictures; draw, mix styles and explore latent space.",
    discussion: """
      A first run:
        stylegan train --data fashion-mnist --width tiny --kimg 100
        stylegan generate --network runs/00000-stylegan-fashion-mnist-32 \\
            --seeds 0-31 --grid 8x4

      For the help of a command: stylegan help train
      """,
    version: Version().text,
    subcommands: [
      Train.self, Plan.self, Generate.self, StyleMixing.self, Interpolate.self, Project.self, FindDirections.self,
      Figures.self,
      Metrics.self, DetectorCommand.self, Inspect.self, Report.self, Reproduce.self, Bench.self, Dataset.self,
      NVIDIAOptions.self,
    ])
}

extension StyleGAN {
  /// Runs a command. Every error is one sentence on stderr, `error: …`, and an exit code.
  static func main() {
    let arguments = CommandLine.exactArguments
    var (isCommand, parsed): (Bool, [String]?) = (false, nil)
    do {
      if Set(arguments) == ["--version", "--json"] { return try printJSON(Version()) }
      try CommandNames.requireKnown(arguments)
      isCommand = true
      let (translated, notes) = try ForeignOptions.translated(arguments)
      parsed = translated
      var command = try parseAsRoot(translated)
      if !arguments.contains("--quiet") { for note in notes { printError("note: \(note)") } }
      try command.run()
    } catch {
      // Help and the version are not errors. An `ExitCode` comes after its message was printed.
      guard !(error is ExitCode), !exitCode(for: error).isSuccess else { exit(withError: error) }
      // ArgumentParser lists possible values line by line; they are joined here.
      let lines = message(for: error).split(separator: "\n")
      let choices = lines.dropFirst().map { String($0.drop { " -".contains($0) }) }.joined(separator: ", ")
      var sentence = (lines.first.map(String.init) ?? "") + (choices.isEmpty ? "" : " \(choices)")
      if let parsed, let unknown = CommandNames.unknownOption(parsed) { sentence = unknown }
      if let reason = Unreadable.last?.reason, sentence.hasPrefix("The value ") { sentence += ": \(reason)" }
      printError("error: \(sentence)")
      if isCommand, parsed == nil {
        printError("note: see 'stylegan nvidia-options'")
      } else if let help = fullMessage(for: error).split(separator: "\n").last(where: { $0.contains("See 'stylegan ") })
      {
        printError("note: see '\(help.split(separator: "'")[1])'")
      }
      exit(withError: exitCode(for: error))
    }
  }
}

extension CommandLine {
  /// The arguments without the program, without loss (see `String.init(path:)`): `arguments` repairs invalid UTF-8, and
  /// the repaired path names no file.
  static var exactArguments: [String] {
    (1..<max(1, Int(argc))).compactMap { unsafeArgv[$0].map { String(path: $0) } }
  }
}
