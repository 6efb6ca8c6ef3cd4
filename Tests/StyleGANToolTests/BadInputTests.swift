import Foundation
import Testing
import _TestSupport

/// What a user can get wrong: each mistake gives one clear sentence and the right exit code, nothing traps, and nothing is
/// left behind.
struct BadInput: CustomTestStringConvertible, Sendable {
  /// The command line; `OUT` is a folder of the case's own.
  let line: String
  let exitCode: Int32
  /// What the sentence says.
  let phrase: String
  /// How the program is run, see ``Program``; nil: by itself.
  var shell: String?

  init(_ line: String, _ exitCode: Int32, _ phrase: String, shell: String? = nil) {
    (self.line, self.exitCode, self.phrase, self.shell) = (line, exitCode, phrase, shell)
  }

  var testDescription: String { (shell.map { "\($0): " } ?? "") + line }

  /// Runs it and checks the outcome and the folders.
  func check(out: String, extra: [String: String] = [:]) throws {
    let arguments = line.split(separator: " ").map {
      // "_" stands for an empty argument, "␣" for a space.
      $0 == "_" ? "" : $0.replacingOccurrences(of: "OUT", with: out).replacingOccurrences(of: "␣", with: " ")
    }
    let (before, filesBefore) = (listing(out), listing(BadFiles.path))
    let outcome = try Program.run(
      arguments, in: BadFiles.path, shell: shell?.replacingOccurrences(of: "OUT", with: out), environment: extra)
    #expect(outcome.signal == nil, "ended by a signal: \(outcome.errors)")
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
    #expect(outcome.errors.contains(phrase), "\(outcome.errors)")
    #expect(!outcome.errors.contains("Fatal error"))
    let sentences = outcome.errorLines.filter { $0.lowercased().hasPrefix("error:") }
    #expect(sentences.count == 1, "\(outcome.errors)")
    // ArgumentParser adds help and usage to its errors, nobody else adds anything.
    if sentences.first?.hasPrefix("error:") == true {
      #expect(outcome.errorLines.filter { !$0.hasPrefix("note: ") }.count == 1, "\(outcome.errors)")
    }
    #expect(listing(out) == before)
    #expect(listing(BadFiles.path) == filesBefore)
  }
}

private let train = "train --data good.idx3 --outdir OUT/runs --width tiny"
private let draw = "generate --outdir OUT/new --network"

@Suite struct BadInputTests {
  static let numbers: [BadInput] = [
    .init("\(train) --batch 0", 64, "batch"),
    .init("\(train) --batch -4", 64, "batch"),
    .init("\(train) --batch 4096 --width paper --resolution 1024", 64, "memory"),
    .init("\(train) --batch 99999999999999999999", 64, "--batch"),
    .init("\(train) --batch 8:4,12:4", 64, "--batch"),
    .init("\(train) --batch 8:4,16:0", 64, "batch"),
    .init("\(train) --lr 8:nan", 64, "--lr is 8:nan"),
    .init("\(train) --minutes 0", 64, "--minutes is 0"),
    .init("\(train) --minutes nan", 64, "--minutes is nan"),
    .init("\(train) --minutes 1e300", 64, "--minutes is 1e+300"),
    .init("\(train) --kimg nan", 64, "kimg is nan"),
    .init("\(train) --kimg -1", 64, "kimg is -1"),
    .init("\(train) --kimg inf", 64, "kimg is inf"),
    .init("\(train) --kimg 0", 64, "kimg is 0"),
    .init("\(train) --kimg many", 64, "--kimg"),
    .init("\(train) --gamma -1", 64, "gamma is -1"),
    .init("\(train) --gamma nan", 64, "gamma is nan"),
    .init("\(train) --lr 0", 64, "--lr is 0, but"),
    .init("\(train) --lr inf", 64, "--lr is inf"),
    .init("\(train) --resolution 12", 64, "power of two"),
    .init("\(train) --resolution 0", 64, "power of two"),
    .init("\(train) --resolution -8", 64, "power of two"),
    .init("\(train) --resolution 4", 64, "a power of two from 8"),
    .init("\(train) --resolution 4096", 64, "power of two"),
    .init("\(train) --channels 2", 64, "channels"),
    .init("\(train) --threads 0", 64, "--threads is 0"),
    .init("\(train) --threads 99999", 64, "--threads is 99999"),
    .init("\(train) --device cuda:99", 64, "not available"),
    .init("\(train) --device gpu", 64, "there is no device 'gpu'"),
    .init("\(train) --device cuda:x", 64, "there is no device"),
    .init("\(train) --width unknown", 64, "--width"),
    .init("\(train) --cfg biggan", 64, "--cfg"),
    .init("\(train) --seed -1", 64, "'-1' is invalid for '--seed"),
    .init("\(train) --seed 18446744073709551616", 64, "--seed"),
    .init("\(train) --r1-interval 0", 64, "--r1-interval is 0"),
    .init("\(train) --mixing 1.5", 64, "mixing is 1.5"),
    .init("\(train) --ema-kimg -1", 64, "--ema-kimg is -1"),
    .init("\(train) --tick 0", 64, "tick is 0"),
    .init("\(train) --snap 0", 64, "snap is 0"),
    .init("\(train) --start-resolution 12", 64, "--start-resolution is 12"),
    .init("\(train) --fade-kimg nan", 64, "--fade-kimg is nan"),
    .init("\(train) --fmap-base 0", 64, "--fmap-base is 0"),
    .init("\(train) --fmap-max -5", 64, "--fmap-max is -5"),
    .init("\(train) --z-dim 0", 64, "--z-dim is 0"),
    .init("\(train) --map-depth -1", 64, "--mapping-layers is -1"),
    .init("\(train) --fmap-base 1048576 --fmap-max 4096 --w-dim 8192 --z-dim 8192 --map-depth 64", 64, "memory"),
    .init("\(train) --unknown-option", 64, "--unknown-option"),
    .init("train", 64, "--data is missing"),
    .init("paint", 64, "paint"),
  ]

