import Files
import Foundation
import Torch

/// A trained network in a file that explains itself: weights and, in its metadata, everything needed to use them.
///
/// A safetensors file. Tensors: `G_ema.…` (the generator to draw with: a moving average), `G.…` and `D.…` (to train on
/// from). Metadata: `format`, `family`, `configuration`, `growth` and `training`, JSON where structured.
public struct NetworkFile {
  /// What `format` says in files of this version.
  public static let format = "swift-stylegan network 1"

  /// How a network came about; shown by `inspect`.
  public struct History: Codable, Sendable, Equatable {
    /// Thousands of real images shown.
    public var kimg: Double
    /// The data set's name.
    public var dataset: String
    /// Its content's fingerprint.
    public var fingerprint: String
    /// The seed of the run.
    public var seed: UInt64
    /// Training steps done.
    public var steps: Int
    /// The preset the run started from.
    public var recipe: String
  }

  /// The architecture, of any family.
  public let configuration: any NetworkConfiguration
  /// How far the network has grown.
  public let growth: Growth
  /// How it was trained; nil for a network that was not.
  public let history: History?
  /// The generator to draw with.
  public let generator: any Generator
  /// Where it was read.
  public var path: String { file.path }
  private let file: SafetensorsFile

  /// Opens a network file, or the training state of a run, and loads the averaged generator.
  /// - Throws: `SafetensorsError`, ``NetworkFileError`` or `LoadError`, each naming the file and what is wrong.
  public init(path: String, device: Device = .cpu) throws {
    let file = try SafetensorsFile(path: path)
    let header = try NetworkHeader(file)
    configuration = header.configuration
    growth = header.growth
    history = header.history
    self.file = file
    try file.requireGenerator(configuration)
    let parts = ["G_ema.", "G.", "D."] + (file.metadata["format"] == Self.format ? [] : ["optimizer.", "random"])
    let unexpected = file.names.filter { name in !parts.contains { name.hasPrefix($0) } }
    guard unexpected.isEmpty else {
      throw LoadError(path: path, problems: unexpected.map { "'\($0)' is not expected" })
    }
    generator = configuration.makeGenerator(seed: 0, device: device)
    try file.load(into: generator.store.state, prefix: "G_ema.")
    generator.store.setRequiresGradient(false)
  }

  /// Loads the raw generator and the discriminator too, to train on from.
  public func load(generator: any Generator, discriminator: any Discriminator) throws {
    try file.load(into: generator.store.state, prefix: "G.")
    try file.load(into: discriminator.store.state, prefix: "D.")
  }

  /// The generator as it was in training, without averaging.
  /// - Throws: `LoadError` where its tensors do not fit.
  public func rawGenerator() throws -> any Generator {
    let raw = configuration.makeGenerator(seed: 0, device: generator.store.device)
    try file.load(into: raw.store.state, prefix: "G.")
    raw.store.setRequiresGradient(false)
    return raw
  }

  /// The generator, where it is StyleGAN's: a mapping network f and a synthesis network g.
  /// - Parameter styles: whether each layer must take a style, too.
  /// - Throws: ``ConfigurationError`` saying what this network is and has not.
  public func styleGenerator(withStyles styles: Bool = true) throws -> StyleGANGenerator {
    let title = type(of: configuration).title
    guard let generator = generator as? StyleGANGenerator else {
      throw ConfigurationError(
        "\(file.path) is a \(title) network, which has no \(styles ? "styles" : "space W"): use a StyleGAN network")
    }
    guard !styles || generator.configuration.styles else {
      throw ConfigurationError("\(file.path) is a \(title) network without styles: use one that has them")
    }
    return generator
  }

  /// Every tensor in the file: name, shape, and type.
  public var tensors: [SafetensorsFile.TensorInfo] { file.names.compactMap { file.tensors[$0] } }

