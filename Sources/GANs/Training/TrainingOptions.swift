import Datasets
import Foundation

/// Everything that determines a training run; kept as `options.json` in its folder.
///
/// Two runs with equal options on the same build and machine make the same files.
public struct TrainingOptions: Codable, Sendable, Equatable {
  /// The preset these options started from, for the folder's name.
  public var recipe: String
  /// Where the images are: what `DatasetSource.open` takes.
  public var data: String
  /// The data set's name and content, as found when the run started.
  public var dataset: DatasetIdentity
  /// Whether half of the images are mirrored left to right.
  public var mirror: Bool
  /// The architecture.
  public var configuration: StyleGANConfiguration
  /// Growth, minibatches and learning rates.
  public var schedule: Schedule
  /// The losses.
  public var objective: LogisticObjective
  /// The share of batches with mixed styles (StyleGAN §3.1).
  public var mixingProbability: Double
  /// Adam's β₁, β₂ and ε.
  public var adam: AdamConstants
  /// Thousands of images after which the generator's average has forgotten half.
  public var averageHalfLifeKimg: Double
  /// Thousands of images in all.
  public var totalKimg: Double
  /// Thousands of images between two lines of statistics.
  public var tickKimg: Double
  /// Ticks between two snapshots.
  public var snapshotTicks: Int
  /// Fixes weights, latents, noise and the order of the data.
  public var seed: UInt64
  /// Precision of activations.
  public var precision: Compute.Precision
  /// Which implementation of the blocks.
  public var kernels: Compute.Kernels
  /// Threads of an operation; results differ in the last bits between counts.
  public var threads: Int
  /// "cpu", "cuda:0", "mps"
  public var device: String
  /// A network file whose weights the run starts from; nil for fresh ones.
  public var initialNetwork: String?

  /// Adam's constants.
  public struct AdamConstants: Codable, Sendable, Equatable {
    /// Decay of the first moment; the paper's is 0.
    public var beta1 = 0.0
    /// Decay of the second moment.
    public var beta2 = 0.99
    /// Added to √v̂.
    public var epsilon = 1e-8

    /// The paper's: 0, 0.99, 1e−8.
    public init() {}
  }

  /// What identifies a data set.
  public struct DatasetIdentity: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// A digest of its content.
    public var fingerprint: String
    /// The number of its images.
    public var count: Int

    /// An identity.
    public init(name: String, fingerprint: String, count: Int) {
      self.name = name
      self.fingerprint = fingerprint
      self.count = count
    }
  }

  /// The paper's training of an architecture on a data set.
  public init(recipe: String, data: String, dataset: DatasetIdentity, configuration: StyleGANConfiguration) {
    self.recipe = recipe
    self.data = data
    self.dataset = dataset
    mirror = false
    self.configuration = configuration
    schedule = .paper(resolution: configuration.resolution)
    objective = LogisticObjective()
    mixingProbability = 0.9
    adam = AdamConstants()
    averageHalfLifeKimg = 10
    totalKimg = 25_000
    tickKimg = 1
    snapshotTicks = 25
    seed = 0
    precision = .float32
    kernels = .fast
    threads = 1
    device = "cpu"
    initialNetwork = nil
  }

  /// How the networks compute.
  public var compute: Compute { Compute(precision: precision, kernels: kernels) }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first that is out of range.
  public func validate() throws(ConfigurationError) {
    try configuration.validate()
    try schedule.validate()
    try require(
      schedule.finalResolution == configuration.resolution, "finalResolution", schedule.finalResolution,
      "the network's \(configuration.resolution)")
    try require(objective.gamma >= 0 && objective.gamma <= 1e6, "gamma", objective.gamma, "0 to 1000000")
    try require((1...1024).contains(objective.penaltyInterval), "r1 interval", objective.penaltyInterval, "1 to 1024")
    try require((0...1).contains(mixingProbability), "mixing", mixingProbability, "0 to 1")
    try require((0..<1).contains(adam.beta1), "beta1", adam.beta1, "0 to below 1")
    try require((0..<1).contains(adam.beta2), "beta2", adam.beta2, "0 to below 1")
    try require(adam.epsilon > 0 && adam.epsilon < 1, "epsilon", adam.epsilon, "above 0 and below 1")
    try require(
      averageHalfLifeKimg >= 0 && averageHalfLifeKimg <= 1e6, "averageHalfLifeKimg", averageHalfLifeKimg,
      "0 (no averaging) to 1000000")
    try require(totalKimg > 0 && totalKimg <= 1e9, "kimg", totalKimg, "above 0")
    try require(tickKimg > 0 && tickKimg <= 1e6, "tick", tickKimg, "above 0")
    try require((1...1_000_000).contains(snapshotTicks), "snap", snapshotTicks, "1 or more")
    try require((1...1024).contains(threads), "threads", threads, "1 to 1024")
  }

  /// Checks that images of a data set are what the networks take.
  /// - Throws: ``ConfigurationError``.
  func requireFit(_ dataset: any ImageDataset) throws(ConfigurationError) {
    func shape(_ side: Int, _ channels: Int) -> String { "\(side)×\(side)×\(channels)" }
    guard dataset.resolution == configuration.resolution, dataset.channels == configuration.imageChannels else {
      throw ConfigurationError(
        "the images are \(shape(dataset.resolution, dataset.channels)), but the network is for "
          + "\(shape(configuration.resolution, configuration.imageChannels)): give both the same resolution and channels"
      )
    }
  }

  /// The options as JSON for people, keys sorted.
  public func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Reads options, refusing keys that are not known.
  /// - Throws: ``ConfigurationError`` naming what is wrong.
  public init(text: String, path: String) throws {
    let data = Data(text.utf8)
    do { self = try JSONDecoder().decode(TrainingOptions.self, from: data) } catch let error as DecodingError {
      throw ConfigurationError("\(path) is not the options of a training run: \(error.explanation)")
    }
    let unknown = unknownKeys(
      in: try JSONSerialization.jsonObject(with: data),
      known: try JSONSerialization.jsonObject(with: try JSONEncoder().encode(self)))
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