  @Test(arguments: numbers) func numbersAndNames(_ bad: BadInput) throws { try check(bad) }

  static let data: [BadInput] = [
    ("_", 66, "does not exist"), ("missing", 66, "does not exist"), ("data-empty", 65, "holds no images"),
    ("data-loop", 65, "holds no images"), ("data-text", 65, "a.png is not an image"),
    ("data-cut", 65, "a.png is truncated"), ("data-damaged", 65, "b.png is truncated"),
    ("data-mixed", 65, "b.png is 32×32"), ("data-odd", 65, "a.png is 20×12"), ("data-device", 65, "holds no images"),
    ("pipe.zip", 65, "pipe"), ("/dev/zero", 65, "device"), ("picture.png", 65, "single image"),
    ("net.safetensors", 65, "its format is unknown"), ("empty.zip", 65, "empty"), ("text.zip", 65, "ZIP"),
    ("no-entries.zip", 65, "holds no images"), ("cut.zip", 65, "ZIP"), ("wrong-checksum.zip", 65, "a.png"),
    ("bomb.zip", 65, "to 1"), ("cut.idx3", 65, "ends after"), ("promises.idx3", 65, "declares 4294967295 images"),
    ("header.idx3", 65, "ends within its header"), ("data_batch_1.bin", 65, "records"),
  ].map { BadInput("train --outdir OUT/runs --width tiny --data \($0)", $1, $2) }

  @Test(arguments: data) func dataOfTraining(_ bad: BadInput) throws { try check(bad) }

  static let states: [BadInput] = [
    .init("train --resume missing.safetensors", 66, "does not exist"),
    .init("train --resume latest --outdir OUT", 66, "no training state"),
    .init("train --resume latest --outdir runs-without-state", 66, "no training state"),
    .init("train --resume data-empty", 66, "no training state"),
    .init("train --resume sound-state --data other.idx3", 65, "other.idx3 is not the data set this run started with"),
    .init("train --resume sound-state --gamma 3", 64, "leave out --gamma"),
    .init("train --resume sound-state --tick 2", 64, "leave out --tick"),
    .init("train --resume sound-state --kimg 0.01", 64, "has trained 0.02 kimg already, and --kimg is 0.01"),
    .init("train --resume sound-state --kimg nan", 64, "kimg is nan"),
    .init("train --resume cut-state", 65, "truncated"),
    .init("train --resume empty-state", 65, "not a safetensors file"),
    .init("train --resume network-as-state", 65, "not a training state"),
    .init("train --resume picture.png", 65, "safetensors"),
    .init("train --resume no-progress", 65, "no 'progress'"),
    .init("train --resume negative-progress", 65, "'progress' is impossible"),
    .init("train --resume endless-progress", 65, "'progress' is impossible"),
    .init("train --resume uncounted-progress", 65, "'progress' is impossible"),
    .init("train --resume bad-random", 65, "'random'"),
    .init("train --resume no-random", 65, "\"random\""),
    .init("train --resume no-options", 65, "'options'"),
    .init("train --resume zero-batch", 65, "batchSizes"),
    .init("train --resume other-device", 64, "not available"),
    .init("train --resume data-gone", 66, "gone.idx3, the data of this run, does not exist"),
    .init("train --resume data-changed", 65, "not the data set"),
    .init("train --resume nan-moments", 65, "not finite"),
    .init("train --data good.idx3 --outdir OUT/runs --init-from missing", 66, "does not exist"),
    .init("train --data good.idx3 --outdir OUT/runs --init-from wider.safetensors", 65, "does not fit"),
    .init(
      "train --data good.idx3 --outdir OUT/runs --init-from net.safetensors --fmap-max 8", 64, "leave out --fmap-max"),
  ]

