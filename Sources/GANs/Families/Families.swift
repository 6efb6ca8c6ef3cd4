/// Everything that can be trained here: a line a family.
public enum Families {
  /// The families, in the order of their papers.
  public static let all: [any NetworkConfiguration.Type] = [
    GANConfiguration.self,
    DCGANConfiguration.self,
    WGANConfiguration.self,
    WGANGPConfiguration.self,
    PGGANConfiguration.self,
    StyleGANConfiguration.self,
  ]

  /// Every named training, in the same order.
  public static var recipes: [Recipe] { all.flatMap { $0.recipes } }

  /// The family that a file names.
  static func family(named name: String) -> (any NetworkConfiguration.Type)? { all.first { $0.family == name } }
}

/// A named training: an architecture's switches, and how it is trained.
public struct Recipe: Sendable {
  /// The name: "stylegan-c".
  public let name: String
  /// A sentence.
  public let summary: String
  /// What to expect of it, in a few words.
  public let cost: String
  /// The family's configuration.
  public let family: any NetworkConfiguration.Type
  private let switches: ArchitectureSettings
  private let training: @Sendable (inout TrainingOptions) -> Void

  /// A recipe of a family.
  /// - Parameters:
  ///   - switches: what sets its architecture apart from its family's.
  ///   - training: sets the objective, optimizer and schedule.
  public init(
    _ name: String, _ summary: String, cost: String, of family: any NetworkConfiguration.Type,
    switches: ArchitectureSettings = ArchitectureSettings(),
    training: @escaping @Sendable (inout TrainingOptions) -> Void
  ) {
    (self.name, self.summary, self.cost, self.family) = (name, summary, cost, family)
    (self.switches, self.training) = (switches, training)
  }

  /// The architecture for images of a size; settings given go before the recipe's own.
  /// - Throws: ``ConfigurationError`` naming a setting that the family does not have.
  public func configuration(
    _ settings: ArchitectureSettings = ArchitectureSettings(), resolution: Int, imageChannels: Int
  ) throws(ConfigurationError) -> any NetworkConfiguration {
    try family.init(settings.filled(from: switches), resolution: resolution, imageChannels: imageChannels)
  }

  /// Sets how this recipe trains.
  func apply(to options: inout TrainingOptions) { training(&options) }
}

/// What a user may ask of an architecture; nil where nothing is asked.
public struct ArchitectureSettings: Sendable, Equatable {
  /// A named width.
  public var width: StyleGANConfiguration.Width?
  /// Feature maps at a resolution: min(base / 2^stage, max).
  public var fmapBase, fmapMax: Int?
  /// Feature maps of DCGAN's widest images.
  public var features: Int?
  /// Sizes of z and w.
  public var zSize, wSize: Int?
  /// Layers of the mapping network.
  public var mappingLayers: Int?
  /// StyleGAN's switches: filtered resampling, styles, constant input, noise inputs.
  public var blur, styles, constantInput, noise: Bool?
  /// ε of batch normalisation in the first GAN.
  public var batchNormEpsilon: Double?

  /// Nothing asked.
  public init() {}

  /// Settings with some values, for recipes.
  init(
    blur: Bool? = nil, styles: Bool? = nil, constantInput: Bool? = nil, noise: Bool? = nil, mappingLayers: Int? = nil
  ) {
    (self.blur, self.styles, self.constantInput) = (blur, styles, constantInput)
    (self.noise, self.mappingLayers) = (noise, mappingLayers)
  }

  /// The options that are set, as the program calls them.
  public var given: [String] {
    let all: [(String, Any?)] = [
      ("--width", width), ("--fmap-base", fmapBase), ("--fmap-max", fmapMax), ("--features", features),
      ("--z-dim", zSize), ("--w-dim", wSize), ("--mapping-layers", mappingLayers), ("--blur", blur),
      ("--styles", styles), ("--constant-input", constantInput), ("--noise", noise),
      ("--bn-epsilon", batchNormEpsilon),
    ]
    return all.compactMap { $1 == nil ? nil : $0 }
  }

  /// Refuses settings other than these.
  func require(only known: Set<String>, of title: String) throws(ConfigurationError) {
    if let foreign = given.first(where: { !known.contains($0) }) {
      throw ConfigurationError(
        "\(foreign) means nothing to \(title), which knows \(known.sorted().joined(separator: ", ")); leave it out")
    }
  }

  /// These settings, with others' where nothing is asked.
  func filled(from other: ArchitectureSettings) -> ArchitectureSettings {
    var s = self
    s.width = width ?? other.width
    s.fmapBase = fmapBase ?? other.fmapBase
    s.fmapMax = fmapMax ?? other.fmapMax
    s.features = features ?? other.features
    s.zSize = zSize ?? other.zSize
    s.wSize = wSize ?? other.wSize
    s.mappingLayers = mappingLayers ?? other.mappingLayers
    s.blur = blur ?? other.blur
    s.styles = styles ?? other.styles
    s.constantInput = constantInput ?? other.constantInput
    s.noise = noise ?? other.noise
    s.batchNormEpsilon = batchNormEpsilon ?? other.batchNormEpsilon
    return s
  }
}
