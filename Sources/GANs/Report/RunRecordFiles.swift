import Datasets
import Files
import Foundation
import Images
import Torch

/// A path is not the folder of a run.
public struct NotARun: Error, Equatable, CustomStringConvertible {
  /// The path.
  public let path: String
  /// What is missing.
  public let reason: String
  /// One sentence with a remedy.
  public var description: String {
    "\(path) is not the folder of a run (\(reason)): give a folder that a training made, such as runs/00000-stylegan-photos-64"
  }
}

/// The files of a run's folder for a report. Missing or unreadable files are skipped and listed in `problems`.
struct RunRecordFiles {
  let path: String
  let name: String
  /// options.json with dotted keys.
  let options: [String: String]
  /// The changes of the data during the run.
  let dataChanges: [DataChange]
  /// The lines of stats.jsonl.
  let statistics: [[String: Double]]
  /// The lines of all metric-NAME.jsonl, sorted by file name, without those of single classes.
  let metrics: [MetricResult]
  /// The unreadable parts, one sentence each.
  let problems: [String]
  private let files: [String]

  init(path: String) throws {
    self.path = path
    guard let names = try? Folder.names(in: path) else {
      guard access(path, F_OK) == 0 else { throw FileError(.read, path: path, code: ENOENT) }
      throw NotARun(path: path, reason: "it is no folder that can be read")
    }
    name = FileSystem.name(of: path)
    files = names.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    let run = RunDirectory(path: path)
    guard names.contains("options.json") else { throw NotARun(path: path, reason: "it has no options.json") }
    var problems: [String] = []
    let found = try? JSONSerialization.jsonObject(with: Data(WholeFile.bytes(of: run.options)))
    if !(found is [String: Any]) { problems.append("\(run.options) does not hold the options of a run") }
    options = (found as? [String: Any]).map { Self.flattened($0.filter { $0.key != "dataChanges" }) } ?? [:]
    let changes = (found as? [String: Any])?["dataChanges"].flatMap { try? JSONSerialization.data(withJSONObject: $0) }
    dataChanges = changes.flatMap { try? JSONDecoder().decode([DataChange].self, from: $0) } ?? []
    func lines<Line: Decodable>(_ name: String) -> [Line] {
      guard names.contains(name) else { return [] }
      guard let bytes = try? WholeFile.bytes(of: "\(path)/\(name)") else {
        problems.append("\(path)/\(name) cannot be read")
        return []
      }
      let (values, count): ([Line], Int) = Self.lines(bytes)
      let bad = count - values.count
      if bad > 0 { problems.append("\(path)/\(name) has \(bad) of \(count) lines that cannot be read") }
      return values
    }
    statistics = lines("stats.jsonl")
    metrics = names.filter { $0.hasPrefix("metric-") && $0.hasSuffix(".jsonl") }.sorted().flatMap { lines($0) }
      .filter { (result: MetricResult) in result.label == nil }
    self.problems = problems
  }

  /// The readable lines of a file, and the number of all lines. A last line without a newline is ignored: the writer has
  /// not finished it.
  static func lines<Line: Decodable>(_ bytes: [UInt8]) -> (values: [Line], count: Int) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    return (lines.compactMap { try? JSONDecoder().decode(Line.self, from: Data($0)) }, lines.count)
  }

  /// A statistic of lines over kimg.
  static func series(_ key: String, of lines: [[String: Double]]) -> [(x: Double, y: Double)] {
    lines.compactMap { line in line["Progress/kimg"].flatMap { x in line[key].map { (x, $0) } } }
  }

  private static func flattened(_ value: Any?, _ prefix: String = "") -> [String: String] {
    guard let value = value as? [String: Any] else {
      // JSONSerialization returns booleans as numbers of one byte.
      if let number = value as? NSNumber, String(cString: number.objCType) == "c" {
        return [prefix: number.boolValue ? "true" : "false"]
      }
      return value.map { [prefix: "\($0)"] } ?? [:]
    }
    return value.reduce(into: [:]) { result, entry in
      let key = prefix.isEmpty ? entry.key : "\(prefix).\(entry.key)"
      result.merge(flattened(entry.value, key)) { $1 }
    }
  }

  /// A statistic over kimg.
  func series(_ key: String) -> [(x: Double, y: Double)] { Self.series(key, of: statistics) }

  /// The warnings that the statistics give.
  var warnings: [WarningSigns.Warning] {
    let count = options["dataset.count"].flatMap(Int.init) ?? 1
    let held = options["validation"].flatMap(Double.init).map { ValidationSplit.heldCount(of: count, share: $0) } ?? 0
    let loss = options["objective.loss"].flatMap(Objective.Loss.init) ?? .nonSaturating
    let run = RunDirectory(path: path)
    let all = try? TrainingOptions(
      text: String(decoding: WholeFile.bytes(of: run.options), as: UTF8.self), path: run.options)
    var signs = WarningSigns(imageCount: count - held, loss: loss, options: all)
    return statistics.flatMap { signs.observe($0) }
  }

  /// The names of the PNG files that satisfy a condition.
  func pictures(_ isWanted: (String) -> Bool) -> [String] { files.filter { $0.hasSuffix(".png") && isWanted($0) } }

  /// An image as a data URL.
  func dataURL(_ name: String) throws -> String {
    "data:image/png;base64," + Data(try WholeFile.bytes(of: "\(path)/\(name)")).base64EncodedString()
  }

  /// The saved path lengths, by metric.
  var pathLengths: [(metric: String, values: [Double])] {
    files.filter { $0.hasPrefix("metric-ppl") && $0.hasSuffix("-values.safetensors") }.compactMap { name in
      guard let file = try? SafetensorsFile(path: "\(path)/\(name)"), let values = try? file.tensor("lengths").doubles,
        !values.isEmpty
      else { return nil }
      return (file.metadata["metric"] ?? name, values)
    }
  }
}