  @Test(arguments: states) func statesAndStarts(_ bad: BadInput) throws { try check(bad) }

  static let networks: [BadInput] = [
    ("missing.safetensors", 66, "does not exist"), ("no-networks", 66, "without a network-snapshot"),
    ("_", 66, "does not exist"), ("empty.safetensors", 65, "has 0 bytes"), ("short.safetensors", 65, "has 5 bytes"),
    ("text.safetensors", 65, "not a safetensors file"), ("picture.safetensors", 65, "not a safetensors file"),
    ("picture.png", 65, "not a safetensors file"), ("huge-header.safetensors", 65, "the limit is 100000000"),
    ("long-header.safetensors", 65, "safetensors"), ("broken-json.safetensors", 65, "malformed header"),
    ("cut-header.safetensors", 65, "truncated"), ("cut-data.safetensors", 65, "truncated"),
    ("longer.safetensors", 65, "belong to no tensor"), ("/dev/zero", 65, "not a regular file"),
    ("pipe.zip", 65, "not a regular file"), ("nan.safetensors", 65, "not finite"),
    ("missing-tensor.safetensors", 65, "is missing"), ("no-format.safetensors", 65, "no 'format'"),
    ("other-format.safetensors", 65, "network 99"), ("other-family.safetensors", 65, "biggan"),
    ("no-configuration.safetensors", 65, "no 'configuration'"),
    ("bad-configuration.safetensors", 65, "'configuration' is not"), ("wider.safetensors", 65, "does not fit"),
    ("more-channels.safetensors", 65, "does not fit"), ("zero-channels.safetensors", 65, "imageChannels is 0"),
    ("gigantic.safetensors", 65, "needs a generator of"), ("grown-beyond.safetensors", 65, "growth"),
  ].enumerated().map { i, bad in
    // Both open a network in the same way.
    BadInput("\(i % 2 == 0 ? draw : "inspect") \(bad.0)", Int32(bad.1), bad.2)
  }

  @Test(arguments: networks) func networkFiles(_ bad: BadInput) throws { try check(bad) }

