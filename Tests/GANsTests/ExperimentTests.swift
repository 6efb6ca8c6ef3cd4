import Foundation
import GANs
import Testing
import _TestSupport

/// Tables of trainings: their commands, what is read of a run, and the page.
@Suite struct ExperimentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func result(
    _ metric: String, _ value: Double, _ samples: [String: Int], mixing: Int? = nil
  ) throws -> MetricResult {
    let counts = samples.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
    let line = """
      {"metric": "\(metric)", "value": \(value), "values": {}, "samples": {\(counts)}, "seed": 0, "seconds": 0, "kimg": 2}
      """
    var result = try JSONDecoder().decode(MetricResult.self, from: Data(line.utf8))
    result.mixing = mixing
    return result
  }

  /// The published numbers are those of the paper, and rows of different tables share trainings.
  @Test func tablesAreConsistent() throws {
    #expect(Set(Experiment.all.map(\.name)).count == Experiment.all.count)
    for experiment in Experiment.all {
      #expect(experiment.seeds.count >= 2 && Set(experiment.columns.map(\.title)).count == experiment.columns.count)
      for row in experiment.rows {
        #expect(
          row.published.isEmpty || row.published.count == experiment.columns.count, "\(experiment.name) \(row.title)")
      }
      if case .images(let index) = experiment.length {
        #expect(experiment.rows[index].arguments.contains("stylegan-f"), "\(experiment.name)")
      }
    }
    func table(_ name: String) throws -> Experiment { try #require(Experiment.all.first { $0.name == name }) }
    #expect(try table("table1").rows.map { $0.published[0] } == [8.04, 5.25, 4.85, 4.88, 4.42, 4.40])
    let shared = Set(try table("table1").rows.map(\.arguments))
    #expect(shared.isSuperset(of: try table("table3").rows.filter { !$0.title.contains("50 %") }.map(\.arguments)))
  }

  /// One command for each number of samples; a table of several latents mixes them in one.
  @Test func measurements() {
    let row = Experiment.Row("", ["--cfg", "stylegan-e"], space: .z)
    func commands(_ columns: [Experiment.Column]) -> [String] {
      row.measurements(columns, network: "n", data: "d", detector: "auto").map { $0.joined(separator: " ") }
    }
    #expect(
      commands([.frechetDistance(latents: 1), .fullPathLength, .endPathLength, .separability]) == [
        "metrics --network n --metrics fid50k_full --samples 10000 --threads 1 --data d",
        "metrics --network n --metrics ppl_zfull,ppl_zend --samples 5000 --threads 1",
        "metrics --network n --metrics ls --samples 10000 --threads 1",
      ])
    #expect(
      commands([.frechetDistance(latents: 1), .frechetDistance(latents: 3)]) == [
        "metrics --network n --metrics fid50k_full --samples 10000 --threads 1 --data d --mixing-stress 1,3"
      ])
    #expect(
      row.training(data: "d", seed: 4, kimg: 0.5, in: "o").joined(separator: " ")
        == "train --cfg stylegan-e --data d --seed 4 --kimg 0.5 --threads 1 --outdir o")
  }

  @Test func valuesAreThoseOfTheSpace() throws {
    var separability = try result("ls[fashion]@10000", 1, ["fake": 10_000])
    separability.values = ["ls_z": 3, "ls_w": 1]
    let results = try [
      result("fid50k_full[fashion]@10000", 5, ["fake": 10_000, "real": 60_000]),
      result("fid50k_full[fashion]@10000", 7, ["fake": 10_000, "real": 60_000], mixing: 2),
      result("fid50k_full[fashion]@500", 9, ["fake": 500, "real": 10_000]),
      result("ppl_zfull[fashion]@5000", 30, ["pairs": 5000]), result("ppl_wfull[fashion]@5000", 20, ["pairs": 5000]),
      separability,
    ]
    let (z, w) = (Experiment.Row("", [], space: .z), Experiment.Row("", [], space: .w))
    #expect(w.value(of: .frechetDistance(latents: 1), in: results) == 5)
    #expect(w.value(of: .frechetDistance(latents: 2), in: results) == 7)
    #expect(w.value(of: .frechetDistance(latents: 1), in: results, samples: 500) == 9)
    #expect(w.value(of: .frechetDistance(latents: 3), in: results) == nil)
    #expect([z, w].map { $0.value(of: .fullPathLength, in: results) } == [30, 20])
    #expect([z, w].map { $0.value(of: .separability, in: results) } == [3, 1])
    #expect(z.value(of: .endPathLength, in: results) == nil)
  }

  @Test func lengthsAreShort() throws {
    let place = ExperimentFolder(path: folder.file("tables"))
    #expect(try place.lengths() == nil)
    var lengths = ExperimentFolder.Lengths(data: "d", budget: 10)
    for (measured, kept) in [(123.4, 120.0), (98.7, 99), (1.26, 1.3), (0.004, 0.004)] {
      lengths.set(measured, of: ["a"])
      #expect(abs((lengths.kimg(of: ["a"]) ?? 0) - kept) < 1e-9, "\(measured)")
    }
    #expect(lengths.kimg(of: ["b"]) == nil)
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    try place.write(lengths)
    #expect(try place.lengths() == lengths)
    try Data("{".utf8).write(to: URL(fileURLWithPath: folder.file("tables/lengths.json")))
    #expect(throws: ExperimentError.self) { try place.lengths() }
  }

  /// A run is trained when it has the network of its length; its statistics tell kimg and minutes.
  @Test func runsAreRead() throws {
    let place = ExperimentFolder(path: folder.path)
    let row = Experiment.Row("x", ["--cfg", "stylegan-b"])
    let training = ExperimentFolder.Training(row, seed: 7, data: "d", kimg: 2)
    #expect(training.folder.hasPrefix("runs/stylegan-b-") && training.folder.hasSuffix("-7"))
    #expect(place.run(of: training) == nil && place.progress(of: training) == nil && !place.isTrained(training))
    let run = folder.file(training.folder + "/00000-stylegan-b-d-32")
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(run)/\(name)"))
    }
    try write("options.json", "{}")
    try write("training-state.safetensors", "")
    try write(
      "stats.jsonl",
      """
      {"Progress/kimg": 1, "Timing/cpu_sec_per_tick": 30}
      {"Progress/kimg": 2, "Timing/cpu_sec_per_tick": 60}

      """)
    try write("network-snapshot-000001.safetensors", "")
    #expect(!place.isTrained(training) && place.results(of: training).isEmpty)
    try write("network-snapshot-000002.safetensors", "")
    var early = try result("fid50k_full[x]@10000", 50, ["fake": 10_000])
    early.kimg = 1
    let lines = try [result("fid50k_full[x]@10000", 5, ["fake": 10_000]), early].map {
      String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n"
    }
    try write("metric-fid50k_full.jsonl", lines.joined())
    var cell = ExperimentResults.Cell(seed: 7, commands: [])
    place.fill(&cell, row, [.frechetDistance(latents: 1), .separability], from: training)
    #expect(place.isTrained(training) && cell.values == ["FID": 5])
    #expect(cell.kimg == 2 && cell.processorMinutes == 1.5 && cell.run == training.folder + "/00000-stylegan-b-d-32")
  }

  @Test func pageAndPlot() throws {
    let experiment = try #require(Experiment.all.first { $0.name == "table4" })
    var results = ExperimentResults(
      experiment, data: "d", detector: "fashion", processor: "P", version: "0", budget: 10
    ) { _ in
      [0, 1].map { ExperimentResults.Cell(seed: $0, commands: ["stylegan train"]) }
    }
    #expect(!results.isComplete && results.plot == nil)
    for row in results.rows.indices {
      for seed in 0..<2 {
        for column in results.columns { results.rows[row].cells[seed].values[column] = Double(10 * row + 2 * seed + 1) }
        results.rows[row].cells[seed].kimg = 100
      }
    }
    #expect(results.isComplete && results.plot?.panels.count == 4)
    #expect(results.plot?.panels[0].curves.map(\.name) == ["seed 0", "seed 1", "paper, scaled"])
    #expect(results.markdown.contains("| traditional, 8 | W | 22.0 ± 1.00 | 4.87 | 22.0 ± 1.00 | 324 |"))
    results.rows[2].cells[1].values["FID"] = nil
    results.rows[2].cells[1].missing = "not measured yet"
    #expect(results.markdown.contains("- traditional, 8, seed 1: not measured yet") && !results.isComplete)
    #expect(results.rows[2].mean("FID") == 21 && results.rows[2].spread("FID") == nil)
    #expect(try JSONDecoder().decode(ExperimentResults.self, from: JSONEncoder().encode(results)) == results)
  }
}
