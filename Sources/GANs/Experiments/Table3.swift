extension Experiment {
  /// Path lengths and separability of traditional and style-based generators.
  static let table3 = Experiment(
    "table3", "path length and separability", source: "StyleGAN §4, Table 3 (FFHQ)",
    claim: "W is less curved and more separable than Z; noise shortens the paths.",
    length: .images(ofRow: 7), columns: [.fullPathLength, .endPathLength, .separability],
    rows: [
      Row("B  traditional", step("b"), space: .z, published: [412.0, 415.3, 10.78]),
      Row("D  style-based", step("d"), space: .z),
      Row("D  style-based", step("d"), published: [446.2, 376.6, 3.61]),
      Row("E  + noise", step("e"), space: .z),
      Row("E  + noise", step("e"), published: [200.5, 160.6, 3.54]),
      Row("+ mixing 50 %", step("f", ["--mixing", "0.5"]), published: [231.5, 182.1, 3.51]),
      Row("F  + mixing 90 %", step("f"), space: .z),
      Row("F  + mixing 90 %", step("f"), published: [234.0, 195.9, 3.79]),
    ])
}
