import Files

/// The name of a field of a configuration or of a training, for errors. The raw value is the property's name; the program
/// shows the option that sets it.
public struct ConfigurationField: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  /// The property's name: "gamma".
  public let rawValue: String

  /// A field by its property's name.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// A field by its property's name.
  public init(stringLiteral value: String) { rawValue = value }
}

/// The fields of trainings and metrics. Families name their own fields by a string.
extension ConfigurationField {
  public static let resolution: Self = "resolution", imageChannels: Self = "imageChannels", recipe: Self = "recipe"
  public static let batchSizes: Self = "batchSizes", learningRates: Self = "learningRates", loss: Self = "loss"
  public static let regularizer: Self = "regularizer", gamma: Self = "gamma", drift: Self = "drift", clip: Self = "clip"
  public static let penaltyInterval: Self = "penaltyInterval", pathLengthWeight: Self = "pathLengthWeight"
  public static let pathLengthDecay: Self = "pathLengthDecay", pathLengthInterval: Self = "pathLengthInterval"
  public static let pathLengthBatchShrink: Self = "pathLengthBatchShrink", optimizer: Self = "optimizer"
  public static let criticSteps: Self = "criticSteps", stepOrder: Self = "stepOrder"
  public static let beta1: Self = "beta1", beta2: Self = "beta2", epsilon: Self = "epsilon"
  public static let averageHalfLifeKimg: Self = "averageHalfLifeKimg", averageDecay: Self = "averageDecay"
  public static let mixingProbability: Self = "mixingProbability", grows: Self = "grows"
  public static let initialResolution: Self = "initialResolution", finalResolution: Self = "finalResolution"
  public static let fadeKimg: Self = "fadeKimg", stableKimg: Self = "stableKimg", totalKimg: Self = "totalKimg"
  public static let tickKimg: Self = "tickKimg", snapshotTicks: Self = "snapshotTicks", threads: Self = "threads"
  public static let batchGridSteps: Self = "batchGridSteps", precision: Self = "precision"
  public static let initialNetwork: Self = "initialNetwork", network: Self = "network", data: Self = "data"
  public static let images: Self = "images", metricSamples: Self = "metricSamples"
  public static let detector: Self = "detector", attributes: Self = "attributes", metrics: Self = "metrics"
  public static let keptSnapshots: Self = "keptSnapshots", bestMetric: Self = "bestMetric"
  public static let augmentation: Self = "augmentation", augmentationStrength: Self = "augmentationStrength"
  public static let augmentationTarget: Self = "augmentationTarget", augmentationKimg: Self = "augmentationKimg"
  public static let augmentationInterval: Self = "augmentationInterval", subset: Self = "subset"
  public static let validation: Self = "validation", mirror: Self = "mirror"
  /// ``RunChanges/acceptsChangedData``
  public static let acceptsChangedData: Self = "acceptsChangedData"
}

/// A sentence for users. `description` shows the property name of a field; the program shows the option that sets it.
///
/// ```swift
/// let message: Message = "\(title) cannot grow: leave out \(field: .grows)"
/// ```
public struct Message: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
  fileprivate enum Part: Sendable, Equatable {
    case text(String)
    case field(ConfigurationField, value: String?)
  }

  fileprivate var parts: [Part]

  /// The fields in the sentence, in order.
  public var fields: [ConfigurationField] {
    parts.compactMap { if case .field(let field, _) = $0 { field } else { nil } }
  }

  /// The sentence; `name` converts each field and its recommended value to text.
  public func text(naming name: (_ field: ConfigurationField, _ value: String?) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .field(let field, let value): name(field, value)
      }
    }.joined()
  }

  /// The sentence with property names.
  public var description: String { text { field, value in field.rawValue + (value.map { " = \($0)" } ?? "") } }

  /// Plain text.
  public init(stringLiteral value: String) { parts = [.text(value)] }
  /// Text and fields.
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }
  /// Plain text.
  public init(_ text: String) { parts = [.text(text)] }

  /// Concatenates sentences.
  public static func + (a: Message, b: Message) -> Message {
    var sum = a
    for part in b.parts { sum.parts.append(joining: part) }
    return sum
  }

  /// Collects text and fields.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    /// An empty interpolation.
    public init(literalCapacity: Int, interpolationCount: Int) {}
    /// Adds text.
    public mutating func appendLiteral(_ literal: String) { parts.append(joining: .text(literal)) }
    /// Adds a value as text.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      parts.append(joining: .text((value as? Double)?.plain ?? "\(value)"))
    }
    /// Adds another sentence.
    public mutating func appendInterpolation(_ message: Message) {
      for part in message.parts { parts.append(joining: part) }
    }
    /// Adds a field and its recommended value.
    public mutating func appendInterpolation(field: ConfigurationField, _ value: (some CustomStringConvertible)?) {
      parts.append(.field(field, value: value.map { ($0 as? Double)?.plain ?? "\($0)" }))
    }
    /// Adds a field.
    public mutating func appendInterpolation(field: ConfigurationField) { parts.append(.field(field, value: nil)) }
  }
}

extension [Message.Part] {
  /// Adds a part. Adjacent texts are joined, so that equal sentences have equal parts.
  fileprivate mutating func append(joining part: Message.Part) {
    if case .text(let next) = part, case .text(let text)? = last {
      self[count - 1] = .text(text + next)
    } else if part != .text("") {
      append(part)
    }
  }
}

/// A configuration or training with an impossible or useless setting.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The first field in the sentence; nil without a field.
  public var field: ConfigurationField? { message.fields.first }
  /// The problem and the remedy.
  public let message: Message
  /// The sentence with property names.
  public var description: String { message.description }

  /// An error with a sentence.
  public init(_ message: Message) { self.message = message }

  /// A field with a value out of range.
  public init(field: ConfigurationField, _ value: some CustomStringConvertible, range: String) {
    message = "\(field: field) is \(value), but must be \(range)"
  }
}

/// Checks a field's value.
/// - Throws: ``ConfigurationError`` with the field, its value and its range.
func require(_ condition: Bool, _ field: ConfigurationField, _ value: some CustomStringConvertible, _ range: String)
  throws(ConfigurationError)
{ if !condition { throw ConfigurationError(field: field, value, range: range) } }
