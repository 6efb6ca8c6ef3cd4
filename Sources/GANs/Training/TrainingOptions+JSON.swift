import Files
import Foundation

// Options as JSON: `options.json` in a run's folder, and the metadata of its state.

extension TrainingOptions: Codable, Equatable {
  private enum CodingKeys: String, CodingKey {
    case recipe, data, dataset, mirror, family, configuration, schedule, objective, criticSteps, stepOrder
    case mixingProbability, optimizer, adam, rmsprop, averageHalfLifeKimg, averageDecay, totalKimg, tickKimg
    case snapshotTicks, batchGridSteps, seed, precision, kernels, threads, device, initialNetwork, measures
  }

  /// Reads options; those from before there were families are of StyleGAN.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let name = try values.decodeIfPresent(String.self, forKey: .family) ?? StyleGANConfiguration.family
    guard let family = Families.family(named: name) else {
      throw DecodingError.dataCorruptedError(forKey: .family, in: values, debugDescription: "unknown")
    }
    func configuration<Family: NetworkConfiguration>(_: Family.Type) throws -> any NetworkConfiguration {
      try values.decode(Family.self, forKey: .configuration)
    }
    self.init(
      recipe: try values.decode(String.self, forKey: .recipe), data: try values.decode(String.self, forKey: .data),
      dataset: try values.decode(DatasetIdentity.self, forKey: .dataset), configuration: try configuration(family))
    mirror = try values.decode(Bool.self, forKey: .mirror)
    schedule = try values.decode(Schedule.self, forKey: .schedule)
    objective = try values.decode(Objective.self, forKey: .objective)
    criticSteps = try values.decodeIfPresent(Int.self, forKey: .criticSteps) ?? criticSteps
    stepOrder = try values.decodeIfPresent(StepOrder.self, forKey: .stepOrder) ?? stepOrder
    mixingProbability = try values.decode(Double.self, forKey: .mixingProbability)
    optimizer = try values.decodeIfPresent(OptimizerKind.self, forKey: .optimizer) ?? optimizer
    adam = try values.decode(AdamConstants.self, forKey: .adam)
    rmsprop = try values.decodeIfPresent(RMSPropConstants.self, forKey: .rmsprop) ?? rmsprop
    averageHalfLifeKimg = try values.decode(Double.self, forKey: .averageHalfLifeKimg)
    averageDecay = try values.decodeIfPresent(Double.self, forKey: .averageDecay)
    totalKimg = try values.decode(Double.self, forKey: .totalKimg)
    tickKimg = try values.decode(Double.self, forKey: .tickKimg)
    snapshotTicks = try values.decode(Int.self, forKey: .snapshotTicks)
    batchGridSteps = try values.decodeIfPresent(Int.self, forKey: .batchGridSteps) ?? batchGridSteps
    seed = try values.decode(UInt64.self, forKey: .seed)
    precision = try values.decode(Compute.Precision.self, forKey: .precision)
    kernels = try values.decode(Compute.Kernels.self, forKey: .kernels)
    threads = try values.decode(Int.self, forKey: .threads)
    device = try values.decode(String.self, forKey: .device)
    initialNetwork = try values.decodeIfPresent(String.self, forKey: .initialNetwork)
    measures = try values.decodeIfPresent(MeasureOptions.self, forKey: .measures)
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
    try values.encode(threads, forKey: .threads)
    try values.encode(device, forKey: .device)
    try values.encodeIfPresent(initialNetwork, forKey: .initialNetwork)
    try values.encodeIfPresent(measures, forKey: .measures)
  }

  /// Whether all options are equal.
  public static func == (a: TrainingOptions, b: TrainingOptions) -> Bool {
    // Numbers that are none have no JSON, and are equal to nothing.
    guard let a = try? JSON.compact(a), let b = try? JSON.compact(b) else { return false }
    return a == b
  }

  /// The options as JSON for people, keys sorted.
  public func text() throws -> String { try JSON.pretty(self) + "\n" }

  /// Reads options, refusing keys that are not known.
  /// - Throws: ``ConfigurationError`` naming what is wrong.
  public init(text: String, path: String) throws {
    let data = Data(text.utf8)
    do { self = try JSONDecoder().decode(TrainingOptions.self, from: data) } catch let error as DecodingError {
      throw ConfigurationError("\(path) is not the options of a training run: \(error.explanation)")
    }
    let unknown = unknownKeys(
      in: try JSONSerialization.jsonObject(with: data),
      known: try JSONSerialization.jsonObject(with: Data(try JSON.compact(self).utf8)))
    guard unknown.isEmpty else {
      throw ConfigurationError("\(path) has unknown keys: \(unknown.sorted().joined(separator: ", "))")
    }
    try validate()
  }
}

/// Keys of `found` that `known` has not, as dotted paths.
func unknownKeys(in found: Any, known: Any, at path: String = "") -> [String] {
  guard let found = found as? [String: Any], let known = known as? [String: Any] else { return [] }
  return found.flatMap { key, value in
    known[key].map { unknownKeys(in: value, known: $0, at: path + key + ".") } ?? [path + key]
  }
}

extension DecodingError {
  /// What is wrong, and at which key.
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
