import Foundation

/// Training cannot start or continue.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss or a weight is not finite.
  case diverged(kimg: Double, state: String, remedies: Message)
  /// The content of the data set differs from that at the start of the run, in this way.
  case dataChanged(String, String)
  /// Another process trains in the run's folder.
  case inUse(String)

  /// A sentence with the problem and the remedy.
  public var message: Message {
    switch self {
    case .diverged(let kimg, let state, let remedies):
      "training diverged after \(String(format: "%.1f", kimg)) kimg: a loss or weight is not finite; the last good "
        + "state is \(state); try \(remedies)"
    case .dataChanged(let path, let what):
      "\(path) is not the data set this run started with: \(what); restore it, or continue with the changed data by "
        + "\(field: .acceptsChangedData)"
    case .inUse(let path): "another process is training in \(path); wait for it or stop it, then resume"
    }
  }

  /// The sentence with property names.
  public var description: String { message.description }
}
