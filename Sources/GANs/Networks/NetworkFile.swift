import Files
import Foundation
import Torch

/// A trained network in a self-describing file: weights, and the metadata to use them.
///
/// Our format is a safetensors file. Tensors: `G_ema.…` (the moving average of the generator, for drawing), `G.…` and
/// `D.…` (to continue training). Metadata: `format`, `family`, `configuration`, `growth`, `labels` and `training`, JSON
/// where structured. Other formats need another ``NetworkReader``.
public struct NetworkFile {
  /// The value of `format` in files of this version.
  public static let format = "swift-stylegan network 1"

  /// The training history of a network; `inspect` shows it.
  public struct History: Codable, Sendable, Equatable {
    /// Thousands of real images shown.
    public var kimg: Double
    /// The data set's name.
    public var dataset: String
    /// The fingerprint of the data set's content.
    public var fingerprint: String
    /// The seed of the run.
    public var seed: UInt64
    /// Training steps done.
    public var steps: Int
    /// The recipe of the run.
    public var recipe: String
    /// Whether half of the images were mirrored; nil in files of earlier versions.
    public var mirror: Bool?
  }

  /// Its name in errors: as the user named the file, or the folder with it.
  public let name: String
  /// The averaged generator, for drawing.
  public let generator: any Generator
  private let reader: any NetworkReader

  /// The architecture, of any family.
  public var configuration: any NetworkConfiguration { reader.header.configuration }
  /// The growth of the network.
  public var growth: Growth { reader.header.growth }
  /// A name for each class, or empty.
  public var labelNames: [String] { reader.header.labelNames }
  /// The training history; nil for an untrained network.
  public var history: History? { reader.header.history }
  /// The path of the file.
  public var path: String { reader.path }
  /// Every tensor in the file: name, shape, and type.
  public var tensors: [SafetensorsFile.TensorInfo] { reader.tensors }

  /// Opens a network file of any format, or the training state of a run, and loads the averaged generator.
  /// - Parameter name: the name in errors about what the network can do; nil: the path.
  /// - Throws: `SafetensorsError`, ``NetworkFileError`` or `LoadError`, each with the file and the problem.
  public init(path: String, device: Device = .cpu, name: String? = nil) throws {
    self.name = name ?? path
    reader = try NetworkReaders.open(path)
    let header = reader.header
    do { try header.configuration.validate() } catch { throw NetworkFileError(path, "\(error)") }
    guard header.configuration.resolutions.contains(header.growth.resolution), header.growth.alpha > 0,
      header.growth.alpha <= 1
    else {
      let side = header.growth.resolution
      throw NetworkFileError(path, "its growth \(side)×\(side), \(header.growth.alpha) is impossible")
    }
    try header.requireGenerator(in: reader.tensors, of: path)
    generator = header.configuration.makeGenerator(seed: 0, device: device)
    try reader.load(into: generator.store, .average)
    generator.store.setRequiresGradient(false)
  }

  /// Loads the raw generator and the discriminator, to continue training.
  public func load(generator: any Generator, discriminator: any Discriminator) throws {
    try reader.load(into: generator.store, .raw)
    try reader.load(into: discriminator.store, .discriminator)
  }

  /// Loads one network.
  /// - Throws: `LoadError` where it does not fit.
  func load(_ part: NetworkPart, into store: ParameterStore) throws { try reader.load(into: store, part) }

  /// A tensor of the file; nil where it has none of this name.
  func tensor(_ name: String) throws -> Tensor? { try reader.tensor(name) }

  /// The training history in a network file, without its weights; nil for an untrained network.
  /// - Throws: `SafetensorsError`, ``NetworkFileError`` or `LoadError`.
  public static func history(at path: String) throws -> History? { try NetworkReaders.open(path).header.history }

  /// The generator without averaging.
  /// - Throws: `LoadError` where its tensors do not fit.
  public func rawGenerator() throws -> any Generator {
    let raw = configuration.makeGenerator(seed: 0, device: generator.store.device)
    try reader.load(into: raw.store, .raw)
    raw.store.setRequiresGradient(false)
    return raw
  }

  /// The generator, if it has a mapping network f and a synthesis network g.
  /// - Parameter styles: whether each layer must also have a style.
  /// - Throws: ``ConfigurationError`` with the missing part.
  @discardableResult public func styleGenerator(withStyles styles: Bool = true) throws -> any StyleBasedGenerator {
    let title = type(of: configuration).title
    guard let generator = generator as? any StyleBasedGenerator else {
      throw ConfigurationError(
        "\(name) is a \(title) network, which has no \(styles ? "styles" : "space W"): use a StyleGAN network")
    }
    guard !styles || configuration.traits.hasStyles else {
      throw ConfigurationError("\(name) is a \(title) network without styles: use one that has them")
    }
    return generator
  }

  /// Writes a network file. The write is atomic.
  static func write(to path: String, _ networks: TrainingNetworks, _ header: NetworkHeader) throws {
    var writer = SafetensorsWriter(metadata: try header.metadata(format: format))
    for (prefix, tensors) in networks.state.prefix(3) { writer.add(tensors, prefix: prefix) }
    try writer.write(to: path)
  }
}

/// The content of a network file besides the weights.
public struct NetworkHeader {
  /// The architecture.
  public var configuration: any NetworkConfiguration
  /// The growth of the network.
  public var growth: Growth
  /// A name for each class, or empty.
  public var labelNames: [String] = []
  /// The training history; nil where it is unknown.
  public var history: NetworkFile.History?

  /// Refuses a configuration with a generator that is larger than the file, before memory is allocated for it.
  /// - Throws: ``NetworkFileError``.
  func requireGenerator(in tensors: [SafetensorsFile.TensorInfo], of path: String) throws {
    let size = NetworkSize(of: configuration)
    let wanted = size.generator + size.generatorBuffers
    let found = tensors.reduce(0) { $1.name.hasPrefix("G_ema.") ? $0 + $1.byteRange.count / 4 : $0 }
    // The limit is loose: loading lists missing tensors by name.
    guard wanted <= 2 * found + 1 << 20 else {
      throw NetworkFileError(path, "its configuration needs a generator of \(wanted) values, but it has \(found)")
    }
  }

  /// The metadata of our own files.
  func metadata(format: String) throws -> [String: String] {
    var metadata = ["format": format, "family": type(of: configuration).family]
    metadata["configuration"] = try JSON.compact(configuration)
    metadata["growth"] = try JSON.compact(growth)
    if configuration.labelSize > 0 { metadata["labels"] = try JSON.compact(labelNames) }
    if let history { metadata["training"] = try JSON.compact(history) }
    return metadata
  }
}

/// A file cannot be used as a network.
public struct NetworkFileError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the file and the problem.
  public let message: Message
  /// The sentence with property names.
  public var description: String { message.description }

  init(_ path: String, _ problem: Message) { message = "\(path) cannot be used as a network: " + problem }
  init(_ path: String, _ problem: String) { self.init(path, Message(problem)) }
}