  static let pictures: [BadInput] = [
    .init("\(draw) net.safetensors --seeds 5-2", 64, "'5-2' runs backwards"),
    .init("\(draw) net.safetensors --seeds a", 64, "--seeds"),
    .init("\(draw) net.safetensors --seeds _", 64, "--seeds"),
    .init("\(draw) net.safetensors --seeds 1,", 64, "a number is missing"),
    .init("\(draw) net.safetensors --seeds -1", 64, "--seeds"),
    .init("\(draw) net.safetensors --seeds 4294967296", 64, "4294967296"),
    .init("\(draw) net.safetensors --seeds 0-4294967295", 64, "more than 1000000 numbers"),
    .init("\(draw) net.safetensors --grid 0x3", 64, "--grid"),
    .init("\(draw) net.safetensors --grid 3", 64, "as in 8x4"),
    .init("\(draw) net.safetensors --grid 9999x9999", 64, "--grid"),
    .init("\(draw) net.safetensors --grid 2x2 --seeds 0-9", 64, "fewer places"),
    .init("\(draw) net.safetensors --grid 2x2 --seeds 0-999999", 64, "fewer places"),
    .init("\(draw) net.safetensors --scale 0", 64, "--scale is 0"),
    .init("\(draw) net.safetensors --scale -1", 64, "--scale is -1"),
    .init("\(draw) net.safetensors --grid 256x256 --scale 32", 64, "too many"),
    .init("\(draw) net.safetensors --trunc nan", 64, "--trunc is nan"),
    .init("\(draw) net.safetensors --trunc inf", 64, "--trunc is inf"),
    .init("\(draw) net.safetensors --trunc -1e9", 64, "--trunc is -1"),
    .init("\(draw) net.safetensors --trunc-cutoff -1", 64, "--trunc-cutoff is -1"),
    .init("\(draw) net.safetensors --noise-mode loud", 64, "--noise-mode"),
    .init("\(draw) net.safetensors --precision fp8", 64, "--precision"),
    .init("\(draw) net.safetensors --device cuda:99", 64, "not available"),
    .init("generate", 64, "--network"),
    .init("style-mixing --network net.safetensors --rows 1 --cols 2 --styles 99 --outdir OUT/new", 64, "layer 99"),
    .init("style-mixing --network net.safetensors --rows 1 --cols 2 --styles rough --outdir OUT/new", 64, "'rough'"),
    .init("style-mixing --network net.safetensors --rows 1 --cols 2 --styles _ --outdir OUT/new", 64, "--styles"),
    .init("style-mixing --network net.safetensors --rows 0-999 --cols 0-999 --outdir OUT/new", 64, "10,000"),
    .init("style-mixing --network net.safetensors --rows 1 --outdir OUT/new", 64, "--cols"),
    .init("interpolate --network net.safetensors --seeds 1 --outdir OUT/new", 64, "two seeds"),
    .init("interpolate --network net.safetensors --seeds 1 --path truncation --trunc 0.5", 64, "--psi-from"),
    .init("interpolate --network net.safetensors --seeds 1,2 --fps 0 --outdir OUT/new", 64, "--fps is 0"),
    .init("interpolate --network net.safetensors --seeds 1,2 --fps nan --outdir OUT/new", 64, "--fps is nan"),
    .init("interpolate --network net.safetensors --seeds 1,2 --frames 0 --outdir OUT/new", 64, "--frames is 0"),
    .init("interpolate --network net.safetensors --seeds 1,2 --frames -3 --outdir OUT/new", 64, "--frames is -3"),
    .init("interpolate --network net.safetensors --seeds 1,2 --steps 0 --outdir OUT/new", 64, "--steps is 0"),
    .init("interpolate --network net.safetensors --seeds 0-999 --frames 999 --outdir OUT/new", 64, "frames"),
    .init("inspect", 64, "<file>"),
  ]

  @Test(arguments: pictures) func picturesAskedFor(_ bad: BadInput) throws { try check(bad) }

