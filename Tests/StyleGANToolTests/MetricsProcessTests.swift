import Foundation
import Images
import Testing
import _TestSupport

/// Metrics while and after training, and the report, as a user runs them.
@Suite struct MetricsProcessTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 64, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private func run(_ line: String) throws -> Program.Outcome {
    try Program.run(
      line.split(separator: " ").map(String.init), in: folder.path,
      environment: ["XDG_CACHE_HOME": folder.file("cache")])
  }

  private func lines(_ path: String) throws -> [[String: Any]] {
    try String(contentsOfFile: folder.file(path), encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// A process that ends between a snapshot and its metrics loses none of them: the resumed run measures them first.
  @Test(arguments: ["nothing", "the last line", "the file"]) func missedMetricsAreMeasured(missing: String) throws {
    let trained = try run(
      "train --data data.idx3 --width tiny --fmap-max 4 --kimg 0.04 --batch 8 --tick 0.02 --snap 1 --no-growing --quiet "
        + "--outdir runs --metrics fid50k_full,swd --metric-samples 16")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    let file = "runs/\(name)/metric-fid50k_full.jsonl"
    func values() throws -> [Double?] { try lines(file).map { $0["value"] as? Double } }
    let whole = try values()
    #expect(whole.count == 2)
    switch missing {
    case "the last line":
      let text = try String(contentsOfFile: folder.file(file), encoding: .utf8)
      let first = text.prefix { $0 != "\n" } + "\n"
      try String(first).write(toFile: folder.file(file), atomically: true, encoding: .utf8)
    case "the file": try FileManager.default.removeItem(atPath: folder.file(file))
    default: break
    }
    for _ in 0..<2 {
      let resumed = try run("train --resume runs/\(name) --quiet")
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      // Only the newest network is measured.
      #expect(try values() == (missing == "the file" ? Array(whole.suffix(1)) : whole))
      #expect(try lines("runs/\(name)/metric-swd.jsonl").count == 2)
    }
  }

  @Test func fromTrainingToReport() throws {
    let training =
      "train --data data.idx3 --width tiny --kimg 0.04 --batch 8 --tick 0.02 --snap 1 --no-growing --outdir runs"
    let trained = try run(training + " --metrics fid50k_full,swd --metric-samples 48")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    let values = try lines("runs/\(name)/metric-fid50k_full.jsonl")
    #expect(values.count == 2)
    #expect(values[1]["metric"] as? String == "fid50k_full[random-vgg]@48")
    #expect(values[1]["samples"] as? [String: Int] == ["fake": 48, "real": 64])
    #expect(try lines("runs/\(name)/metric-swd.jsonl").count == 2)

    // The same again afterwards: the same value, and a second line.
    let measured = try run(
      "metrics --network runs/\(name) --data data.idx3 --metrics fid50k_full,ppl_wend,pr50k3,kid50k --samples 48")
    #expect(measured.exitCode == 0, "\(measured.errors)")
    let again = try lines("runs/\(name)/metric-fid50k_full.jsonl")
    #expect(again.count == 3)
    #expect(measured.errors.contains("note: fid50k_full of 48 is noisy and biased"), "\(measured.errors)")
    let (first, second) = (try #require(again[1]["value"] as? Double), try #require(again[2]["value"] as? Double))
    #expect(abs(first - second) < 1e-9 * first)
    #expect(listing(folder.file("runs/\(name)")).contains("metric-ppl_wend-values.safetensors"))

    let stress = try run(
      "metrics --network runs/\(name) --data data.idx3 --metrics fid50k --samples 48 --mixing-stress 1,3 --outdir stress"
    )
    #expect(stress.exitCode == 0, "\(stress.errors)")
    #expect(try lines("stress/metric-fid50k.jsonl").map { $0["mixing"] as? Int } == [1, 3])

    let report = try run("report runs/\(name)")
    #expect(report.exitCode == 0, "\(report.errors)")
    let page = try String(contentsOfFile: folder.file("runs/\(name)/report.html"), encoding: .utf8)
    for part in [
      "Generator loss", "fid50k_full[random-vgg]@48", "ppl_wend", "totalKimg", "<td>true</td>",
      "data:image/png;base64,",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    // Nothing is loaded from anywhere.
    for sign in ["http:", "https:", "src=\"/", "@import", "<link rel=\"stylesheet"] {
      #expect(!page.contains(sign), "\(sign)")
    }
  }

  /// What is measured is an option of the run: --resume measures it again, unless it is told anew.
  @Test func resumedTrainingsMeasureOn() throws {
    let started = try run(
      "train --data data.idx3 --width tiny --kimg 0.02 --batch 8 --tick 0.02 --snap 1 --no-growing --outdir runs"
        + " --metrics fid50k_full --metric-samples 32 --detector random-vgg")
    #expect(started.exitCode == 0, "\(started.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    func measures() throws -> [String: Any]? {
      let text = try Data(contentsOf: URL(fileURLWithPath: folder.file("runs/\(name)/options.json")))
      return try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])["measures"] as? [String: Any]
    }
    let first = try #require(try measures())
    #expect(first["metrics"] as? [String] == ["fid50k_full"] && first["samples"] as? Int == 32)
    #expect(first["detector"] as? String == "random-vgg")
    func resume(_ kimg: Double, _ more: String = "") throws -> Program.Outcome {
      try run("train --resume latest --outdir runs --kimg \(kimg)\(more)")
    }
    let again = try resume(0.04)
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try lines("runs/\(name)/metric-fid50k_full.jsonl").count == 2)
    #expect(try resume(0.06, " --metrics msssim").exitCode == 0)
    #expect(try lines("runs/\(name)/metric-fid50k_full.jsonl").count == 2)
    #expect(try lines("runs/\(name)/metric-msssim.jsonl")[0]["metric"] as? String == "msssim@32")
    #expect(try measures()?["metrics"] as? [String] == ["msssim"])
    #expect(try resume(0.08, " --metrics none").exitCode == 0)
    #expect(try measures() == nil)
    let refused = try resume(0.1, " --metric-samples 16")
    #expect(refused.exitCode == 64 && refused.errors.contains("--metrics"), "\(refused.errors)")

    let plot = try run("report runs/\(name) --out fid.png")
    #expect(plot.exitCode == 0 && listing(folder.path).contains("fid.png"), "\(plot.errors)")
  }

  /// What could never be measured is refused before anything is trained; a detector that went away later is a line.
  @Test func trainingsRefuseWhatCannotBeMeasured() throws {
    let training = "train --data data.idx3 --width tiny --batch 8 --tick 0.02 --snap 1 --no-growing --outdir runs"
    for (options, code, complaint): (String, Int32, String) in [
      ("--metrics is50k", 64, "is50k cannot be measured: the detector 'random-vgg' gives no probabilities"),
      ("--metrics fid50k --detector gone.pt", 66, "gone.pt"),
      ("--metrics fid50k --detector data.idx3", 65, "data.idx3"),
      ("--metrics ls", 64, "it needs attributes"),
    ] {
      for dry in ["", " --dry-run"] {
        let refused = try run("\(training) --kimg 0.02 \(options)\(dry)")
        #expect(refused.exitCode == code && refused.errors.contains(complaint), "\(options): \(refused.errors)")
      }
    }
    #expect(!listing(folder.path).contains("runs"))

    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let detector = folder.file("d.safetensors")
    try FileManager.default.copyItem(
      atPath: root.appendingPathComponent("Sources/CDetectors/fashion.safetensors").path, toPath: detector)
    let started = try run("\(training) --kimg 0.02 --metrics fid50k --metric-samples 16 --detector d.safetensors")
    #expect(started.exitCode == 0, "\(started.errors)")
    try FileManager.default.removeItem(atPath: detector)
    let resumed = try run("train --resume latest --outdir runs --kimg 0.04")
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    let log = try String(contentsOfFile: folder.file("runs/\(name)/log.txt"), encoding: .utf8)
    #expect(log.contains("no metrics") && log.contains("d.safetensors"), "\(log)")
    #expect(try lines("runs/\(name)/metric-fid50k.jsonl").count == 1)
  }

  @Test func picturesAreMeasured() throws {
    let outcome = try run("metrics --images data.idx3 --data data.idx3 --metrics fid50k_full,msssim --outdir here")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let value = try #require(try lines("here/metric-fid50k_full.jsonl")[0]["value"] as? Double)
    #expect(value >= 0 && value < 1e-3)
    #expect(try lines("here/metric-msssim.jsonl").count == 1)

    // The remedy for images of a wrong size is an option of this command.
    let folder = folder.file("odd")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for i in 0..<8 {
      try Image(width: 40, height: 40, channels: 1, pixels: (0..<1600).map { UInt8($0 * (i + 1) % 251) }).write(
        to: "\(folder)/\(i).png")
    }
    let line = "metrics --images odd --data odd --metrics swd --samples 8 --outdir elsewhere"
    let refused = try run(line)
    #expect(refused.exitCode == 64 || refused.exitCode == 65)
    #expect(refused.errors.contains("--resolution"), "\(refused.errors)")
    let followed = try run(line + " --resolution 32")
    #expect(followed.exitCode == 0, "\(followed.errors)")
  }

  /// Reals are mirrored as in the training, in its own metrics and later; files that do not say it have options beside them.
  @Test(arguments: [true, false]) func realsAreMirroredAsInTheTraining(mirror: Bool) throws {
    let trained = try run(
      "train --data data.idx3 --width tiny --kimg 0.02 --batch 8 --tick 0.02 --snap 1 --no-growing --outdir runs"
        + " --metrics fid50k_full --metric-samples 48" + (mirror ? " --mirror" : ""))
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    func real(_ path: String) throws -> Int? { (try lines(path).last?["samples"] as? [String: Int])?["real"] }
    let reals = mirror ? 128 : 64
    #expect(try real("runs/\(name)/metric-fid50k_full.jsonl") == reals)
    let network = try #require(listing(folder.file("runs/\(name)")).last { $0.hasPrefix("network-snapshot") })
    for (given, expected) in [("", reals), (" --mirror", 128), (" --no-mirror", 64)] {
      let measured = try run(
        "metrics --network runs/\(name)/\(network) --data data.idx3 --metrics fid50k_full,kid50k --samples 48\(given)")
      #expect(measured.exitCode == 0, "\(measured.errors)")
      #expect(try real("runs/\(name)/metric-fid50k_full.jsonl") == expected, "\(given)")
      #expect(measured.errors.contains("note: fid50k_full compares with all \(expected) real images"))
      #expect(measured.errors.contains("note: kid50k compares with 48 of the \(expected) real images"))
    }
    // A file without the record, as of earlier versions: its run's options say it.
    let path = folder.file("runs/\(name)/\(network)")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let record = try #require(bytes.range(of: Data(",\\\"mirror\\\":\(mirror)".utf8)))
    let rest = Data(String(repeating: " ", count: record.count).utf8)
    bytes.replaceSubrange(record, with: rest)
    try bytes.write(to: URL(fileURLWithPath: path))
    let measured = try run(
      "metrics --network runs/\(name)/\(network) --data data.idx3 --metrics fid50k_full --samples 48")
    #expect(measured.exitCode == 0, "\(measured.errors)")
    #expect(try real("runs/\(name)/metric-fid50k_full.jsonl") == reals)
  }

  /// What is too little for a metric is one sentence, before and while training; what is named twice is measured once.
  @Test func fewPictures() throws {
    try idx(count: 3, side: 16).write(to: URL(fileURLWithPath: folder.file("three.idx3")))
    for line in [
      "metrics --images data.idx3 --data three.idx3 --metrics pr50k3",
      "metrics --images data.idx3 --data data.idx3 --metrics pr50k3 --samples 2",
    ] {
      let refused = try run(line)
      #expect(refused.exitCode == 64 && refused.errors.contains("at least 4"), "\(line): \(refused.errors)")
      #expect(refused.errorLines.count == 1, "\(refused.errors)")
    }
    let twice = try run("metrics --images data.idx3 --data data.idx3 --metrics swd,swd --samples 8 --outdir here")
    #expect(twice.exitCode == 0, "\(twice.errors)")
    #expect(try lines("here/metric-swd.jsonl").count == 1)
  }

  /// A network without W is measured and walked through; what needs styles says so, and writes nothing.
  @Test func networksWithoutStyles() throws {
    let trained = try run(
      "train --cfg dcgan --data data.idx3 --width tiny --kimg 0.02 --batch 8 --tick 0.02 --snap 1 --outdir runs")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first)
    let network = "--network runs/\(name)"
    let measured = try run("metrics \(network) --data data.idx3 --metrics fid50k_full,ppl_zend,swd --samples 48")
    #expect(measured.exitCode == 0, "\(measured.errors)")
    let walked = try run("interpolate \(network) --seeds 1,2 --frames 2 --steps 2 --outdir walk")
    #expect(walked.exitCode == 0, "\(walked.errors)")
    for (line, sign) in [
      ("style-mixing \(network) --rows 1 --cols 2", "styles"), ("directions \(network)", "styles"),
      ("figures \(network)", "styles"), ("project \(network) --data data.idx3", "space W"),
      ("interpolate \(network) --seeds 1,2 --path cubic", "no W"),
      ("metrics \(network) --data data.idx3 --metrics fid50k --samples 48 --mixing-stress 2", "styles"),
      ("metrics \(network) --data data.idx3 --metrics ppl_wend --samples 48", "no W"),
    ] {
      let refused = try run(line + (line.hasPrefix("metrics") ? "" : " --outdir no"))
      #expect(refused.exitCode == 64 || refused.exitCode == 65, "\(line): \(refused.exitCode)")
      #expect(refused.errors.contains(sign), "\(line): \(refused.errors)")
    }
    #expect(!listing(folder.path).contains("no"))
  }
}
