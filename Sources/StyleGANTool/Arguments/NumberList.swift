import ArgumentParser
import Files
import Foundation

/// The value of an option with error messages of its own.
protocol ExplainingArgument: ExpressibleByArgument { init(reading text: String) throws(Unreadable) }

/// The reason why a value cannot be read, and the form it must have.
struct Unreadable: Error {
  let reason: String

  /// The last error. The parser accepts only nil from a value, so the reason is kept here. The program ends with its
  /// first error, so there is only one.
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

/// A list of numbers: "0,3,10-20".
struct NumberList: ExplainingArgument, Sendable {
  /// A longer list is most likely a mistake.
  static let limit = 1_000_000
  let values: [UInt32]
  /// The text as the user wrote it.
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
            ? "a number is missing" : "'\(part)' is neither a whole number from 0 to \(UInt32.max) nor a range")
      }
      guard first <= last else { throw refuse("'\(part)' runs backwards") }
      guard Int(last - first) + values.count < Self.limit else { throw refuse("more than \(Self.limit) numbers") }
      values += first...last
    }
    self.values = values
  }
}

/// Checks the value of an option.
/// - Throws: `ValidationError` naming the option, its value and the range.
func requireRange<Value: Comparable>(_ option: String, _ value: Value?, _ range: ClosedRange<Value>) throws {
  guard let value, !range.contains(value) else { return }
  func text(_ number: Value) -> String { (number as? Double)?.plain ?? "\(number)" }
  throw ValidationError(
    "\(option) is \(text(value)), but must be \(text(range.lowerBound)) to \(text(range.upperBound))")
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