  static let datasets: [BadInput] = [
    .init("dataset info missing", 66, "does not exist"),
    .init("dataset info data-mixed", 65, "32×32"),
    .init("dataset info bomb.zip --benchmark", 65, "to 1"),
    .init("dataset info good.idx3 --resolution 12", 64, "power of two"),
    .init("dataset info good.idx3 --channels 2", 64, "channels"),
    .init("dataset info good.idx3 --benchmark --threads 0", 64, "--threads"),
    .init("dataset info good.idx3 --benchmark --threads 1000000", 64, "--threads"),
    .init("dataset info", 64, "<path>"),
    .init("dataset check missing", 66, "does not exist"),
    .init("dataset check data-empty", 65, "holds no images"),
    .init("dataset check good.idx3 --threads -1", 64, "--threads is -1"),
    .init("dataset check good.idx3 --resolution 12", 64, "power of two"),
    .init("dataset build missing OUT/a.zip --resolution 16", 66, "does not exist"),
    .init("dataset build good.idx3 OUT/a.tar --resolution 16", 73, ".zip"),
    .init("dataset build good.idx3 OUT/a.zip", 64, "--resolution"),
    .init("dataset build good.idx3 OUT/a.zip --resolution 12", 64, "power of two"),
    .init("dataset build good.idx3 OUT/a.zip --resolution 16 --channels 7", 64, "channels"),
    .init("dataset build good.idx3 OUT/a.zip --resolution 16 --threads 99999", 64, "--threads is 99999"),
    .init("dataset build good.idx3 OUT/a.zip --resolution 16 --crop round", 64, "--crop"),
    .init("dataset build data-cut OUT/a.zip --resolution 16", 65, "a.png is truncated"),
    .init("dataset build data-cut OUT/a.zip --resolution 16 --channels 3", 65, "a.png is truncated"),
    .init("dataset build data-text OUT/a.zip --resolution 16", 65, "a.png is not an image"),
    .init("dataset build data-empty OUT/a.zip --resolution 16", 65, "holds no images"),
    .init("dataset build data-loop OUT/a.zip --resolution 16", 65, "holds no images"),
    .init("dataset build bomb.zip OUT/a.zip --resolution 16 --channels 3", 65, "to 1"),
    .init("dataset build good.idx3 OUT/mine.txt/a.zip --resolution 16", 73, "not a folder"),
    .init("dataset build good.idx3 OUT/nowhere/a.zip --resolution 16", 73, "does not exist"),
    .init("dataset build good.idx3 good.idx3 --resolution 16", 73, ".zip"),
    .init("dataset build good.idx3 bomb.zip --resolution 16", 73, "exists already"),
    .init("bench --batch 0", 64, "--batch is 0"),
    .init("bench --resolutions 12", 64, "--resolutions has 12"),
    .init("bench --threads -1", 64, "--threads is -1"),
    .init("bench --seconds nan", 64, "--seconds is nan"),
    .init("bench --width paper --resolutions 1024 --batch 1024", 64, "memory"),
    .init("metrics --network net.safetensors --data missing --metrics swd", 66, "does not exist"),
    .init("metrics --network missing --data good.idx3 --metrics swd", 66, "does not exist"),
    .init("metrics --network nan.safetensors --data good.idx3 --metrics swd", 65, "not finite"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics fid", 64, "'fid'"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics _", 64, "--metrics"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics swd --samples 1", 64, "--samples is 1"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics swd --samples -1", 64, "--samples is -1"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics swd --weights best", 64, "--weights"),
    .init("metrics --data good.idx3 --metrics swd", 64, "--network or --images"),
    .init("metrics --network net.safetensors --images good.idx3 --metrics swd", 64, "not both"),
    .init("metrics --network net.safetensors --metrics fid50k", 64, "give --data"),
    .init("metrics --images good.idx3 --metrics ppl_wend", 64, "give --network"),
    .init("metrics --images good.idx3 --metrics swd --mixing-stress 1,2", 64, "--mixing-stress needs"),
    .init("metrics --network net.safetensors --metrics ls --mixing-stress 0", 64, "1 to 16"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics is50k", 64, "no probabilities"),
    .init("metrics --network net.safetensors --metrics ls", 64, "--attributes"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics fid50k --detector inception", 65, "random-vgg"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics fid50k --detector no.pt", 66, "no.pt"),
    .init("metrics --network net.safetensors --data good.idx3 --metrics fid50k --detector good.idx3", 65, "good.idx3"),
    .init("metrics --network net.safetensors --metrics fid50k --detector net.safetensors", 65, "is not a detector"),
    .init("detector train --data good.idx3 --out OUT/d.safetensors", 65, "no labels"),
    .init("detector train --data good.idx3 --out OUT/d.pt", 64, ".safetensors"),
    .init("report missing", 66, "missing"),
    .init("report data-empty", 66, "data-empty is not the folder of a run (it has no options.json)"),
    .init("report good.idx3", 66, "good.idx3 is not the folder of a run"),
    .init("\(train) --metrics fid", 64, "'fid'"),
    .init("\(train) --metrics swd --metric-samples 1", 64, "--metric-samples is 1"),
  ]

  @Test(arguments: datasets) func datasetsAskedFor(_ bad: BadInput) throws { try check(bad) }

  static let places: [BadInput] = [
    .init("\(draw) net.safetensors --outdir OUT/mine.txt", 73, "not a folder"),
    .init("generate --network net.safetensors --outdir OUT/mine.txt/deep/er", 73, "not a folder"),
    .init("generate --network net.safetensors --outdir _", 73, "\"\""),
    .init("generate --network net.safetensors --outdir OUT/\(String(repeating: "n", count: 300))", 73, "too long"),
    .init("generate --network net.safetensors --outdir /proc/none", 73, "cannot write /proc/none"),
    .init("train --data good.idx3 --outdir OUT/mine.txt", 73, "not a folder"),
    .init("train --data good.idx3 --outdir OUT/mine.txt/runs", 73, "not a folder"),
    .init("train --data good.idx3 --outdir _", 73, "\"\""),
    .init("style-mixing --network net.safetensors --rows 1 --cols 2 --outdir OUT/mine.txt", 73, "not a folder"),
    .init("interpolate --network net.safetensors --seeds 1,2 --outdir OUT/mine.txt", 73, "not a folder"),
    // A limit on the size of files: no more than two blocks of 512 bytes.
    .init("train --data good.idx3 --outdir OUT/runs --width tiny", 74, "limit", shell: "ulimit -f 2; \"$@\""),
    .init("generate --network net.safetensors --grid 16x16 --outdir OUT", 74, "limit", shell: "ulimit -f 2; \"$@\""),
    .init("inspect net.safetensors", 74, "the disk is full", shell: "\"$@\" > /dev/full"),
  ]

  @Test(arguments: places) func placesToWriteTo(_ bad: BadInput) throws { try check(bad) }

  /// The same files and options without a mistake.
  @Test(
    arguments: [
      "generate --network net.safetensors --seeds 0,4294967295 --outdir OUT/x",
      "generate --network sound-state/training-state.safetensors --grid 3x2 --trunc -0.5 --outdir OUT/x",
      "generate --network net.safetensors --noise-mode random --noise-seed 18446744073709551615 --outdir OUT/x",
      "generate --network net.safetensors --noise-mode none --outdir OUT/x",
      "train --resume sound-state --dry-run", "inspect sound-state/training-state.safetensors --json",
      "train --data good.idx3 --init-from net.safetensors --gamma 0 --dry-run",
      "train --data good.idx3 --init-from net.safetensors --resolution 32 --channels 3 --dry-run",
    ])
  func soundInput(_ line: String) throws {
    let out = try TemporaryFolder()
    let arguments = line.split(separator: " ").map { $0.replacingOccurrences(of: "OUT", with: out.path) }
    let outcome = try Program.run(arguments, in: BadFiles.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors == "")
  }

  /// What is wrong with data is told on stdout, all of it.
  @Test func datasetCheckListsWhatIsWrong() throws {
    let outcome = try Program.run(["dataset", "check", "data-damaged"], in: BadFiles.path)
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors == "")
    #expect(outcome.output.contains("b.png") && !outcome.output.contains("a.png:"))
  }

  private func check(_ bad: BadInput) throws {
    let out = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: out.file("mine.txt")))
    try bad.check(out: out.path)
  }
}

