import Files
import Foundation
import Torch

/// Which networks of snapshots a run keeps. Grids of fakes, metrics and the training state are always kept.
///
/// Only networks that this run wrote itself are removed: their names are in its training state, and the history in the
/// file is that of this run. Links, copies under other names, and files of other runs stay.
public struct SnapshotKeeping: Codable, Sendable, Equatable {
  /// The newest networks that are kept, at least 1.
  public var newest: Int
  /// The metric whose best network is kept too; nil for none.
  public var best: Metric?

  /// Keeps the newest networks, and the best one by a metric.
  public init(newest: Int, best: Metric? = nil) { (self.newest, self.best) = (newest, best) }

  /// The bytes that the networks of a run may take by default.
  public static let usualBytes = 10_000_000_000

  /// Removes the networks that are not kept.
  ///
  /// It is called when a training state that has all these names is on the disk, so it may end at any moment.
  /// - Parameters:
  ///   - names: the networks that the run wrote, oldest first.
  ///   - header: the header of the run's newest network.
  /// - Returns: the names that are left.
  func pruned(_ names: [String], in directory: RunDirectory, header: NetworkHeader) -> [String] {
    guard names.count > newest else { return names }
    var kept = Set(names.suffix(newest))
    if let best, let name = Self.best(best, of: names, in: directory) { kept.insert(name) }
    for name in names where !kept.contains(name) {
      let path = "\(directory.path)/\(name)"
      if Self.isOwn(path, header) { unlink(path) }
    }
    return names.filter(kept.contains)
  }

  /// Whether a file is a network of the run with this header, and no link.
  private static func isOwn(_ path: String, _ header: NetworkHeader) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = try? SafetensorsFile(path: path), file.metadata["format"] == NetworkFile.format,
      let theirs = try? file.decoded("training", as: NetworkFile.History.self), let ours = header.history
    else { return false }
    return theirs.seed == ours.seed && theirs.recipe == ours.recipe && theirs.dataset == ours.dataset
      && theirs.steps < ours.steps
  }

  /// The name among these of the network with the best value; nil without a value.
  static func best(_ metric: Metric, of names: [String], in directory: RunDirectory) -> String? {
    guard let bytes = try? WholeFile.bytes(of: "\(directory.path)/metric-\(metric.rawValue).jsonl") else { return nil }
    let results: [MetricResult] = RunRecordFiles.lines(bytes).values
    // The last value of a network counts, where it was measured several times.
    var values: [String: Double] = [:]
    for result in results where result.mixing == nil && (result.weights ?? "ema") == "ema" && result.value.isFinite {
      if let network = result.network { values[network] = result.value }
    }
    let measured = names.compactMap { name in values[name].map { (name: name, value: $0) } }
    // Of equals, the oldest.
    return metric.isBetterHigh
      ? measured.reversed().max { $0.value <= $1.value }?.name : measured.min { $0.value < $1.value }?.name
  }
}

extension Metric {
  /// Whether a higher value is better.
  public var isBetterHigh: Bool { [.pr50k3Full, .pr50k3, .is50k].contains(self) }
}

extension Trainer {
  /// The network with the best value of the metric of ``SnapshotKeeping/best``; nil without such a metric or value.
  public var bestNetwork: (metric: Metric, network: String)? {
    guard let metric = options.keeping?.best,
      let name = SnapshotKeeping.best(metric, of: directory.networks.map(FileSystem.name), in: directory)
    else { return nil }
    return (metric, "\(directory.path)/\(name)")
  }
}