  /// Writes a network file, at once or not at all.
  static func write(
    to path: String, generator: any Generator, average: any Generator, discriminator: any Discriminator,
    growth: Growth, history: History
  ) throws {
    let header = NetworkHeader(configuration: generator.architecture, growth: growth, history: history)
    var writer = SafetensorsWriter(metadata: try header.metadata(format: format))
    writer.add(average.store.state, prefix: "G_ema.")
    writer.add(generator.store.state, prefix: "G.")
    writer.add(discriminator.store.state, prefix: "D.")
    try writer.write(to: path)
  }
}

/// What the metadata of network files and training states have in common.
struct NetworkHeader {
  var configuration: any NetworkConfiguration
  var growth: Growth
  var history: NetworkFile.History?

  init(configuration: any NetworkConfiguration, growth: Growth, history: NetworkFile.History?) {
    self.configuration = configuration
    self.growth = growth
    self.history = history
  }

  init(_ file: SafetensorsFile) throws {
    guard let format = file.metadata["format"] else {
      throw NetworkFileError(file.path, "it is a safetensors file, but not a network of this program (no 'format')")
    }
    guard [NetworkFile.format, TrainingState.format].contains(format) else {
      throw NetworkFileError(file.path, "its format is '\(format)'; this program reads '\(NetworkFile.format)'")
    }
    guard let family = Families.family(named: file.metadata["family"] ?? "") else {
      throw NetworkFileError(file.path, "its family is '\(file.metadata["family"] ?? "")', which is not known here")
    }
    func decoded<Family: NetworkConfiguration>(_: Family.Type) throws -> any NetworkConfiguration {
      try file.decoded("configuration", as: Family.self)
    }
    configuration = try decoded(family)
    growth = try file.decoded("growth", as: Growth.self)
    history = file.metadata["training"] == nil ? nil : try file.decoded("training", as: NetworkFile.History.self)
    do { try configuration.validate() } catch { throw NetworkFileError(file.path, "\(error)") }
    guard configuration.resolutions.contains(growth.resolution), growth.alpha > 0, growth.alpha <= 1 else {
      throw NetworkFileError(
        file.path, "its growth \(growth.resolution)×\(growth.resolution), \(growth.alpha) is impossible")
    }
  }

  func metadata(format: String) throws -> [String: String] {
    var metadata = ["format": format, "family": type(of: configuration).family]
    metadata["configuration"] = try JSON.compact(configuration)
    metadata["growth"] = try JSON.compact(growth)
    if let history { metadata["training"] = try JSON.compact(history) }
    return metadata
  }
}

/// A file that is no network this program can use.
public struct NetworkFileError: Error, Equatable, CustomStringConvertible {
  /// A sentence naming the file and what is wrong.
  public let description: String

  init(_ path: String, _ problem: String) { description = "\(path) cannot be used as a network: \(problem)" }
}

extension SafetensorsFile {
  /// Refuses a configuration whose averaged generator is larger than this file, before memory is taken for it.
  func requireGenerator(_ configuration: any NetworkConfiguration) throws {
    let wanted = configuration.generatorParameterCount + configuration.generatorBufferCount
    let found = tensors.values.reduce(0) { $1.name.hasPrefix("G_ema.") ? $0 + $1.byteRange.count / 4 : $0 }
    // What is merely missing is listed by name when it is loaded.
    guard wanted <= 2 * found + 1 << 20 else {
      throw NetworkFileError(path, "its configuration asks for a generator of \(wanted) values, but it has \(found)")
    }
  }

  /// A structured entry of the metadata.
  func decoded<Value: Codable>(_ key: String, as type: Value.Type) throws -> Value {
    guard let text = metadata[key] else { throw NetworkFileError(path, "its metadata has no '\(key)'") }
    let value: Value
    let unknown: [String]
    do {
      let data = Data(text.utf8)
      value = try JSONDecoder().decode(type, from: data)
      unknown = unknownKeys(
        in: try JSONSerialization.jsonObject(with: data),
        known: try JSONSerialization.jsonObject(with: Data(try JSON.compact(value).utf8)))
    } catch {
      throw NetworkFileError(path, "its '\(key)' is not what it should be")
    }
    guard unknown.isEmpty else {
      throw NetworkFileError(path, "its '\(key)' has unknown keys: \(unknown.sorted().joined(separator: ", "))")
    }
    return value
  }
}
