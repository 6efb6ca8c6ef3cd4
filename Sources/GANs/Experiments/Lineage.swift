extension Experiment {
  /// The families from 2014 to 2019, each with the same time.
  static let lineage = Experiment(
    "lineage", "five years of GANs", source: "the lecture, and the papers of each family",
    claim: "Which of them draws the best pictures after the same time on a CPU?",
    length: .time, columns: [.frechetDistance(latents: 1), .slicedWasserstein],
    rows: [
      Row("GAN (2014)", ["--cfg", "gan"]),
      Row("DCGAN (2015)", ["--cfg", "dcgan"] + narrow),
      Row("WGAN (2017)", ["--cfg", "wgan"] + narrow),
      Row("WGAN-GP (2017)", ["--cfg", "wgan-gp"] + narrow),
      Row("Progressive GAN (2018)", ["--cfg", "pggan", "--batch", "16"] + narrow),
      Row("StyleGAN (2019)", ["--cfg", "stylegan"] + shortTraining),
      Row("StyleGAN, not growing", ["--cfg", "stylegan", "--no-growing", "--mixing", "0.5"] + shortTraining),
    ])

  private static let narrow = ["--width", "micro", "--precision", "auto"]
}
