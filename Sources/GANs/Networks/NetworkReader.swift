import Files
import Foundation
import Torch

/// The networks of a file.
public enum NetworkPart: String, Sendable, CaseIterable {
  /// The moving average of G, for drawing.
  case average = "G_ema."
  /// G without averaging.
  case raw = "G."
  /// D
  case discriminator = "D."
}

/// Reads the network files of one format.
public protocol NetworkReader {
  /// Whether a file has this format, by its first bytes.
  static func recognizes(_ start: [UInt8]) -> Bool
  /// Opens a file without loading its tensors.
  /// - Throws: ``NetworkFileError``, or an error of the format, with the file.
  init(path: String) throws
  /// The path of the file.
  var path: String { get }
  /// The architecture, growth, labels and history.
  var header: NetworkHeader { get }
  /// Every tensor, with our names: `G_ema.…`, `G.…`, `D.…`.
  var tensors: [SafetensorsFile.TensorInfo] { get }
  /// Overwrites all parameters and buffers of a network with those of the file; on an error it changes none.
  /// - Throws: `LoadError` listing every tensor that does not fit.
  func load(into store: ParameterStore, _ part: NetworkPart) throws
  /// The tensor of a name; nil where the file has none.
  /// - Throws: an error of the format.
  func tensor(_ name: String) throws -> Tensor?
}

/// The formats that can be read.
enum NetworkReaders {
  static var all: [any NetworkReader.Type] { [SafetensorsNetwork.self] }

  /// Opens a file with the first reader that recognizes it. For an unknown format our own reader throws the error.
  static func open(_ path: String) throws -> any NetworkReader {
    var start = [UInt8](repeating: 0, count: 64)
    // O_NONBLOCK: opening a pipe must not wait for its writer.
    let descriptor = Files.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor >= 0 {
      start.removeLast(start.count - max(0, read(descriptor, &start, start.count)))
      close(descriptor)
    }
    if FileSystem.isFile(path), let format = foreignFormat(start) { throw NetworkFileError(path, format) }
    return try (all.first { $0.recognizes(start) } ?? SafetensorsNetwork.self).init(path: path)
  }
}

extension NetworkReaders {
  /// What a file is that another program made, by its first bytes, and what to do; nil for an unknown one.
  static func foreignFormat(_ start: [UInt8]) -> String? {
    if start.isEmpty { return "it has 0 bytes: the download or copy failed; get it again" }
    let remedy = "which this version cannot read; use a network that this program trained"
    // PROTO 2 to 5; a stream of torch.save starts with its magic number.
    if start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) {
      return start.starts(with: [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9])
        ? "it is a file of PyTorch's torch.save, \(remedy)"
        : "it is a pickle, the format of NVIDIA's StyleGAN programs, \(remedy)"
    }
    if start.starts(with: [0x50, 0x4b, 3, 4]) {
      return "it is a ZIP archive, such as a file of PyTorch's torch.save or a data set, \(remedy)"
    }
    let text = String(decoding: start, as: UTF8.self).lowercased()
    if text.hasPrefix("<!doctype") || text.hasPrefix("<html") {
      return "it is a web page: the download failed; download it again"
    }
    if text.hasPrefix("version https://git-lfs") {
      return "it is a pointer of Git LFS, not the file itself; run `git lfs pull`"
    }
    return nil
  }
}

extension NetworkFile {
  /// Refuses a file that another program made, with its name: a pickle, a file of torch.save, a web page.
  /// - Throws: ``NetworkFileError``.
  public static func requireOwnFormat(_ path: String) throws {
    guard FileSystem.isFile(path), let start = try? WholeFile.prefix(of: path, 64),
      let format = NetworkReaders.foreignFormat(start)
    else {
      return
    }
    throw NetworkFileError(path, format)
  }
}

/// Reads our own files: network files and training states.
struct SafetensorsNetwork: NetworkReader {
  let header: NetworkHeader
  private let file: SafetensorsFile

  /// Safetensors start with 8 bytes for the header's length, then JSON.
  static func recognizes(_ start: [UInt8]) -> Bool { start.count > 8 && start[8] == UInt8(ascii: "{") }

  init(path: String) throws {
    file = try SafetensorsFile(path: path)
    header = try NetworkHeader(file)
    let states = file.metadata["format"] == TrainingState.format ? ["optimizer.", "regularizer.", "random"] : []
    let known = NetworkPart.allCases.map(\.rawValue) + states
    let unexpected = file.names.filter { name in !known.contains { name.hasPrefix($0) } }
    guard unexpected.isEmpty else {
      throw LoadError(path: path, problems: unexpected.map { "'\($0)' is not expected" })
    }
  }

  var path: String { file.path }
  var tensors: [SafetensorsFile.TensorInfo] { file.names.compactMap { file.tensors[$0] } }

  func load(into store: ParameterStore, _ part: NetworkPart) throws {
    try file.load(into: store.state, prefix: part.rawValue)
  }

  func tensor(_ name: String) throws -> Tensor? { file.tensors[name] == nil ? nil : try file.tensor(name) }
}

extension NetworkHeader {
  /// Reads the metadata of our own files.
  init(_ file: SafetensorsFile) throws {
    guard let format = file.metadata["format"] else {
      throw NetworkFileError(file.path, "it is a safetensors file, but not a network of this program (no 'format')")
    }
    guard [NetworkFile.format, TrainingState.format].contains(format) else {
      throw NetworkFileError(file.path, "its format is '\(format)'; this program reads '\(NetworkFile.format)'")
    }
    guard let family = Families.family(named: file.metadata["family"] ?? "") else {
      throw NetworkFileError(file.path, "its family '\(file.metadata["family"] ?? "")' is unknown")
    }
    func configuration<Family: NetworkConfiguration>(_: Family.Type) throws -> any NetworkConfiguration {
      try file.decoded("configuration", as: Family.self)
    }
    self.init(
      configuration: try configuration(family), growth: try file.decoded("growth", as: Growth.self),
      labelNames: file.metadata["labels"] == nil ? [] : try file.decoded("labels", as: [String].self),
      labelKind: try file.metadata["label_kind"].map { text in
        guard let kind = LabelKind(rawValue: text) else {
          throw NetworkFileError(file.path, "its label kind '\(text)' is unknown")
        }
        return kind
      } ?? .classes,
      history: file.metadata["training"] == nil ? nil : try file.decoded("training", as: NetworkFile.History.self))
  }
}

extension SafetensorsFile {
  /// Decodes a JSON entry of the metadata.
  func decoded<Value: Codable>(_ key: String, as type: Value.Type) throws -> Value {
    guard let text = metadata[key] else { throw NetworkFileError(path, "its metadata has no '\(key)'") }
    let (value, unknown): (Value, [String])
    do {
      value = try JSONDecoder().decode(type, from: Data(text.utf8))
      unknown = try unknownKeys(in: Data(text.utf8), of: value)
    } catch { throw NetworkFileError(path, "its '\(key)' is not valid") }
    guard unknown.isEmpty else {
      throw NetworkFileError(path, "its '\(key)' has unknown keys: \(unknown.joined(separator: ", "))")
    }
    return value
  }
}
