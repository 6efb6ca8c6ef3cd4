import Torch

/// StyleGAN2 among the families.
extension StyleGAN2Configuration {
  /// The name in files.
  public static var family: String { "stylegan2" }
  /// The name for people.
  public static var title: String { "StyleGAN2" }

  /// Widths, and the mapping network's depth.
  public static var settings: [Setting] {
    [Setting.width] + Setting.featureMaps + [.zSize, .wSize, .mappingLayers]
  }

  /// The width's architecture. Without a mapping network w is z.
  public static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self {
    var defaults = Self(width: NetworkWidth(asked), resolution: resolution, imageChannels: imageChannels)
    if asked["mappingLayers"] == 0 {
      if case .integer(let size)? = asked["zSize"] { defaults.zSize = size }
      defaults.wSize = defaults.zSize
    }
    return defaults
  }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "stylegan2", "StyleGAN2 (Karras et al. 2020): configuration F, with path length regularization",
        cost: "about 140 pictures a second at the smallest width, in bf16", of: Self.self,
        training: { $0.trainAsStyleGAN2() })
    ]
  }

  /// Has W, styles and noise, takes labels, does not grow.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.hasW, traits.hasStyles, traits.hasNoise, traits.takesLabels) = (true, true, true, true)
    traits.hasEqualizedWeights = true
    return traits
  }

  /// Latents and layers, and feature maps.
  public var summary: [String] {
    [
      "z \(zSize), w \(wSize), \(mappingLayers) mapping layers, \(layerCount) styles"
        + (labelSize > 0 ? ", \(labelSize) labels" : ""),
      "feature maps: " + blockResolutions.map { "\($0)²: \(channels(at: $0))" }.joined(separator: ", "),
    ]
  }

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    StyleGAN2Generator(self, seed: seed, device: device)
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    StyleGAN2Discriminator(self, seed: seed, device: device)
  }
}

extension TrainingOptions {
  /// The logistic loss with lazy R1 and path length regularization, at one resolution (StyleGAN2 §3, §B).
  fileprivate mutating func trainAsStyleGAN2() {
    objective = Objective(gamma: 10, penaltyInterval: 16, pathLength: PathLength())
    schedule = .fixed(resolution: configuration.resolution, batch: 32, learningRate: 0.002)
    mixingProbability = 0.9
    averageHalfLifeKimg = 10
  }
}
