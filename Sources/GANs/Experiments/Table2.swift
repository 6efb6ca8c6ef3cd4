extension Experiment {
  /// What mixing regularization does for pictures that mix several latents.
  static let table2 = Experiment(
    "table2", "mixing regularization", source: "StyleGAN §3.1, Table 2 (FFHQ)",
    claim: "The more a training mixes, the less FID suffers when pictures mix 2, 3 and 4 latents.",
    length: .images(ofRow: 2), seeds: [0, 1, 2], columns: (1...4).map { .frechetDistance(latents: $0) },
    rows: [
      Row("E  0 %", step("e"), published: [4.42, 8.22, 12.88, 17.41]),
      Row("50 %", step("f", ["--mixing", "0.5"]), published: [4.41, 6.10, 8.71, 11.61]),
      Row("F  90 %", step("f"), published: [4.40, 5.11, 6.88, 9.03]),
      Row("100 %", step("f", ["--mixing", "1"]), published: [4.83, 5.17, 6.63, 8.40]),
    ])
}
