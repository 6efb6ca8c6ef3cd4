/// The network families, one per line.
public enum Families {
  /// The families, in the order of their papers.
  public static let all: [any NetworkConfiguration.Type] = [
    GANConfiguration.self,
    DCGANConfiguration.self,
    WGANConfiguration.self,
    WGANGPConfiguration.self,
    PGGANConfiguration.self,
    StyleGANConfiguration.self,
    StyleGAN2Configuration.self,
  ]

  /// Every named training, in the same order.
  public static var recipes: [Recipe] { all.flatMap { $0.recipes } }

  /// The settings of all families, newest family first, without duplicates.
  public static var settings: [Setting] {
    all.reversed().flatMap { $0.settings }.reduce(into: []) { all, setting in
      if !all.contains(where: { $0.field == setting.field }) { all.append(setting) }
    }
  }

  /// The family with this name in files.
  static func family(named name: String) -> (any NetworkConfiguration.Type)? { all.first { $0.family == name } }
}

/// A named training: an architecture with its objective, optimizer and schedule.
public struct Recipe: Sendable {
  /// The name: "stylegan-c".
  public let name: String
  /// One sentence for users.
  public let summary: String
  /// The expected speed, in a few words.
  public let cost: String
  /// The family's configuration.
  public let family: any NetworkConfiguration.Type
  private let switches: Settings
  private let training: @Sendable (inout TrainingOptions) -> Void

  /// A recipe of a family.
  /// - Parameters:
  ///   - switches: settings that differ from the family's defaults.
  ///   - training: sets the objective, optimizer and schedule.
  public init(
    _ name: String, _ summary: String, cost: String, of family: any NetworkConfiguration.Type,
    switches: Settings = [:], training: @escaping @Sendable (inout TrainingOptions) -> Void
  ) {
    (self.name, self.summary, self.cost, self.family) = (name, summary, cost, family)
    (self.switches, self.training) = (switches, training)
  }

  /// The architecture for images of a size. `asked` overrides the recipe's own switches.
  /// - Throws: ``ConfigurationError`` naming a setting that the family lacks.
  public func configuration(_ asked: Settings = [:], resolution: Int, imageChannels: Int) throws(ConfigurationError)
    -> any NetworkConfiguration
  { try family.init(asked.merging(switches) { mine, _ in mine }, resolution: resolution, imageChannels: imageChannels) }

  /// Sets the objective, optimizer and schedule.
  func apply(to options: inout TrainingOptions) { training(&options) }
}
