import Torch

/// StyleGAN among the families. The configurations A to F of Table 1 are recipes.
extension StyleGANConfiguration {
  /// The name in files.
  public static var family: String { "stylegan" }
  /// The name for people.
  public static var title: String { "StyleGAN" }

  /// The settings for width and latents, and the switches of Table 1.
  public static var settings: [Setting] {
    [Setting.width] + Setting.featureMaps + [
      .zSize, .wSize, .mappingLayers,
      Setting(
        "mappingWidth", names: ["mapping-width"], .integer,
        help: "StyleGAN: size of its hidden layers (default: the size of w)."),
      Setting("blur", names: ["blur"], .flag, help: "StyleGAN, Table 1 B: smooth each change of resolution."),
      Setting("styles", names: ["styles"], .flag, help: "Table 1 C: a style for each layer; else pixel norm."),
      Setting(
        "constantInput", names: ["constant-input"], .flag,
        help: "Table 1 D: start from a learned constant; else from w."),
      Setting("noise", names: ["noise"], .flag, help: "Table 1 E: noise inputs."),
    ]
  }

  /// The architecture of a named width. Without a mapping network w is z; without styles there is no constant input.
  public static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self {
    var defaults = Self(width: NetworkWidth(asked), resolution: resolution, imageChannels: imageChannels)
    if asked["mappingLayers"] == 0 {
      if case .integer(let size)? = asked["zSize"] { defaults.zSize = size }
      defaults.wSize = defaults.zSize
    }
    if asked["styles"] == false { defaults.constantInput = false }
    return defaults
  }

  /// A to F of Table 1, each with one more change, and F again as "stylegan".
  public static var recipes: [Recipe] {
    func recipe(
      _ name: String, _ summary: String, cost: String = "about as stylegan", _ switches: Settings,
      training: @escaping @Sendable (inout TrainingOptions) -> Void
    ) -> Recipe { Recipe(name, summary, cost: cost, of: Self.self, switches: switches, training: training) }
    let b: Settings = ["styles": false, "constantInput": false, "noise": false, "mappingLayers": 0]
    let (unmixed, mixed) = (
      { @Sendable (options: inout TrainingOptions) in options.trainAsStyleGAN(mixing: 0) },
      { @Sendable (options: inout TrainingOptions) in options.trainAsStyleGAN(mixing: 0.9) }
    )
    return [
      recipe(
        "stylegan-a", "Table 1, A: the Progressive GAN baseline", cost: "as pggan", b.merging(["blur": false]) { $1 },
        training: { $0.trainAsProgressiveGAN() }),
      recipe(
        "stylegan-b", "Table 1, B: filtered resampling, growing from 8×8, logistic loss with R1", b, training: unmixed),
      recipe(
        "stylegan-c", "Table 1, C: a mapping network, and styles (AdaIN)", ["constantInput": false, "noise": false],
        training: unmixed),
      recipe("stylegan-d", "Table 1, D: a learned constant for an input", ["noise": false], training: unmixed),
      recipe("stylegan-e", "Table 1, E: noise inputs", [:], training: unmixed),
      recipe("stylegan-f", "Table 1, F: mixing regularization", [:], training: mixed),
      recipe(
        "stylegan", "StyleGAN (Karras, Laine, Aila 2019): Table 1, F",
        cost: "230 to 530 pictures a second at the smallest width, in bf16 and with lazy R1", [:], training: mixed),
    ]
  }

  /// Table 4: generators with mapping networks of several depths.
  public static let table4: [(title: String, recipe: String, mappingLayers: Int)] = [
    ("traditional", "stylegan-b", 0), ("traditional", "stylegan-b", 8), ("style-based", "stylegan", 0),
    ("style-based", "stylegan", 1), ("style-based", "stylegan", 2), ("style-based", "stylegan", 8),
  ]

  /// Growth, W and labels; the others depend on the switches.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.grows, traits.hasW, traits.takesLabels) = (true, true, true)
    (traits.hasStyles, traits.hasNoise, traits.hasEqualizedWeights) = (styles, noise, true)
    return traits
  }

  /// Latents and layers, feature maps, and the disabled switches.
  public var summary: [String] {
    let off = [("filtered resampling", blur), ("styles", styles), ("constant input", constantInput), ("noise", noise)]
      .filter { !$1 }.map(\.0)
    return [
      "z \(zSize), w \(wSize), \(mappingLayers) mapping layers" + (mappingWidth.map { " of \($0)" } ?? "")
        + (styles ? ", \(layerCount) styles" : "") + (labelSize > 0 ? ", \(labelSize) labels" : ""), featureMaps,
    ] + (off.isEmpty ? [] : ["without " + off.joined(separator: ", ")])
  }

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    StyleGANGenerator(self, seed: seed, device: device)
  }
}

extension TrainingOptions {
  /// The logistic loss with R1, growing from 8×8 (StyleGAN §C).
  fileprivate mutating func trainAsStyleGAN(mixing: Double) {
    objective = Objective()
    schedule = .paper(resolution: configuration.resolution)
    mixingProbability = configuration.traits.hasStyles ? mixing : 0
  }
}
