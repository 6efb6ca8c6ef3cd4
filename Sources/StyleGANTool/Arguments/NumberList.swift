import ArgumentParser

/// A value of an option that says why it cannot be read.
protocol ExplainingArgument: ExpressibleByArgument {
  init(reading text: String) throws(Unreadable)
}

/// Why a value cannot be read, and its form.
struct Unreadable: Error {
  let reason: String

  /// The last one: the parser takes no more than nil from a value, and the program ends with the first.
  nonisolated(unsafe) fileprivate(set) static var last: Unreadable?
}

extension ExplainingArgument {
  init?(argument: String) {
    do { try self.init(reading: argument) } catch {
      Unreadable.last = error
      return nil
    }
  }
}

/// Numbers as the field's tools write them: "0,3,10-20".
struct NumberList: ExplainingArgument, Sendable {
  /// More would be a slip of the pen.
  static let limit = 1_000_000
  let values: [UInt32]
  /// As it was written.
  let defaultValueDescription: String

  init(reading text: String) throws(Unreadable) {
    defaultValueDescription = text
    func refuse(_ reason: String) -> Unreadable { Unreadable(reason: "\(reason); write numbers as in 0,3,10-20") }
    var values: [UInt32] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
        throw refuse(
          part.isEmpty
            ? "a number is missing" : "'\(part)' is no whole number from 0 to \(UInt32.max), nor two with a -")
      }
      guard first <= last else { throw refuse("'\(part)' runs backwards") }
      guard Int(last - first) + values.count < Self.limit else { throw refuse("it is more than \(Self.limit) numbers") }
      values += first...last
    }
    self.values = values
  }
}

/// A grid: "8x4" is 8 columns and 4 rows.
struct GridSize: ExplainingArgument, Sendable {
  let columns, rows: Int

  init(reading text: String) throws(Unreadable) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let columns = parts[0], let rows = parts[1], (1...256).contains(columns),
      (1...256).contains(rows)
    else { throw Unreadable(reason: "write columns and rows, 1 to 256 each, as in 8x4") }
    (self.columns, self.rows) = (columns, rows)
  }
}
