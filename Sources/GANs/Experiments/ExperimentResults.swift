import Foundation

/// What the trainings of a table gave, with the command of each; written as `NAME.json`.
public struct ExperimentResults: Codable, Sendable, Equatable {
  /// A training with one seed, and its values.
  public struct Cell: Codable, Sendable, Equatable {
    /// The seed.
    public var seed: UInt64
    /// The folder of the run, relative to that of the tables; nil before its training has started.
    public var run: String?
    /// The commands that train it and measure it, from an empty folder.
    public var commands: [String]
    /// Thousands of images shown, of those planned.
    public var kimg: Double?
    /// The length of the training, in thousands of images; nil before it is known.
    public var plannedKimg: Double?
    /// Minutes of one processor in training steps.
    public var processorMinutes: Double?
    /// The values, by the title of their column.
    public var values: [String: Double] = [:]
    /// Why values are missing; nil where none is.
    public var missing: String?

    /// A cell without values.
    public init(seed: UInt64, run: String? = nil, commands: [String], plannedKimg: Double? = nil) {
      (self.seed, self.run, self.commands, self.plannedKimg) = (seed, run, commands, plannedKimg)
    }
  }

  /// A row of the table.
  public struct Row: Codable, Sendable, Equatable {
    /// The words of the first column.
    public var title: String
    /// The space of path lengths and separability.
    public var space: Experiment.Space
    /// The paper's values, by the title of their column.
    public var published: [String: Double]
    /// A cell for each seed.
    public var cells: [Cell]

    /// The mean of a column over all cells that have it; nil without one.
    public func mean(_ column: String) -> Double? {
      let values = values(column)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Half of the distance between the least and the largest value; nil with fewer than two.
    public func spread(_ column: String) -> Double? {
      let values = values(column)
      guard let least = values.min(), let largest = values.max(), values.count > 1 else { return nil }
      return (largest - least) / 2
    }

    /// The values of a column, in the order of the seeds.
    public func values(_ column: String) -> [Double] { cells.compactMap { $0.values[column] } }
  }

  /// The table's name, title, source and claim.
  public var name, title, source, claim: String
  /// The data, the detector, the processor, and the version of the program.
  public var data, detector, processor, version: String
  /// The minutes of one processor for a training.
  public var budget: Double
  /// The headings, and the number of fakes or pairs under each.
  public var columns: [String]
  /// See ``columns``.
  public var samples: [Int]
  /// The rows.
  public var rows: [Row]

  /// A table without values.
  public init(
    _ experiment: Experiment, data: String, detector: String, processor: String, version: String, budget: Double,
    samples: Int? = nil, cells: (Experiment.Row) -> [Cell]
  ) {
    (name, title, source, claim) = (experiment.name, experiment.title, experiment.source, experiment.claim)
    (self.data, self.detector, self.processor, self.version) = (data, detector, processor, version)
    self.budget = budget
    columns = experiment.columns.map(\.title)
    self.samples = experiment.columns.map { samples ?? $0.samples }
    rows = experiment.rows.map { row in
      Row(
        title: row.title, space: row.space,
        published: Dictionary(uniqueKeysWithValues: zip(experiment.columns.map(\.title), row.published)),
        cells: cells(row))
    }
  }

  /// Whether every cell has every value.
  public var isComplete: Bool {
    rows.allSatisfy { $0.cells.allSatisfy { cell in columns.allSatisfy { cell.values[$0] != nil } } }
  }
}

// MARK: As a page

extension ExperimentResults {
  /// The table in Markdown: the mean over seeds ± half of their range beside the paper's value, kimg, minutes, and what is
  /// missing.
  public var markdown: String {
    let seeds = rows.first?.cells.map { "\($0.seed)" }.joined(separator: ", ") ?? ""
    let isPublished = columns.map { column in rows.contains { $0.published[column] != nil } }
    let hasSpaces = Set(rows.map(\.space)).count > 1
    var heading = [""] + (hasSpaces ? ["space"] : [])
    for (column, isPublished) in zip(columns, isPublished) { heading += [column] + (isPublished ? ["paper"] : []) }
    heading += ["kimg", "minutes"]
    var lines = ["| " + heading.joined(separator: " | ") + " |"]
    lines.append("|" + heading.indices.map { $0 == 0 ? "---|" : "---:|" }.joined())
    for row in rows {
      var fields = [row.title] + (hasSpaces ? [row.space.rawValue] : [])
      for (column, isPublished) in zip(columns, isPublished) {
        fields.append(Self.text(row, column))
        if isPublished { fields.append(row.published[column].map(Self.text) ?? "") }
      }
      fields.append(Self.range(row.cells.compactMap(\.kimg)))
      fields.append(Self.range(row.cells.compactMap(\.processorMinutes)))
      lines.append("| " + fields.joined(separator: " | ") + " |")
    }
    let numbers = zip(columns, samples).reduce(into: [(count: Int, columns: [String])]()) { groups, column in
      if let at = groups.firstIndex(where: { $0.count == column.1 }) {
        groups[at].columns.append(column.0)
      } else {
        groups.append((column.1, [column.0]))
      }
    }
    let missing = rows.flatMap { row in
      row.cells.compactMap { cell in cell.missing.map { "\(row.title), seed \(cell.seed): \($0)" } }
    }
    return """
      ## \(name): \(title)

      \(source). \(claim)

      \(lines.joined(separator: "\n"))

      Seeds \(seeds): the mean ± half of the range. \(data), detector \(detector), \
      \(numbers.map { "\($0.count) for \($0.columns.joined(separator: ", "))" }.joined(separator: "; ")). Minutes of one \
      processor (\(processor)) in training steps. \(name).json has the commands and the values of each cell.

      """ + (missing.isEmpty ? "" : "\nMissing:\n" + missing.map { "- \($0)\n" }.joined())
  }

  private static func text(_ row: Row, _ column: String) -> String {
    guard let mean = row.mean(column) else { return "–" }
    return text(mean) + (row.spread(column).map { " ± \(text($0))" } ?? "")
  }

  /// Three digits, but all of the integral part.
  private static func text(_ value: Double) -> String {
    String(format: value.magnitude >= 99.95 ? "%.0f" : value.magnitude >= 9.995 ? "%.1f" : "%.2f", value)
  }

  private static func range(_ values: [Double]) -> String {
    guard let least = values.min(), let largest = values.max() else { return "–" }
    let words = [least, largest].map { String(format: $0 < 9.95 ? "%.1f" : "%.0f", $0) }
    return words[0] == words[1] ? words[0] : "\(words[0])–\(words[1])"
  }
}
