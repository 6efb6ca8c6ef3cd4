import Foundation
import Testing
import _TestSupport

/// Completion in shells: the scripts know every command and option, and bash completes as a user expects.
@Suite struct CompletionTests {
  private static func script(_ shell: String) throws -> String {
    let outcome = try Program.run(["--generate-completion-script", shell], in: "/")
    #expect(outcome.exitCode == 0 && outcome.errors == "", "\(outcome.errors)")
    return outcome.output
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func everyOptionIsKnown(shell: String) throws {
    let script = try Self.script(shell)
    #expect(HelpTests.commands.count >= 8)
    for command in HelpTests.commands where command.shouldDisplay {
      #expect(script.contains(command.commandName), "\(shell) lacks \(command.commandName)")
      for name in (command.arguments ?? []).flatMap({ $0.names ?? [] }) where name.kind == "long" {
        let option = shell == "fish" ? "-l '\(name.name)'" : "--\(name.name)"
        #expect(script.contains(option), "\(shell) lacks \(option) of \(command.commandName)")
      }
    }
  }

  /// Options without completion take numbers and other text that no shell can know.
  @Test func everyFileIsCompleted() {
    let text: Set = ["class", "grid", "only", "items", "mixing-stress", "resolutions", "batch", "lr", "desc"]
    for command in HelpTests.commands {
      for argument in command.arguments ?? [] where argument.kind != "flag" && argument.completionKind == nil {
        let name = argument.names?.first?.name ?? argument.valueName ?? "?"
        // The help of an option that takes a file or a folder says so.
        let help = (argument.abstract ?? "").lowercased()
        let takesFile = ["file", "folder", "data set", "dataset"].contains { help.contains($0) }
        let isHelp = command.commandName == "help" || argument.valueName == "subcommands"
        #expect(!takesFile || text.contains(name) || isHelp, "\(command.commandName) \(name): \(help)")
      }
    }
  }

  /// A line with the cursor at its end, and what Tab offers.
  static let lines: [(line: String, offers: [String])] = [
    ("stylegan ge", ["generate"]),
    ("stylegan dataset b", ["build"]),
    ("stylegan train --resol", ["--resolution"]),
    ("stylegan train --no-gr", ["--no-growing"]),
    ("stylegan train --cfg wg", ["wgan", "wgan-gp"]),
    ("stylegan train --cfg dcgan --wid", ["--width"]),
    ("stylegan train --data da", ["data.bin"]),
    ("stylegan train --outdir ", ["runs"]),
    ("stylegan train --resume r", ["runs"]),
    ("stylegan train --metrics fid", ["fid50k", "fid50k_full"]),
    ("stylegan generate --device c", ["cpu", "cuda"]),
    ("stylegan generate --network ", ["a net.safetensors", "net.safetensors", "runs"]),
    ("stylegan generate --network runs/", ["runs/inner.safetensors"]),
    ("stylegan generate --seeds w", ["w.npz"]),
    ("stylegan project ph", ["photo.jpg"]),
    ("stylegan project photo.jpg --spa", ["--space"]),
    ("stylegan style-mixing --styles m", ["middle"]),
    ("stylegan interpolate --format m", ["mp4"]),
    ("stylegan dataset build photo.jpg s", ["set.zip"]),
    ("stylegan dataset build --crop ", ["center", "none"]),
    ("stylegan inspect n", ["net.safetensors"]),
    ("stylegan report ", ["runs"]),
  ]

  @Test func bashCompletes() throws {
    let folder = try TemporaryFolder()
    try Self.script("bash").write(toFile: folder.file("script"), atomically: true, encoding: .utf8)
    let files = folder.file("here")
    try FileManager.default.createDirectory(atPath: "\(files)/runs", withIntermediateDirectories: true)
    for name in [
      "net.safetensors", "a net.safetensors", "w.npz", "photo.jpg", "notes.txt", "data.bin", "set.zip",
      "runs/inner.safetensors",
    ] { try Data().write(to: URL(fileURLWithPath: "\(files)/\(name)")) }
    for (line, offers) in Self.lines {
      // As bash's readline does: the words of the line, the cursor at the end of the last.
      let outcome = try Program.run(
        [line], in: files,
        shell: """
          source "\(folder.file("script"))"
          COMP_LINE=$2 COMP_POINT=${#2}
          read -ra COMP_WORDS <<<"$2"
          [[ $2 != *" " ]] || COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          _stylegan stylegan "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\\n' "${COMPREPLY[@]}"
          """)
      #expect(outcome.errors == "", "\(line): \(outcome.errors)")
      #expect(outcome.output.split(separator: "\n").map(String.init).sorted() == offers, "\(line)")
    }
  }
}
