import Files
import Foundation
import Torch

/// The folder of tables: `lengths.json`, the runs in `runs/`, and for each table `NAME.json`, `NAME.md` and `NAME.png`.
///
/// Each training has a folder of its own for its run, named by its recipe and a digest of its arguments, length and data, so
/// tables share trainings with equal arguments.
public struct ExperimentFolder: Sendable {
  /// The path.
  public let path: String

  /// A folder; it need not exist.
  public init(path: String) { self.path = path }

  // MARK: Lengths

  /// What all trainings of the folder have in common, and the measured lengths; written as `lengths.json`.
  public struct Lengths: Codable, Sendable, Equatable {
    /// The data, and the minutes of one processor for a training.
    public var data: String
    /// See ``data``.
    public var budget: Double
    /// The length that takes the budget, in thousands of images, by the arguments of the training.
    public var kimg: [String: Double] = [:]

    /// No lengths yet.
    public init(data: String, budget: Double) { (self.data, self.budget) = (data, budget) }

    /// The length of a training that takes the budget; nil where it was not measured.
    public func kimg(of arguments: [String]) -> Double? { kimg[arguments.joined(separator: " ")] }

    /// Notes a measured length, with two significant digits, so that commands stay short.
    public mutating func set(_ length: Double, of arguments: [String]) {
      let unit = pow(10, log10(max(length, 0.01)).rounded(.down) - 1)
      kimg[arguments.joined(separator: " ")] = (length / unit).rounded() * unit
    }
  }

  private var lengthsFile: String { "\(path)/lengths.json" }

  /// The lengths of the folder; nil before the first training.
  /// - Throws: ``ExperimentError`` if the file is damaged.
  public func lengths() throws -> Lengths? {
    guard FileSystem.exists(lengthsFile) else { return nil }
    guard let lengths = try? JSONDecoder().decode(Lengths.self, from: Data(WholeFile.bytes(of: lengthsFile))) else {
      throw ExperimentError("\(lengthsFile) cannot be read: put it back, or give another --outdir")
    }
    return lengths
  }

  /// Writes the lengths.
  public func write(_ lengths: Lengths) throws {
    try AtomicFile.write(try JSON.pretty(lengths), to: lengthsFile)
  }

  // MARK: Runs

  /// A training of a row with a seed.
  public struct Training: Sendable, Hashable {
    /// The arguments of `stylegan train`, without data, seed, length and place.
    public let arguments: [String]
    /// The seed.
    public let seed: UInt64
    /// The data.
    public let data: String
    /// The length, in thousands of images.
    public let kimg: Double

    /// A training.
    public init(_ row: Experiment.Row, seed: UInt64, data: String, kimg: Double) {
      (arguments, self.seed, self.data, self.kimg) = (row.arguments, seed, data, kimg)
    }

    /// The folder of its run, below that of the tables: "runs/stylegan-b-1a2b3c4d-0".
    public var folder: String {
      let recipe = arguments.firstIndex(of: "--cfg").map { arguments[$0 + 1] } ?? "stylegan"
      let text = arguments.joined(separator: " ") + " \(kimg.plain) \(data)"
      // FNV-1a, 32 bits.
      let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
      return "runs/\(recipe)-\(String(hash, radix: 16))-\(seed)"
    }
  }

  /// The run of a training; nil before it has started.
  public func run(of training: Training) -> RunDirectory? { RunDirectory.latest(in: "\(path)/\(training.folder)") }

  /// Whether a training has reached its length.
  public func isTrained(_ training: Training) -> Bool {
    guard let run = run(of: training), let kimg = last(run) else {
      return false
    }
    // A run ends with the step that reaches its length.
    return kimg >= training.kimg.rounded(.down)
  }

  /// Thousands of images that a training has shown, and minutes of one processor in its steps; nil before its first line of
  /// statistics.
  public func progress(of training: Training) -> (kimg: Double, processorMinutes: Double)? {
    guard let run = run(of: training), let bytes = try? WholeFile.bytes(of: run.statistics) else { return nil }
    let lines: [[String: Double]] = RunRecordFiles.lines(bytes).values
    guard let kimg = lines.last?["Progress/kimg"] else { return nil }
    return (kimg, lines.reduce(0) { $0 + ($1["Timing/cpu_sec_per_tick"] ?? 0) } / 60)
  }

  /// The metrics of a training's last network.
  public func results(of training: Training) -> [MetricResult] {
    guard isTrained(training), let run = run(of: training), let last = last(run),
      let record = try? RunRecordFiles(path: run.path)
    else { return [] }
    return record.metrics.filter { ($0.weights ?? "ema") == "ema" && ($0.kimg ?? 0) >= last }
  }

  /// The thousands of images of a run's last network.
  private func last(_ run: RunDirectory) -> Double? {
    run.networks.last.flatMap { RunDirectory.kimg(ofSnapshot: FileSystem.name(of: $0)) }
  }

  // MARK: Tables

  /// Reads what is known of each cell.
  public func fill(
    _ cell: inout ExperimentResults.Cell, _ row: Experiment.Row, _ columns: [Experiment.Column], samples: Int? = nil,
    from training: Training
  ) {
    cell.run = run(of: training).map { String($0.path.dropFirst(path.count + 1)) }
    if let progress = progress(of: training) {
      (cell.kimg, cell.processorMinutes) = (progress.kimg, progress.processorMinutes)
    }
    let results = results(of: training)
    for column in columns { cell.values[column.title] = row.value(of: column, in: results, samples: samples) }
  }

  /// Writes a table as JSON, as Markdown and, once it has a value, as a plot.
  /// - Returns: the paths.
  @discardableResult
  public func write(_ results: ExperimentResults) throws -> [String] {
    let name = "\(path)/\(results.name)"
    try AtomicFile.write(try JSON.pretty(results), to: "\(name).json")
    try AtomicFile.write(results.markdown, to: "\(name).md")
    guard let plot = results.plot else { return ["\(name).json", "\(name).md"] }
    try plot.image().write(to: "\(name).png")
    return ["\(name).json", "\(name).md", "\(name).png"]
  }
}

/// A table cannot be made.
public struct ExperimentError: Error, Equatable, CustomStringConvertible {
  /// One sentence with a remedy.
  public let description: String
  /// The exit code of the command that failed; nil where none was run.
  public let status: Int32?

  /// An error with a sentence.
  public init(_ description: String, status: Int32? = nil) { (self.description, self.status) = (description, status) }
}
