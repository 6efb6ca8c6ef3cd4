import Files
import Foundation

// Options as JSON: `options.json` in a run's folder, and the metadata of the training state.

extension TrainingOptions: Codable, Equatable {
  private enum CodingKeys: String, CodingKey {
    case recipe, data, dataset, mirror, family, configuration, schedule, objective, criticSteps, stepOrder, stepDetails
    case mixingProbability, optimizer, adam, rmsprop, averageHalfLifeKimg, averageDecay, totalKimg, tickKimg
    case snapshotTicks, batchGridSteps, seed, precision, kernels, threads, device, initialNetwork, measures
    case totalSeconds, convolutions, keeping, description, dataChanges
  }

  /// Reads options. Old files have no family; they are of StyleGAN.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let name = try values.decodeIfPresent(String.self, forKey: .family) ?? StyleGANConfiguration.family
    guard let family = Families.family(named: name) else {
      throw DecodingError.dataCorruptedError(forKey: .family, in: values, debugDescription: "unknown")
    }
    func configuration<Family: NetworkConfiguration>(_: Family.Type) throws -> any NetworkConfiguration {
      try values.decode(Family.self, forKey: .configuration)
    }
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value { try values.decode(Value.self, forKey: key) }
    self.init(
      recipe: try value(.recipe) as String, data: try value(.data), dataset: try value(.dataset),
      configuration: try configuration(family))
    (mirror, schedule, objective) = (try value(.mirror), try value(.schedule), try value(.objective))
    criticSteps = try values.decode(.criticSteps, or: criticSteps)
    stepOrder = try values.decode(.stepOrder, or: stepOrder)
    stepDetails = try values.decode(.stepDetails, or: .earlier)
    mixingProbability = try value(.mixingProbability)
    optimizer = try values.decode(.optimizer, or: optimizer)
    adam = try value(.adam)
    rmsprop = try values.decode(.rmsprop, or: rmsprop)
    averageHalfLifeKimg = try value(.averageHalfLifeKimg)
    averageDecay = try values.decodeIfPresent(Double.self, forKey: .averageDecay)
    (totalKimg, tickKimg, snapshotTicks) = (try value(.totalKimg), try value(.tickKimg), try value(.snapshotTicks))
    batchGridSteps = try values.decode(.batchGridSteps, or: batchGridSteps)
    (seed, precision, kernels) = (try value(.seed), try value(.precision), try value(.kernels))
    totalSeconds = try values.decodeIfPresent(Double.self, forKey: .totalSeconds)
    convolutions = try values.decodeIfPresent(ConvolutionChoices.self, forKey: .convolutions)
    (threads, device) = (try value(.threads), try value(.device))
    initialNetwork = try values.decodeIfPresent(String.self, forKey: .initialNetwork)
    measures = try values.decodeIfPresent(MeasureOptions.self, forKey: .measures)
    keeping = try values.decodeIfPresent(SnapshotKeeping.self, forKey: .keeping)
    description = try values.decodeIfPresent(String.self, forKey: .description)
    dataChanges = try values.decode(.dataChanges, or: [])
  }

  /// Writes every option, with the family's name.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    func encodeConfiguration(_ configuration: some NetworkConfiguration) throws {
      try values.encode(type(of: configuration).family, forKey: .family)
      try values.encode(configuration, forKey: .configuration)
    }
    try encodeConfiguration(configuration)
    try values.encode(recipe, forKey: .recipe)
    try values.encode(data, forKey: .data)
    try values.encode(dataset, forKey: .dataset)
    try values.encode(mirror, forKey: .mirror)
    try values.encode(schedule, forKey: .schedule)
    try values.encode(objective, forKey: .objective)
    try values.encode(criticSteps, forKey: .criticSteps)
    try values.encode(stepOrder, forKey: .stepOrder)
    try values.encode(stepDetails, forKey: .stepDetails)
    try values.encode(mixingProbability, forKey: .mixingProbability)
    try values.encode(optimizer, forKey: .optimizer)
    try values.encode(adam, forKey: .adam)
    try values.encode(rmsprop, forKey: .rmsprop)
    try values.encode(averageHalfLifeKimg, forKey: .averageHalfLifeKimg)
    try values.encodeIfPresent(averageDecay, forKey: .averageDecay)
    try values.encode(totalKimg, forKey: .totalKimg)
    try values.encode(tickKimg, forKey: .tickKimg)
    try values.encode(snapshotTicks, forKey: .snapshotTicks)
    try values.encode(batchGridSteps, forKey: .batchGridSteps)
    try values.encode(seed, forKey: .seed)
    try values.encode(precision, forKey: .precision)
    try values.encode(kernels, forKey: .kernels)
    try values.encodeIfPresent(totalSeconds, forKey: .totalSeconds)
    try values.encodeIfPresent(convolutions, forKey: .convolutions)
    try values.encode(threads, forKey: .threads)
    try values.encode(device, forKey: .device)
    try values.encodeIfPresent(initialNetwork, forKey: .initialNetwork)
    try values.encodeIfPresent(measures, forKey: .measures)
    try values.encodeIfPresent(keeping, forKey: .keeping)
    try values.encodeIfPresent(description, forKey: .description)
    if !dataChanges.isEmpty { try values.encode(dataChanges, forKey: .dataChanges) }
  }

  /// Whether all options are equal.
  public static func == (a: TrainingOptions, b: TrainingOptions) -> Bool {
    // Numbers that are not finite have no JSON; options with them are equal to nothing.
    guard let a = try? JSON.compact(a), let b = try? JSON.compact(b) else { return false }
    return a == b
  }

  /// The options as JSON for people, keys sorted.
  public func text() throws -> String { try JSON.pretty(self) + "\n" }

  /// Reads options and refuses unknown keys.
  /// - Throws: ``ConfigurationError`` with the problem.
  public init(text: String, path: String) throws {
    let data = Data(text.utf8)
    let unknown: [String]
    do {
      self = try JSONDecoder().decode(TrainingOptions.self, from: data)
      unknown = try unknownKeys(in: data, of: self)
    } catch {
      // The decoder passes over values that it does not need, such as an unknown key's NaN; JSONSerialization does not.
      let reason = (error as? DecodingError)?.explanation ?? "it is not JSON"
      throw ConfigurationError("\(path) is not the options of a training run: \(reason)")
    }
    guard unknown.isEmpty else {
      throw ConfigurationError("\(path) has unknown keys: \(unknown.joined(separator: ", "))")
    }
    try validate()
  }
}

/// The keys of a JSON text that `value` lacks, as sorted dotted paths.
func unknownKeys(in data: Data, of value: some Codable) throws -> [String] {
  let known = try JSONSerialization.jsonObject(with: Data(try JSON.compact(value).utf8))
  return unknownKeys(in: try JSONSerialization.jsonObject(with: data), known: known).sorted()
}

/// The keys of `found` that `known` lacks, as dotted paths.
private func unknownKeys(in found: Any, known: Any, at path: String = "") -> [String] {
  guard let found = found as? [String: Any], let known = known as? [String: Any] else { return [] }
  return found.flatMap { key, value in
    known[key].map { unknownKeys(in: value, known: $0, at: path + key + ".") } ?? [path + key]
  }
}

extension DecodingError {
  /// The problem, and its key.
  var explanation: String {
    switch self {
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not JSON" : "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
    @unknown default: "it cannot be read"
    }
  }
}
