import Foundation
import Images
import Testing
import _TestSupport

/// `stylegan reproduce`, from a folder of pictures to a table, with an interruption.
@Suite struct ReproduceTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("data"), withIntermediateDirectories: true)
    for i in 0..<24 {
      try Image(width: 16, height: 16, filledWith: [UInt8(10 * i)]).write(to: folder.file("data/\(i).png"))
    }
  }

  private let table2 = [
    "reproduce", "table2", "--data", "data", "--budget", "0.01", "--seeds", "0", "--samples", "32", "--outdir",
    "tables",
  ]

  private func run(_ words: [String]) throws -> Program.Outcome { try Program.run(words, in: folder.path) }

  private func listing(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.file(path)).sorted()
  }

  private func json(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file(path)))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The values of each cell.
  private func values(_ path: String) throws -> [[String: Double]] {
    let rows = try #require(try json(path)["rows"] as? [[String: Any]])
    return rows.flatMap { ($0["cells"] as? [[String: Any]] ?? []).map { $0["values"] as? [String: Double] ?? [:] } }
  }

  @Test func aTableIsFilledAndResumed() throws {
    let plan = try run(table2 + ["--dry-run"])
    #expect(plan.exitCode == 0 && plan.output.contains("4 trainings left"), "\(plan.output) \(plan.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("tables")))

    let first = try run(table2)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.output.contains("| F  90 % |") && first.output.contains("| 5.11 |"))
    let found = try values("tables/table2.json")
    #expect(found.count == 4 && found.allSatisfy { $0.count == 4 })
    #expect(try Set(["table2.md", "table2.png", "lengths.json"]).isSubset(of: listing("tables")))

    // The second time there is nothing to do. A lost metric and a lost run are made again, with the same values.
    #expect(try run(table2).output.split(separator: "\n").count { $0.contains("seed 0: ") } == 0)
    let runs = try listing("tables/runs")
    #expect(runs.count == 4)
    try FileManager.default.removeItem(atPath: folder.file("tables/runs/\(runs[0])"))
    let again = try run(table2)
    #expect(again.exitCode == 0 && again.output.split(separator: "\n").count { $0.contains("seed 0: ") } == 2)
    #expect(try values("tables/table2.json") == found)

    let other = try run(["reproduce", "table1", "--data", "data", "--budget", "0.02", "--outdir", "tables"])
    #expect(other.exitCode == 65 && other.errors.contains("has tables of --data data --budget 0.01"))

    // A training that cannot be done is told in the table, and the others stay.
    let place = folder.file("tables/runs/\(runs[0])")
    let name = try #require(FileManager.default.contentsOfDirectory(atPath: place).first { $0.hasPrefix("0") })
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(place)/\(name)") where !file.hasSuffix("json") {
      try FileManager.default.removeItem(atPath: "\(place)/\(name)/\(file)")
    }
    try Data("damage".utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)/training-state.safetensors"))
    let outcome = try run(table2)
    #expect(outcome.exitCode == 65 && outcome.errors.contains("failed: "), "\(outcome.errors)")
    #expect(try values("tables/table2.json").count { $0.count == 4 } == 3)
    #expect(outcome.output.contains("Missing:"))
  }

  @Test func mistakesAreRefused() throws {
    for (words, sentence) in [
      (
        ["reproduce", "table9", "--data", "data", "--budget", "1"],
        "table1, table2, table3, table4, lineage, regularizers"
      ),
      (["reproduce", "table1", "--data", "data", "--budget", "0"], "--budget is 0, but must be above 0"),
      (["reproduce", "table1", "--data", "nothing", "--budget", "1", "--dry-run"], "nothing"),
      (["reproduce", "table1", "--data", "data", "--budget", "1", "--samples", "2"], "--samples is 2"),
    ] {
      let outcome = try run(words)
      #expect(outcome.exitCode != 0 && outcome.errors.contains(sentence), "\(words): \(outcome.errors)")
    }
  }
}
