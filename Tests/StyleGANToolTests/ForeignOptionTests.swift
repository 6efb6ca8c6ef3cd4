import Foundation
import Testing
import _TestSupport

/// Options of NVIDIA's programs are accepted or explained: every row of the table.
@Suite struct ForeignOptionTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let command, option, answer: String
    var works: Bool { !answer.hasPrefix("refused: ") }
    var testDescription: String { "\(command) \(option)" }
  }

  private static let text = (try? Program.run(["nvidia-options"], in: "/"))?.output ?? ""

  /// The rows, as the program prints them.
  static let rows: [Row] = {
    var (rows, command): ([Row], String) = ([], "")
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { command = String(line.dropFirst(3)) }
      let cells = line.components(separatedBy: " | ")
      guard !command.isEmpty, line.hasPrefix("| `"), cells.count == 2 else { continue }
      rows.append(
        Row(command: command, option: String(cells[0].dropFirst(3).dropLast()), answer: String(cells[1].dropLast(2))))
    }
    return rows
  }()

  /// What each command needs besides the option; no file exists.
  private static let needed = [
    "train": "--data none", "generate": "--network none", "style-mixing": "--network none --rows 1 --cols 2",
    "interpolate": "--network none --seeds 0-3", "project": "none.png --network none",
    "metrics": "--network none --metrics swd --data none", "dataset build": "none none.zip --resolution 64",
    "figures": "--network none", "directions": "--network none",
  ]

  @Test func theTableIsThere() throws {
    #expect(Self.rows.count > 100)
    for option in [
      "--gpus=", "--mirror=1", "--aug=", "--cond=", "--cbase=", "--cmax=", "--glr", "--dlr", "--workers=", "--subset=",
      "--batch-gpu=", "--freezed=", "--class=", "--num-steps=", "--target=", "--cfg=", "--gamma=", "--kimg=",
      "--trunc=",
      "--seeds=", "--outdir=", "--network=https", "--metrics=", "--snap=", "--seed=", "--fp32=", "--bench", "--nobench",
      "--nhwc", "--resume=ffhq256", "--projected-w=", "--save-video=", "--noise-mode=", "--translate=", "--rotate=",
      "--rows=", "--cols=", "--styles=", "--dest=", "--source=", "--transform=", "--width=", "--height=",
    ] {
      #expect(Self.rows.contains { $0.option.contains(option) }, "\(option)")
    }
  }

  /// What works is understood whole: only the file that does not exist is missed. What does not work is one sentence.
  @Test(arguments: rows) func everyRowIsTrue(_ row: Row) throws {
    let folder = try TemporaryFolder()
    var needed = Self.needed[row.command]!.split(separator: " ").map(String.init)
    let option = row.option.split(separator: " ").map(String.init)
    // The option replaces what is needed.
    if row.option.hasPrefix("--target") { needed.removeFirst() }
    if row.option.hasPrefix("--source") { needed.removeFirst(2) }
    if row.command == "dataset build", "\(row.option) \(row.answer)".contains("--width") { needed.removeLast(2) }
    let arguments = row.command.split(separator: " ").map(String.init) + needed + option
    let outcome = try Program.run(
      arguments, in: folder.path, environment: ["XDG_CACHE_HOME": folder.path, "PATH": "/nowhere"])
    if row.works {
      let cuda = row.answer.contains("--device cuda") && outcome.errors.contains("not available")
      #expect(outcome.exitCode == 66 || cuda, "\(arguments): \(outcome.errors)")
      let isLatest = outcome.errors.contains("no training state")
      #expect(outcome.errors.contains("does not exist") || cuda || isLatest, "\(arguments): \(outcome.errors)")
    } else {
      #expect(outcome.exitCode == 64, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains("error: \(row.answer.dropFirst(9))"), "\(arguments): \(outcome.errors)")
      #expect(outcome.errorLines.last == "note: see 'stylegan nvidia-options'", "\(arguments): \(outcome.errors)")
    }
    #expect(outcome.errorLines.filter { !$0.hasPrefix("note: ") }.count == 1, "\(arguments): \(outcome.errors)")
    #expect(folder.contents == [])
  }

  /// The document has the table of the program. `STYLEGAN_UPDATE_SNAPSHOTS=1` rewrites it.
  @Test func theDocumentIsTheTable() throws {
    let path = "\(Program.package)/docs/nvidia.md"
    let mark = "<!-- `stylegan nvidia-options` prints the tables below. -->\n"
    var parts = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: mark)
    try #require(parts.count == 2)
    if ProcessInfo.processInfo.environment["STYLEGAN_UPDATE_SNAPSHOTS"] == "1" {
      parts[1] = Self.text
      try parts.joined(separator: mark).write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(parts[1] == Self.text)
  }

  /// Command lines of those programs and ours that do the same.
  @Test func translationsDoTheSame() throws {
    let folder = try TemporaryFolder()
    let tiny = "train --data good.idx3 --fmap-base 32 --z-dim 8 --w-dim 8 --dry-run"
    for (theirs, ours) in [
      (
        "train --data=good.idx3 --cfg=stylegan2 --gpus=0 --mirror=1 --cond=0 --cbase=64 --cmax=4 --glr=0.002 --dlr=0.002"
          + " --aug=noaug --workers=2 --fp32=1 --resume=noresume --nobench=1 -n",
        "train --data good.idx3 --cfg stylegan2 --mirror --fmap-base 32 --fmap-max 4 --lr 0.002 --precision fp32 --dry-run"
      ), ("\(tiny) --mirror 1 --cond no --fp32=false", "\(tiny) --mirror"),
      ("\(tiny) --gpus=1 --device cpu", "\(tiny) --device cpu"),
      ("\(tiny) --mirror --seed 5", "\(tiny) --mirror --seed=5"),
      ("\(tiny) --mirror false", tiny),
    ] {
      let outcomes = try [theirs, ours].map {
        try Program.run($0.split(separator: " ").map(String.init), in: BadFiles.path)
      }
      // All but the measured time.
      let plans = outcomes.map { $0.output.components(separatedBy: "\ntime: ").first }
      #expect(outcomes[0].exitCode == 0 && plans[0] == plans[1], "\(theirs): \(outcomes[0].errors)")
      #expect(
        outcomes[0].errorLines.allSatisfy { $0.hasPrefix("note: '") && $0.contains(" here") }, "\(outcomes[0].errors)")
      #expect(outcomes[1].errors == "")
    }
    func draw(_ line: String) throws -> [String] {
      let line = line.replacingOccurrences(of: "OUT", with: folder.path)
      let outcome = try Program.run(line.split(separator: " ").map(String.init), in: BadFiles.path)
      #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
      return outcome.output.split(separator: "\n").map(String.init)
    }
    _ = try draw("project --target=picture.png --num-steps=2 --save-video=0 --network=net.safetensors --outdir=OUT")
    _ = try draw("generate --projected-w=OUT/picture.npz --network=net.safetensors --outdir=OUT/a")
    _ = try draw(
      "generate --seeds=OUT/picture.npz --network=net.safetensors --outdir=OUT/b --quiet".replacingOccurrences(
        of: " --quiet", with: ""))
    #expect(
      FileManager.default.contents(atPath: folder.file("a/picture.png"))
        == FileManager.default.contents(atPath: folder.file("b/picture.png")))
    _ = try draw("dataset build --dest=OUT/a.zip --source=good.idx3 --resolution=16x16 --transform=center-crop")
    _ = try draw("dataset build good.idx3 OUT/b.zip --resolution 16")
    #expect(
      FileManager.default.contents(atPath: folder.file("a.zip"))
        == FileManager.default.contents(atPath: folder.file("b.zip")))
  }

  /// Files of other programs, under any name, and addresses.
  static let networks: [BadInput] = [
    ("ffhq.pkl", "it is a pickle, the format of NVIDIA's StyleGAN programs"),
    ("ffhq.safetensors", "it is a pickle, the format of NVIDIA's"), ("weights.pt", "a file of PyTorch's torch.save"),
    ("legacy.pt", "a file of PyTorch's torch.save"), ("page.pkl", "it is a web page: the download failed"),
    ("lfs.pkl", "a pointer of Git LFS"), ("empty.pkl", "it has 0 bytes: the download or copy failed"),
    ("https://example.com/ffhq.pkl", "which this version cannot read"),
    ("https://example.com/net.safetensors", "curl -L -O https://example.com/net.safetensors"),
  ].enumerated().flatMap { index, network in
    let (file, phrase) = network
    let isAddress = file.contains("://")
    let path = isAddress ? file : "OUT/\(file)"
    // Two of the ways to open a network for each file.
    let lines = [
      "generate --outdir OUT/new --network \(path)", "train --data good.idx3 --outdir OUT/runs --resume \(path)",
      "inspect \(path)", "train --data good.idx3 --outdir OUT/runs --init-from \(path)",
      "metrics --metrics swd --network=\(path)",
    ]
    return [lines[2 * index % 5], lines[(2 * index + 1) % 5]].map { BadInput($0, isAddress ? 64 : 65, phrase) }
  }

  @Test(arguments: networks) func foreignNetworksAreNamed(_ bad: BadInput) throws {
    let out = try TemporaryFolder()
    let legacy: [UInt8] = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
    for (name, bytes) in [
      ("ffhq.pkl", [0x80, 3] + Array("}q".utf8)),
      ("ffhq.safetensors", [0x80, 4, 0x95] + [UInt8](repeating: 1, count: 80)),
      ("weights.pt", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 80)), ("legacy.pt", legacy),
      ("page.pkl", Array("<!DOCTYPE html><html></html>".utf8)),
      ("lfs.pkl", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)),
    ] {
      try Data(bytes).write(to: URL(fileURLWithPath: out.file(name)))
    }
    try Data().write(to: URL(fileURLWithPath: out.file("empty.pkl")))
    try bad.check(out: out.path)
  }
}

