import Foundation

@testable import Datasets
@testable import Files
@testable import GANs
@testable import Torch

nonisolated(unsafe) private let generator = StyleGANGenerator(
  StyleGANConfiguration(
    resolution: 8, imageChannels: 1, zSize: 6, wSize: 6, mappingLayers: 1, fmapBase: 16, fmapMax: 4), seed: 0)

private let keys = [
  "Progress/kimg", "Progress/kimg", "Loss/G/loss", "Loss/D/loss", "Loss/scores/real", "Loss/r1_penalty", "Loss/pl_mean",
  "Timing/sec_per_kimg", "Progress/resolution", "Progress/tick",
]
private let metric = JSONText(
  text: """
    {"metric":"fid50k_full[fashion]","value":1.5,"values":{"fid":1.5},"samples":{"fake":100,"real":100},"detector":"fashion",
    "seed":1,"seconds":2.5,"kimg":4,"network":"network-snapshot-000004.safetensors"}
    """)
private let run = JSONText(text: "{\"recipe\":\"stylegan\",\"schedule\":{\"batchSizes\":{\"4\":8}},\"mirror\":true}")

private func number(_ choices: inout Choices) -> String {
  choices.oneIn(3) ? choices.of(JSONText.plains) : "\(Double(choices.integer()) / Double(1 + choices.below(9)))"
}

private func report() {
  attempt {
    let report = try RunReport(runs: [Scratch.path("run")])
    _ = try report.html()
    _ = report.problems
    if let plot = report.metricPlot() { _ = plot.svg().text(label: "metrics") }
  }
}

let recordTargets = [
  Target("latents") { choices in
    var made = MadeSafetensors()
    let ws = [[6], [1, 6], [4, 6], [1, 4, 6], [2, 4, 6], [0, 4, 6]]
    made.add(
      &choices, names: ["w", "w", "w", "noise.0", "noise.1", "noise.2", "noise.3"],
      shapes: ws + [[1, 1, 4, 4], [1, 1, 8, 8]])
    let path = Scratch.write(made.bytes(&choices), "w.safetensors")
    attempt { require(try SavedLatents(path: path, for: generator).codes.tensor.isAllFinite, "latents are finite") }
  },
  Target("latents-npz") { choices in
    let shape = choices.of(["6,", "1, 6", "4, 6", "1, 4, 6", "2, 4, 6", "0, 4, 6", "6, 4"])
    let header = Array(
      "{'descr': '\(choices.of(["<f4", "<f2", "<f8"]))', 'fortran_order': False, 'shape': (\(shape)), }\n".utf8)
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0] + little(header.count, 2) + header
    let data = filled(choices.of([96, 24, 48, 192, 12, 384]), choices.take(64))
    let path = Scratch.write(archive(&choices, [(Array("w.npy".utf8), bytes + data)]), "w.npz")
    attempt { require(try SavedLatents(path: path, for: generator).codes.tensor.isAllFinite, "latents are finite") }
  },
  Target("statistics") { (bytes: UnsafeRawBufferPointer) in
    _ = mkdir(Scratch.path("run"), 0o700)
    Scratch.write(run.text, "run/options.json")
    Scratch.write(bytes, "run/stats.jsonl")
    Scratch.write(bytes, "run/metric-fid50k_full.jsonl")
    report()
  },
  Target("report-made") { choices in
    _ = mkdir(Scratch.path("run"), 0o700)
    Scratch.write((0..<choices.below(3)).reduce(run) { text, _ in text.changed(&choices) }.text, "run/options.json")
    let lines = (0..<choices.below(6)).map { _ in
      "{" + (0..<choices.below(6)).map { _ in "\"\(choices.of(keys))\":\(number(&choices))" }.joined(separator: ",")
        + "}\n"
    }
    Scratch.write(lines.joined(), "run/stats.jsonl")
    let metrics = (0..<choices.below(4)).map { _ in
      (0..<choices.below(3)).reduce(metric) { text, _ in text.changed(&choices) }.text + "\n"
    }
    Scratch.write(metrics.joined(), "run/metric-fid50k_full.jsonl")
    report()
    // Drawing takes long.
    if choices.oneIn(64) {
      _ = LossPlot.write(statistics: Scratch.path("run/stats.jsonl"), to: Scratch.path("loss.png"))
    }
  },
  // The record of a data set in a training state, and another one to compare it with.
  Target("contents") { choices in
    func record(_ choices: inout Choices) -> String {
      let count = choices.below(5)
      let labels = choices.oneIn(2) ? (0..<count).map { _ in choices.below(3) } : []
      let object: [String: Any] = [
        "names": (0..<count).map { _ in choices.of(["a", "b", "c/a", "d"]) }, "labels": labels,
        "labelNames": choices.oneIn(2) ? ["x", "y", "z"] : [], "stamps": (0..<count).map { _ in choices.below(3) },
        "digests": [0, choices.below(5), 1, 7],
      ]
      return changed(JSONText(object), &choices)
    }
    func read(_ text: String) -> DatasetContents? {
      try? JSONDecoder().decode(DatasetContents.self, from: Data(text.utf8))
    }
    if let old = read(record(&choices)), let now = read(record(&choices)) {
      attempt {
        let changes = try DatasetChanges(from: old, to: now)
        require(old != now || changes.isEmpty, "equal records have no changes")
        _ = changes.description
      }
    }
  },
  // Names of files are any bytes.
  Target("names") { (bytes: UnsafeRawBufferPointer) in
    let name = bytes.prefix { $0 != 0 }
    let text = String(path: Array(name))
    require(text.pathBytes.elementsEqual(name), "names keep their bytes")
    require(!text.shown.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }, "shown names have no controls")
    require(text.withPath { strlen($0) } == name.count, "the system gets the whole name")
    for path in [text, "/" + text] {
      _ = (FileSystem.name(of: path), FileSystem.stem(of: path), Folder.of(path))
    }
  },
  Target("features") { choices in
    let folder = Scratch.path("features")
    var name = ""
    attempt {
      let file = try FeatureFile(folder: folder, key: "a")
      name = file.path
      try file.append(Tensor((0..<12).map(Float.init), shape: [4, 3]))
    }
    var bytes = attempt { try WholeFile.bytes(of: name) } ?? []
    for _ in 0..<choices.below(4) where !bytes.isEmpty {
      let at = choices.below(bytes.count)
      if choices.oneIn(3) { bytes.replaceSubrange(at..<min(at + 8, bytes.count), with: little(choices.integer(), 8)) }
      if choices.oneIn(4) { bytes.removeLast(choices.below(bytes.count)) }
    }
    if choices.oneIn(4) { bytes = choices.rest() }
    Scratch.write(bytes, "features/" + (name.split(separator: "/").last.map(String.init) ?? "x"))
    attempt {
      let file = try FeatureFile(folder: folder, key: "a")
      if file.count > 0 { _ = try file.rows(0..<file.count) }
      try file.append(Tensor([Float](repeating: 1, count: file.width ?? 2), shape: [1, file.width ?? 2]))
      file.remove()
    }
  },
]
