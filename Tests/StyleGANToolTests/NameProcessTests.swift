import Files
import Foundation
import Images
import Testing
import _TestSupport

/// The program with names of any bytes on its command line, and with names that would change a terminal.
@Suite struct NameProcessTests {
  private static func pictures(in folder: String) throws {
    try Folder.make(folder)
    for index in 0..<3 {
      let pixels = (0..<64).map { UInt8(truncatingIfNeeded: $0 * (7 + index)) }
      try Image(width: 8, height: 8, channels: 1, pixels: pixels).write(to: "\(folder)/\(index).png")
    }
  }

  /// Data, output and runs in folders whose names are not UTF-8.
  @Test(arguments: [[0x63, 0x61, 0x66, 0xe9], [0x83, 0x65, 0x83, 0x58], [0xff, 0x20, 0x80]] as [[UInt8]])
  func argumentsAreBytes(bytes: [UInt8]) throws {
    try withFolder { folder in
      let name = String(path: bytes)
      try Self.pictures(in: "\(folder)/\(name)")
      let quoted = "$'" + bytes.map { "\\x" + String($0, radix: 16).leftPadded(to: 2) }.joined() + "'"
      func run(_ line: String) throws -> Program.Outcome {
        try Program.run(
          [], in: folder, shell: "N=\(quoted); " + line.replacingOccurrences(of: "stylegan ", with: "\"$@\" "))
      }
      var outcome = try run(
        "stylegan dataset build $N \"$N.zip\" --resolution 8".replacingOccurrences(of: " $N ", with: " \"$N\" "))
      #expect(outcome.exitCode == 0 && outcome.output.contains("\(name.shown).zip: 3 images"), "\(outcome.errors)")
      #expect(FileSystem.exists("\(folder)/\(name).zip"))
      outcome = try run(
        "stylegan train --data \"$N.zip\" --outdir \"$N/runs\" --kimg 0.004 --batch 4 --no-growing --width tiny --quiet"
      )
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let run0 = try #require(try Folder.names(in: "\(folder)/\(name)/runs").first)
      outcome = try run(
        "stylegan generate --network \"$N/runs/\"0* --seeds 0 --outdir \"$N/out\"")
      #expect(outcome.exitCode == 0 && outcome.output.contains("\(name.shown)/out/seed0000.png"), "\(outcome.errors)")
      #expect(FileSystem.exists("\(folder)/\(name)/out/seed0000.png"))
      #expect(FileSystem.exists("\(folder)/\(name)/runs/\(run0)/training-state.safetensors"))
      outcome = try run("stylegan train --resume latest --outdir \"$N/runs\" --kimg 0.008 --quiet")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
  }

  /// Neither results nor errors carry control characters of names to the terminal.
  @Test(arguments: ["\u{1b}]0;title\u{7}", "a\nerror: fake", "\u{1b}[2J", "x\u{202e}gnp"])
  func namesCannotChangeTheTerminal(name: String) throws {
    try withFolder { folder in
      try Self.pictures(in: "\(folder)/\(name)")
      try AtomicFile.write("words", to: "\(folder)/\(name)/\(name).png")
      try AtomicFile.write("words", to: "\(folder)/\(name)/\(name).mp4")
      let lines = [
        ["dataset", "check", name], ["dataset", "info", name],
        ["dataset", "build", name, "\(name).zip", "--resolution", "8", "--skip-bad"],
        ["dataset", "info", "\(name).zip"], ["inspect", name], ["generate", "--network", "\(name).zip"], [name],
        ["train", "--data", "\(name)/gone", "--cfg", name],
      ]
      for line in lines {
        let outcome = try Program.run(line, in: folder)
        let text = outcome.output + outcome.errors
        #expect(
          !text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 || $0.value == 0x202e },
          "\(line)")
        #expect(
          !text.split(separator: "\n").contains { $0 == "error: fake" || $0.hasPrefix("error: fake.") },
          "\(line): \(text)")
      }
    }
  }

  /// With few descriptors a dataset is read by fewer threads, or the command says so: exit 71, nothing skipped.
  @Test(arguments: [8, 9, 10, 12, 16, 24]) func fewDescriptorsAreNoDamage(limit: Int) throws {
    try withFolder { folder in
      try Self.pictures(in: "\(folder)/set")
      for index in 3..<40 {
        try AtomicFile.write(
          try WholeFile.bytes(of: "\(folder)/set/\(index % 3).png"), to: "\(folder)/set/\(index).png")
      }
      let outcome = try Program.run(
        ["dataset", "build", "set", "a.zip", "--resolution", "8", "--skip-bad", "--threads", "32"], in: folder,
        shell: "ulimit -n \(limit); exec \"$@\"")
      #expect(!outcome.errors.contains("damaged") && !outcome.errors.contains("skipped"), "\(outcome.errors)")
      if outcome.exitCode == 0 {
        #expect(outcome.output.contains("a.zip: 40 images"))
      } else {
        #expect(outcome.exitCode == 71 && outcome.errors.contains("too many files are open"), "\(outcome.errors)")
      }
      // With 24 descriptors nothing has to fail.
      if limit >= 24 { #expect(outcome.exitCode == 0, "\(outcome.errors)") }
    }
  }
}