/// Mistyped commands and options: what was meant is named.
@Suite struct MistypingTests {
  static let mistakes: [BadInput] = [
    ("genrate --network net.safetensors", "there is no command 'genrate'. Did you mean 'generate'?"),
    ("style_mixing --rows 1", "Did you mean 'style-mixing'?"), ("generate.py --seeds 1", "Did you mean 'generate'?"),
    ("gen_images.py", "Did you mean 'generate'?"), ("projector.py --target a.png", "Did you mean 'project'?"),
    ("projector", "Did you mean 'project'?"), ("calc_metrics.py", "Did you mean 'metrics'?"),
    ("dataset_tool.py --source a", "Did you mean 'dataset build'?"), ("Train --data x", "Did you mean 'train'?"),
    ("trian", "Did you mean 'train'?"), ("mix", "Did you mean 'style-mixing'?"), ("gen", "Did you mean 'generate'?"),
    ("interpolation", "Did you mean 'interpolate'?"), ("metric", "Did you mean 'metrics'?"),
    ("paint", "there is no command 'paint'; the commands are: train, plan, generate,"),
    ("dataset bild photos a.zip", "there is no command 'dataset bild'. Did you mean 'dataset build'?"),
    ("dataset chekc photos", "Did you mean 'dataset check'?"),
    ("dataset photos", "the commands are: check, build, info"),
    ("detector tarin", "Did you mean 'detector train'?"), ("build photos a.zip", "Did you mean 'dataset build'?"),
    ("help genrate", "Did you mean 'generate'?"), ("help dataset bild", "Did you mean 'dataset build'?"),
    ("generate --netwrok net.safetensors", "Unknown option '--netwrok'. Did you mean '--network'?"),
    ("generate --network net.safetensors --seed 3", "Unknown option '--seed'. Did you mean '--seeds'?"),
    ("metrics --netwrok net.safetensors --metrics swd", "Did you mean '--network'?"),
    ("train --dat good.idx3", "Unknown option '--dat'. Did you mean '--data'?"),
    ("train --data good.idx3 --fmap_max=8", "Unknown option '--fmap_max'. Did you mean '--fmap-max'?"),
    ("style-mixing --network net.safetensors --row 1 --cols 2", "Did you mean '--rows'?"),
    ("metrics --network net.safetensors --metrics swd --metric-samples 5", "Did you mean '--samples'?"),
    (
      "train --data a --freezed=3 --batch-gpu=9",
      "which this version cannot do: leave it out; also, --batch-gpu cuts a minibatch"
    ),
    ("interpolate --network net.safetensors --seeds 1,2 --format gif,gif", "gif is there twice"),
    ("dataset build a b.zip --resolutoin 64", "Did you mean '--resolution'?"),
  ].map { BadInput($0, 64, $1) }

  @Test(arguments: mistakes) func whatWasMeantIsNamed(_ bad: BadInput) throws {
    let out = try TemporaryFolder()
    try bad.check(out: out.path)
  }
}
