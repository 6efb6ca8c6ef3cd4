import Files

/// A table of text with aligned columns.
package struct Table {
  /// A column with its heading. Text is aligned to the left, numbers to the right.
  package struct Column {
    let title: String
    var isText = false
    /// The least width, in characters.
    var width = 0

    /// A column of text.
    package static func text(_ title: String, width: Int = 0) -> Column {
      Column(title: title, isText: true, width: width)
    }
    /// A column of numbers; the unit belongs to the title or to each value.
    package static func number(_ title: String, width: Int = 0) -> Column { Column(title: title, width: width) }
  }

  package private(set) var columns: [Column]
  package private(set) var rows: [[String]] = []

  package init(_ columns: [Column]) {
    self.columns = columns.map { Column(title: $0.title, isText: $0.isText, width: max($0.width, $0.title.count)) }
  }

  /// Adds a row; columns become as wide as their cells.
  package mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count)
    for (i, cell) in cells.enumerated() { columns[i].width = max(columns[i].width, cell.count) }
    rows.append(cells)
  }

  /// The headings.
  package var heading: String { line(columns.map(\.title)) }
  /// All rows without the headings.
  package var lines: [String] { rows.map(line) }

  /// A row in the present widths.
  package func line(_ cells: [String]) -> String {
    var text = zip(columns, cells).map { column, cell in
      let space = String(repeating: " ", count: max(0, column.width - cell.count))
      return column.isText ? cell + space : space + cell
    }.joined(separator: "  ")
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// A share as text: "12.3 %".
func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
