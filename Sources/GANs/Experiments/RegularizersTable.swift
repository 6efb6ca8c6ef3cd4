extension Experiment {
  /// The paper's last paragraph: its metrics as regularizers.
  static let regularizers = Experiment(
    "regularizers", "path length and separability as regularizers", source: "StyleGAN §6, last paragraph",
    claim: "Can the metrics of disentanglement be trained for, and what does it cost in FID?",
    length: .time, seeds: [0, 1, 2],
    columns: [.frechetDistance(latents: 1), .fullPathLength, .separability],
    rows: [
      Row("none", flat),
      Row("path length, weight 2", flat + ["--pl-weight", "2"]),
      Row("path length, weight 8", flat + ["--pl-weight", "8"]),
      Row("separability, weight 0.3", flat + separability("0.3")),
      Row("separability, weight 1", flat + separability("1")),
      Row("separability by likelihood, weight 0.3", flat + separability("0.3", "likelihood")),
      Row("separability by variance, weight 0.3", flat + separability("0.3", "variance")),
    ])

  private static let flat = ["--cfg", "stylegan", "--no-growing", "--mixing", "0.5"] + shortTraining

  private static func separability(_ weight: String, _ design: String = "side") -> [String] {
    ["--ls-weight", weight, "--ls-design", design]
  }
}
