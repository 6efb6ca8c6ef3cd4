import Torch

/// StyleGAN among the families: its steps from Progressive GAN (Table 1) are recipes, a switch apart.
extension StyleGANConfiguration: ProgressiveArchitecture {
  /// The name in files.
  public static var family: String { "stylegan" }
  /// The name for people.
  public static var title: String { "StyleGAN" }

  /// A to F of Table 1, each one switch away from the one before, and F again under its own name.
  public static var recipes: [Recipe] {
    let a = ArchitectureSettings(blur: false, styles: false, constantInput: false, noise: false, mappingLayers: 0)
    let b = ArchitectureSettings(styles: false, constantInput: false, noise: false, mappingLayers: 0)
    let c = ArchitectureSettings(constantInput: false, noise: false)
    let d = ArchitectureSettings(noise: false)
    let e = ArchitectureSettings()
    let (unmixed, mixed) = (
      { @Sendable (options: inout TrainingOptions) in options.trainAsStyleGAN(mixing: 0) },
      { @Sendable (options: inout TrainingOptions) in options.trainAsStyleGAN(mixing: 0.9) }
    )
    return [
      Recipe(
        "stylegan-a", "Table 1, A: the Progressive GAN baseline", cost: "as pggan", of: Self.self, switches: a,
        training: { $0.trainAsProgressiveGAN() }),
      Recipe(
        "stylegan-b", "Table 1, B: filtered resampling, growing from 8×8, logistic loss with R1",
        cost: "about as stylegan",
        of: Self.self,
        switches: b, training: unmixed),
      Recipe(
        "stylegan-c", "Table 1, C: a mapping network, and styles (AdaIN)", cost: "about as stylegan", of: Self.self,
        switches: c,
        training: unmixed),
      Recipe(
        "stylegan-d", "Table 1, D: a learned constant for an input", cost: "about as stylegan", of: Self.self,
        switches: d,
        training: unmixed),
      Recipe(
        "stylegan-e", "Table 1, E: noise inputs", cost: "about as stylegan", of: Self.self, switches: e,
        training: unmixed),
      Recipe(
        "stylegan-f", "Table 1, F: mixing regularization", cost: "about as stylegan", of: Self.self, switches: e,
        training: mixed),
      Recipe(
        "stylegan", "StyleGAN (Karras, Laine, Aila 2019): Table 1, F",
        cost: "230 to 530 pictures a second with --width tiny, bf16 and --r1-interval 16", of: Self.self, switches: e,
        training: mixed),
    ]
  }

  /// Table 4: generators with and without a mapping network, each a recipe with another depth of it.
  public static let table4: [(title: String, recipe: String, mappingLayers: Int)] = [
    ("traditional", "stylegan-b", 0), ("traditional", "stylegan-b", 8), ("style-based", "stylegan", 0),
    ("style-based", "stylegan", 1), ("style-based", "stylegan", 2), ("style-based", "stylegan", 8),
  ]

  /// The architecture that settings ask for.
  public init(_ settings: ArchitectureSettings, resolution: Int, imageChannels: Int) throws(ConfigurationError) {
    try settings.require(
      only: [
        "--width", "--fmap-base", "--fmap-max", "--z-dim", "--w-dim", "--mapping-layers", "--blur", "--styles",
        "--constant-input", "--noise",
      ], of: Self.title)
    self.init(width: settings.width ?? .small, resolution: resolution, imageChannels: imageChannels)
    fmapBase = settings.fmapBase ?? fmapBase
    fmapMax = settings.fmapMax ?? fmapMax
    zSize = settings.zSize ?? zSize
    mappingLayers = settings.mappingLayers ?? mappingLayers
    // Without a mapping network w is z.
    wSize = settings.wSize ?? (mappingLayers == 0 ? zSize : wSize)
    blur = settings.blur ?? blur
    styles = settings.styles ?? styles
    constantInput = settings.constantInput ?? styles
    noise = settings.noise ?? noise
  }

  /// Grows, has W, and what its switches say.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    traits.grows = true
    traits.hasW = true
    traits.hasStyles = styles
    traits.hasNoise = noise
    return traits
  }

  /// Latents and layers, feature maps, and the switches that are off.
  public var summary: [String] {
    let off = [("filtered resampling", blur), ("styles", styles), ("constant input", constantInput), ("noise", noise)]
      .filter { !$1 }.map(\.0)
    return [
      "z \(zSize), w \(wSize), \(mappingLayers) mapping layers" + (styles ? ", \(layerCount) styles" : ""),
      featureMaps,
    ] + (off.isEmpty ? [] : ["without " + off.joined(separator: ", ")])
  }

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    StyleGANGenerator(self, seed: seed, device: device)
  }
}

extension StyleGANConfiguration {
  private enum CodingKeys: String, CodingKey {
    case resolution, imageChannels, zSize, wSize, mappingLayers, mappingLearningRateMultiplier, fmapBase, fmapMax
    case minibatchGroup, blur, styles, constantInput, noise
  }

  /// Reads a configuration; files from before there were switches have all of them on.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      resolution: try values.decode(Int.self, forKey: .resolution),
      imageChannels: try values.decode(Int.self, forKey: .imageChannels),
      zSize: try values.decode(Int.self, forKey: .zSize), wSize: try values.decode(Int.self, forKey: .wSize),
      mappingLayers: try values.decode(Int.self, forKey: .mappingLayers),
      mappingLearningRateMultiplier: try values.decode(Double.self, forKey: .mappingLearningRateMultiplier),
      fmapBase: try values.decode(Int.self, forKey: .fmapBase), fmapMax: try values.decode(Int.self, forKey: .fmapMax),
      minibatchGroup: try values.decode(Int.self, forKey: .minibatchGroup))
    blur = try values.decodeIfPresent(Bool.self, forKey: .blur) ?? true
    styles = try values.decodeIfPresent(Bool.self, forKey: .styles) ?? true
    constantInput = try values.decodeIfPresent(Bool.self, forKey: .constantInput) ?? true
    noise = try values.decodeIfPresent(Bool.self, forKey: .noise) ?? true
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
