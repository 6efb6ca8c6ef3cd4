import Foundation

/// Explicit settings of an architecture, by field. Other fields have the recipe's or the family's defaults.
public typealias Settings = [ConfigurationField: SettingValue]

/// The value of a setting.
public enum SettingValue: Sendable, Equatable, Codable, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)

  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .flag(value) }

  /// Reads a JSON value.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try value.decode(String.self))
    }
  }

  /// Writes a JSON value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    }
  }
}

/// A setting of a family, declared once in the family's folder. The program has an option for it.
public struct Setting: Sendable {
  /// The types of values.
  public enum Kind: Sendable, Equatable {
    case integer, number, flag
    /// One of these names; it sets several fields.
    case preset([String])
  }

  /// The configuration's field, or the name of a preset.
  public let field: ConfigurationField
  /// The names of the option: "fmap-base".
  public let names: [String]
  /// The type of its value.
  public let kind: Kind
  /// A sentence for users.
  public let help: String

  /// A setting.
  public init(_ field: ConfigurationField, names: [String], _ kind: Kind, help: String) {
    (self.field, self.names, self.kind, self.help) = (field, names, kind, help)
  }
}

extension Setting {
  /// Size of z.
  static let zSize = Setting("zSize", names: ["z-dim"], .integer, help: "Size of z.")
  /// Size of w.
  static let wSize = Setting("wSize", names: ["w-dim"], .integer, help: "Size of w.")
  /// Depth of the mapping network.
  static let mappingLayers = Setting(
    "mappingLayers", names: ["mapping-layers", "map-depth"], .integer,
    help: "Layers of the mapping network; 0 for none.")
  /// A named width.
  static let width = Setting(
    "width", names: ["width"], .preset(NetworkWidth.allCases.map(\.rawValue)),
    help: "A named width: \(NetworkWidth.allCases.map(\.rawValue).joined(separator: ", ")) (default: small).")
}

/// The named sizes of networks.
public enum NetworkWidth: String, CaseIterable, Sendable, Codable {
  /// The paper's size: 512 feature maps up to 32×32, latents of 512.
  case paper
  /// A quarter of the feature maps (2048/128), latents of 512.
  case small
  /// 512/128 feature maps (32 at 32×32), latents of 128: for trainings of an hour on two cores.
  case tiny
  /// 256/128 feature maps (16 at 32×32), latents of 128: for trainings of ten minutes on two cores.
  case micro

  /// The size and the expected speed, in a sentence.
  public var summary: String {
    switch self {
    case .paper: "8192/512 feature maps, latents of 512: the paper's size; needs a GPU, or days on a CPU"
    case .small: "2048/128 feature maps, latents of 512: about 80 pictures a second at 32×32 on two cores with bf16"
    case .tiny: "512/128 feature maps, latents of 128: 230 to 530 pictures a second at 32×32 on two cores with bf16"
    case .micro: "256/128 feature maps, latents of 128: twice as many, for trainings of ten minutes at 32×32"
    }
  }

  /// base and max of the feature maps, min(base / 2^stage, max).
  var featureMaps: (base: Int, max: Int) {
    switch self {
    case .paper: (8192, 512)
    case .small: (2048, 128)
    case .tiny: (512, 128)
    case .micro: (256, 128)
    }
  }

  /// Size of z and w.
  var latentSize: Int { self == .tiny || self == .micro ? 128 : 512 }

  /// The width in the settings, or `small`.
  init(_ asked: Settings) {
    self = .small
    if case .text(let name)? = asked[Setting.width.field] { self = NetworkWidth(rawValue: name) ?? .small }
  }
}

extension NetworkConfiguration {
  /// The family's defaults, overridden by settings.
  /// - Throws: ``ConfigurationError`` for a setting that the family lacks, or for a value of a wrong type.
  public init(_ asked: Settings, resolution: Int, imageChannels: Int) throws(ConfigurationError) {
    let known = Self.settings.map(\.field)
    if let foreign = asked.keys.filter({ !known.contains($0) }).min(by: { $0.rawValue < $1.rawValue }) {
      let others = known.sorted { $0.rawValue < $1.rawValue }.map { "\(field: $0)" as Message }
      // A switch that is off has a name of its own: --no-styles.
      let off: Bool? = if case .flag(false)? = asked[foreign] { false } else { nil }
      throw ConfigurationError(
        "\(field: foreign, off) means nothing to \(Self.title): leave it out (its settings are "
          + others.dropFirst().reduce(others[0]) { $0 + ", " + $1 } + ")")
    }
    let defaults = Self.defaults(for: asked, resolution: resolution, imageChannels: imageChannels)
    // Numbers that are not finite pass here; validate() refuses them with the field's name.
    let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      var values = try decoder.decode([String: SettingValue].self, from: encoder.encode(defaults))
      for setting in Self.settings {
        if case .preset = setting.kind { continue }
        if let value = asked[setting.field] { values[setting.field.rawValue] = value }
      }
      self = try decoder.decode(Self.self, from: encoder.encode(values))
    } catch { throw ConfigurationError("a setting of \(Self.title) has a wrong type") }
  }
}

extension KeyedDecodingContainer {
  /// The value of a key that older files lack.
  func decode<Value: Decodable>(_ key: Key, or value: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? value
  }
}