/// File systems that refuse: these need the right to mount one.
@Suite struct RefusingFileSystemTests {
  private static let commands = [
    "train --data good.idx3 --outdir OUT/runs --width tiny",
    "generate --network net.safetensors --grid 16x16 --outdir OUT/x",
    "style-mixing --network net.safetensors --rows 0-9 --cols 0-9 --outdir OUT/x",
    "interpolate --network net.safetensors --seeds 1-9 --outdir OUT/x",
    "dataset build good.idx3 OUT/a.zip --resolution 64",
  ]

  @Test(.enabled(if: Mount.isAllowed, "mounting is not allowed here"), arguments: commands)
  func readOnly(_ command: String) throws {
    let mount = try #require(Mount("ro,size=64k"))
    try BadInput(command, 73, "read-only").check(out: mount.path)
  }

  @Test(.enabled(if: Mount.isAllowed, "mounting is not allowed here"), arguments: commands)
  func full(_ command: String) throws {
    let mount = try #require(Mount("size=64k"))
    // What is left has room for a folder's name and not for a file.
    try Data(count: 60 << 10).write(to: URL(fileURLWithPath: "\(mount.path)/filler"))
    let blocks = command.hasPrefix("train") ? command : command.replacingOccurrences(of: "OUT/x", with: "OUT")
    try BadInput(blocks, 74, "the disk is full").check(out: mount.path)
  }

  /// The disk fills up while training: the last state stays whole.
  @Test(.enabled(if: Mount.isAllowed, "mounting is not allowed here"))
  func fillsUpInTraining() throws {
    let mount = try #require(Mount("size=512k"))
    let outcome = try Program.run(
      ["train", "--data", "good.idx3", "--outdir", mount.path, "--kimg", "100", "--tick", "0.004", "--snap", "1"]
        + smallTraining, in: BadFiles.path)
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errorLines.filter { $0.hasPrefix("error:") }.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("the disk is full") || outcome.errors.contains("no space is left"))
    let run = try #require(listing(mount.path).first { !$0.contains("/") })
    #expect(!listing(mount.path).contains { $0.contains("/.") }, "a temporary file is left")
    let inspected = try Program.run(["inspect", "\(mount.path)/\(run)/training-state.safetensors"], in: BadFiles.path)
    #expect(inspected.exitCode == 0, "\(inspected.errors)")
  }
}

/// A small file system in memory that disappears with this object.
private final class Mount {
  static let isAllowed = Mount("size=64k") != nil
  let path: String
  private let folder: TemporaryFolder

  init?(_ options: String) {
    guard let folder = try? TemporaryFolder() else { return nil }
    (self.folder, path) = (folder, folder.path)
    guard Self.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]) else { return nil }
  }

  deinit { _ = Self.run(["umount", path]) }

  private static func run(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
