/// A table of trainings: its rows are recipes with switches, its columns are metrics.
///
/// Each table is a value in a file of its own, such as `Table1.swift`, and ``all`` lists them. Rows with equal arguments share
/// their trainings, also across tables.
public struct Experiment: Sendable {
  /// The name on the command line: "table1".
  public let name: String
  /// What is compared.
  public let title: String
  /// The paper, section and table that it follows.
  public let source: String
  /// What the paper concludes, or what is asked here.
  public let claim: String
  /// What the trainings have in common.
  public let length: Length
  /// The rows, in the order of the paper.
  public let rows: [Row]
  /// The columns, in the order of the paper.
  public let columns: [Column]
  /// The usual seeds; each row is trained once for each.
  public let seeds: [UInt64]

  /// What the trainings of a table have in common.
  public enum Length: Sendable, Equatable {
    /// The number of images, as in the papers. The training of the row with this index takes the budget.
    case images(ofRow: Int)
    /// The time.
    case time
  }

  /// The latent space in which a row is measured.
  public enum Space: String, Codable, Sendable {
    /// Where z is drawn.
    case z = "Z"
    /// The output of the mapping network.
    case w = "W"
  }

  /// A row: a training, and what the paper reports for it.
  public struct Row: Sendable {
    /// The words of the first column.
    public let title: String
    /// The options of `stylegan train`, without data, seed, length and place.
    public let arguments: [String]
    /// The space of path lengths and separability.
    public let space: Space
    /// The paper's values, one for each column; empty if it has none.
    public let published: [Double]

    /// A row.
    public init(_ title: String, _ arguments: [String], space: Space = .w, published: [Double] = []) {
      (self.title, self.arguments, self.space, self.published) = (title, arguments, space, published)
    }
  }

  /// A column: a metric with its conditions.
  public enum Column: Sendable, Hashable {
    /// FID of pictures that mix this many latents (1: no mixing).
    case frechetDistance(latents: Int)
    /// Perceptual path length in the row's space: over whole paths, or at their ends.
    case fullPathLength, endPathLength
    /// Linear separability in the row's space.
    case separability
    /// Sliced Wasserstein distance × 10³, the mean of all scales.
    case slicedWasserstein

    /// The heading.
    public var title: String {
      switch self {
      case .frechetDistance(1): "FID"
      case .frechetDistance(let latents): "FID, \(latents) latents"
      case .fullPathLength: "path length, full"
      case .endPathLength: "path length, end"
      case .separability: "separability"
      case .slicedWasserstein: "SWD"
      }
    }

    /// The number of fakes or pairs. The papers use 50,000, 100,000 and 200,000.
    public var samples: Int {
      switch self {
      case .frechetDistance, .separability: 10_000
      case .fullPathLength, .endPathLength: 5_000
      case .slicedWasserstein: 2_048
      }
    }

    /// The metric in a space.
    public func metric(in space: Space) -> Metric {
      switch self {
      case .frechetDistance: .fid50kFull
      case .fullPathLength: space == .z ? .pplZFull : .pplWFull
      case .endPathLength: space == .z ? .pplZEnd : .pplWEnd
      case .separability: .ls
      case .slicedWasserstein: .swd
      }
    }

    /// The number of latents in a picture; nil for metrics that mix none.
    var latents: Int? { if case .frechetDistance(let latents) = self { latents } else { nil } }
  }

  /// A table.
  public init(
    _ name: String, _ title: String, source: String, claim: String, length: Length, seeds: [UInt64] = [0, 1],
    columns: [Column], rows: [Row]
  ) {
    (self.name, self.title, self.source, self.claim) = (name, title, source, claim)
    (self.length, self.seeds, self.columns, self.rows) = (length, seeds, columns, rows)
  }

  /// All tables.
  public static let all: [Experiment] = [table1, table2, table3, table4, lineage, regularizers]
}

// MARK: Commands

extension Experiment.Row {
  /// The arguments of `stylegan train`.
  /// - Parameters:
  ///   - kimg: the length, in thousands of images.
  ///   - folder: of the runs.
  public func training(data: String, seed: UInt64, kimg: Double, in folder: String) -> [String] {
    ["train"] + arguments
      + ["--data", data, "--seed", "\(seed)", "--kimg", kimg.plain, "--threads", "1", "--outdir", folder]
  }

  /// The arguments of the `stylegan metrics` that measure columns of this row, one command for each number of samples.
  /// - Parameters:
  ///   - network: a network file or the folder of a run.
  ///   - detector: as for `--detector`; "auto" is left out.
  ///   - samples: the number of fakes or pairs of all metrics; nil for those of the columns.
  public func measurements(
    _ columns: [Experiment.Column], network: String, data: String, detector: String, samples: Int? = nil
  ) -> [[String]] {
    var commands: [[String]] = []
    var done: Set<Experiment.Column> = []
    for column in columns where !done.contains(column) {
      let group = columns.filter { $0.isMeasured(with: column) }
      done.formUnion(group)
      var metrics: [String] = []
      for metric in group.map({ $0.metric(in: space) }) where !metrics.contains(metric.rawValue) {
        metrics.append(metric.rawValue)
      }
      var command = [
        "metrics", "--network", network, "--metrics", metrics.joined(separator: ","), "--samples",
        "\(samples ?? column.samples)",
        "--threads", "1",
      ]
      if group.contains(where: { $0.metric(in: space).needsReals }) { command += ["--data", data] }
      if detector != "auto", column != .slicedWasserstein { command += ["--detector", detector] }
      let latents = group.compactMap(\.latents)
      if latents.contains(where: { $0 > 1 }) {
        command += ["--mixing-stress", latents.map(String.init).joined(separator: ",")]
      }
      commands.append(command)
    }
    return commands
  }

  /// The value of a column among the results of its measurements; nil where it is missing.
  public func value(of column: Experiment.Column, in results: [MetricResult], samples: Int? = nil) -> Double? {
    let metric = column.metric(in: space)
    let result = results.last {
      $0.name == metric.rawValue && ($0.samples["pairs"] ?? $0.samples["fake"]) == samples ?? column.samples
        && ($0.mixing ?? 1) == (column.latents ?? 1)
    }
    switch column {
    case .separability: return result?.values[space == .z ? "ls_z" : "ls_w"] ?? result?.value
    default: return result?.value
    }
  }
}

extension Experiment.Column {
  /// Whether one command measures both.
  fileprivate func isMeasured(with other: Self) -> Bool {
    samples == other.samples && (latents == nil) == (other.latents == nil)
      && (self == .separability) == (other == .separability)
  }
}
