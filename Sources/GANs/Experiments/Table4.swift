extension Experiment {
  /// Mapping networks of different depth, before traditional and style-based generators.
  static let table4 = Experiment(
    "table4", "depth of the mapping network", source: "StyleGAN §4.2, Table 4 (FFHQ)",
    claim: "A mapping network improves both kinds of generators, and depth improves separability.",
    length: .images(ofRow: 6), columns: [.frechetDistance(latents: 1), .fullPathLength, .endPathLength, .separability],
    rows: [
      Row("traditional, 0", mapped("b", 0), space: .z, published: [5.25, 412.0, 415.3, 10.78]),
      Row("traditional, 8", mapped("b", 8), space: .z, published: [4.87, 896.2, 902.0, 170.29]),
      Row("traditional, 8", mapped("b", 8), published: [4.87, 324.5, 212.2, 6.52]),
      Row("style-based, 0", mapped("f", 0), space: .z, published: [5.06, 283.5, 285.5, 9.88]),
      Row("style-based, 1", mapped("f", 1), published: [4.60, 219.9, 209.4, 6.81]),
      Row("style-based, 2", mapped("f", 2), published: [4.43, 217.8, 199.9, 6.25]),
      Row("F  style-based, 8", step("f"), published: [4.40, 234.0, 195.9, 3.79]),
    ])

  /// A configuration of Table 1 with this many mapping layers. Those of B without a mapping network are B itself.
  private static func mapped(_ letter: String, _ layers: Int) -> [String] {
    letter == "b" && layers == 0 ? step(letter) : step(letter, ["--mapping-layers", "\(layers)"])
  }
}
