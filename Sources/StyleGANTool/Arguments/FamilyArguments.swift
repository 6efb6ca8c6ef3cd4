import ArgumentParser
import GANs

/// The settings of all families as options. Each setting is declared once, in the folder of its family. The parser
/// reads the mirror of this type, so it treats the settings as properties.
struct FamilyArguments: ParsableArguments, CustomReflectable {
  /// The given settings.
  private(set) var settings: Settings = [:]

  init() {}

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    for setting in Families.settings {
      let key = Key(stringValue: setting.field.rawValue)
      settings[setting.field] =
        switch setting.kind {
        case .integer: try values.decode(Option<Int?>.self, forKey: key).wrappedValue.map(SettingValue.integer)
        case .number: try values.decode(Option<Double?>.self, forKey: key).wrappedValue.map(SettingValue.number)
        case .flag: try values.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map(SettingValue.flag)
        case .preset: try values.decode(Option<String?>.self, forKey: key).wrappedValue.map(SettingValue.text)
        }
    }
  }

  var customMirror: Mirror {
    Mirror(self, children: Families.settings.map { (label: $0.field.rawValue, value: Self.argument($0)) })
  }

  private static func argument(_ setting: Setting) -> Any {
    let name = NameSpecification(setting.names.map { .customLong($0) })
    let help = ArgumentHelp(stringLiteral: setting.help)
    switch setting.kind {
    case .integer: return Option<Int?>(name: name, parsing: .unconditional, help: help)
    case .number: return Option<Double?>(name: name, parsing: .unconditional, help: help)
    case .flag: return Flag<Bool?>(name: name, inversion: .prefixedNo, help: help)
    case .preset(let choices):
      return Option<String?>(name: name, help: help, completion: .list(choices)) { text in
        guard choices.contains(text) else {
          throw ValidationError("Please provide one of \(choices.map { "'\($0)'" }.joined(separator: ", ")).")
        }
        return text
      }
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension ConfigurationField {
  /// The option that sets the field: "--fmap-base".
  var option: String {
    if let setting = Families.settings.first(where: { $0.field == self }) { return "--\(setting.names[0])" }
    return "--" + (Self.options[self] ?? rawValue.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined())
  }

  /// Options whose name does not follow from the property's name.
  private static let options: [ConfigurationField: String] = [
    .imageChannels: "channels", .recipe: "cfg", .batchSizes: "batch", .learningRates: "lr", .regularizer: "penalty",
    .penaltyInterval: "r1-interval", .pathLengthWeight: "pl-weight", .pathLengthDecay: "pl-decay",
    .pathLengthInterval: "pl-interval", .pathLengthBatchShrink: "pl-batch-shrink", .mixingProbability: "mixing",
    .averageHalfLifeKimg: "ema-kimg", .averageDecay: "ema-decay",
    .grows: "growing",
    .initialResolution: "start-resolution", .totalKimg: "kimg", .tickKimg: "tick", .snapshotTicks: "snap",
    .batchGridSteps: "sample-interval", .initialNetwork: "init-from", .keptSnapshots: "keep", .bestMetric: "keep-best",
    .augmentation: "aug", .augmentationStrength: "p", .augmentationTarget: "target", .augmentationKimg: "ada-kimg",
    .augmentationInterval: "ada-interval", .acceptsChangedData: "data-changed", .separabilityWeight: "ls-weight",
    .separabilityInterval: "ls-interval", .separabilityDecay: "ls-decay", .separabilityDesign: "ls-design",
    .separabilityClassifier: "ls-classifier",
  ]
}

extension Message {
  /// The sentence with options instead of fields: "--fmap-base is 0, but …", "use --mixing 0", "leave out --no-noise".
  var sentence: String {
    text { field, value in
      switch value {
      case "true": field.option
      case "false": "--no-" + field.option.dropFirst(2)
      default: field.option + (value.map { " \($0)" } ?? "")
      }
    }
  }
}
