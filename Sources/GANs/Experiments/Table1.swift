extension Experiment {
  /// FID while Progressive GAN becomes StyleGAN, a change at a time.
  static let table1 = Experiment(
    "table1", "from Progressive GAN to StyleGAN", source: "StyleGAN §2, Table 1 (FFHQ)",
    claim: "Tuning, styles and noise lower FID; the learned constant and mixing regularization hardly change it.",
    length: .images(ofRow: 5), columns: [.frechetDistance(latents: 1)],
    rows: [
      Row("A  Progressive GAN", progressiveGAN, published: [8.04]),
      Row("B  + tuning", step("b"), published: [5.25]),
      Row("C  + mapping network and styles", step("c"), published: [4.85]),
      Row("D  + learned constant", step("d"), published: [4.88]),
      Row("E  + noise", step("e"), published: [4.42]),
      Row("F  + mixing regularization", step("f"), published: [4.40]),
    ])

  /// Configuration A: its own loss and penalty in every step, its own learning rate.
  private static let progressiveGAN = [
    "--cfg", "stylegan-a", "--width", "micro", "--batch", "16", "--precision", "auto",
  ]

  /// A configuration of Table 1 from B on, with what the short trainings of docs/RECIPES.md found. All grow from 8×8.
  /// - Parameter letter: of the configuration, in lower case.
  static func step(_ letter: String, _ more: [String] = []) -> [String] {
    ["--cfg", "stylegan-\(letter)"] + more + shortTraining
  }

  /// Minibatch, learning rate, R1, moving average and precision of short trainings.
  static let shortTraining = [
    "--width", "micro", "--batch", "16", "--lr", "0.005", "--gamma", "1", "--r1-interval", "16", "--ema-kimg", "4",
    "--precision", "auto",
  ]
}
