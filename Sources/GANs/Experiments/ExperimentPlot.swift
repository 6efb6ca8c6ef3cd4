import Images

extension ExperimentResults {
  /// The table as a plot: a panel for each column, with the rows from left to right, a curve for each seed and, scaled to the
  /// mean of the same rows, the paper's.
  /// - Returns: nil before there is a value.
  public var plot: Plot? {
    let panels = columns.compactMap { column -> Plot.Panel? in
      let seeds = rows.first?.cells.indices ?? 0..<0
      var curves = seeds.map { index in
        Plot.Curve(
          "seed \(rows[0].cells[index].seed)",
          rows.enumerated().compactMap { x, row in row.cells[index].values[column].map { (Double(x + 1), $0) } })
      }.filter { !$0.points.isEmpty }
      guard !curves.isEmpty else { return nil }
      // The paper's pictures and detector are others, so only the shape of its curve can be compared.
      let both = rows.enumerated().compactMap { x, row in
        row.mean(column).flatMap { mean in row.published[column].map { (x: Double(x + 1), mean: mean, published: $0) } }
      }
      let (mean, published) = (both.reduce(0) { $0 + $1.mean }, both.reduce(0) { $0 + $1.published })
      if published > 0 {
        curves.append(Plot.Curve("paper, scaled", both.map { ($0.x, $0.published * mean / published) }))
      }
      return Plot.Panel(column, curves)
    }
    guard !panels.isEmpty else { return nil }
    let names = rows.enumerated().map { "\($0 + 1) \($1.title.split(separator: " ").first ?? "")" }
    return Plot(panels: panels, xLabel: "row of the table (" + names.joined(separator: ", ") + ")")
  }
}
