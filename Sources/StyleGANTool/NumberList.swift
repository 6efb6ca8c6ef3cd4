import ArgumentParser

/// Numbers as the field's tools write them: "0,3,10-20".
struct NumberList: ExpressibleByArgument, Sendable {
  /// More would be a slip of the pen.
  static let limit = 1_000_000
  let values: [UInt32]
  /// As it was written.
  let defaultValueDescription: String

  init?(argument: String) {
    defaultValueDescription = argument
    var values: [UInt32] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
      switch ends.count {
      case 1:
        guard let value = ends[0] else { return nil }
        values.append(value)
      case 2:
        guard let first = ends[0], let last = ends[1], first <= last, last - first < Self.limit else { return nil }
        values += first...last
      default: return nil
      }
      if values.count > Self.limit { return nil }
    }
    self.values = values
  }
}

/// A grid: "8x4" is 8 columns and 4 rows.
struct GridSize: ExpressibleByArgument, Sendable {
  let columns, rows: Int

  init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let columns = parts[0], let rows = parts[1], (1...256).contains(columns),
      (1...256).contains(rows)
    else { return nil }
    (self.columns, self.rows) = (columns, rows)
  }
}
