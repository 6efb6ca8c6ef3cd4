import Images

/// A dataset cannot be used.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder does not exist.
  case notFound(String)
  /// The file is not a dataset of a known kind.
  case unknownKind(path: String, reason: String)
  /// The folder or archive contains no image.
  case noImages(String)
  /// The image `name` is not square, or its size differs or is not possible.
  case notUniform(name: String, size: String, reason: String)
  /// The requested resolution is not possible.
  case badResolution(Int)
  /// The requested number of channels is not possible.
  case badChannels(Int)
  /// There are missing, malformed or unexpected labels.
  case badLabels(path: String, reason: String)
  /// An IDX, CIFAR, ZIP or NPZ file is malformed.
  case malformed(path: String, reason: String)
  /// An entry of an archive unpacks to a suspicious size (ZIP bomb).
  case suspiciousEntry(name: String, reason: String)
  /// The download failed.
  case notFetched(name: String, reason: String)
  /// The output cannot be written to this place.
  case badOutput(path: String, reason: String)

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .notFound(let path):
      "\(path) does not exist; give a folder of images, a .zip, an IDX or a CIFAR-10 file, or the name fashion-mnist"
    case .unknownKind(let path, let reason):
      "\(path) is not a dataset (\(reason)); give a folder of images, a .zip, an IDX or a CIFAR-10 file"
    case .noImages(let path): "\(path) holds no images; give a folder or .zip with PNG, JPEG, WebP or other image files"
    case .notUniform(let name, let size, let reason):
      "\(name) is \(size), but \(reason); give --resolution to crop and resize while reading, or run `stylegan dataset build` first"
    case .badResolution(let value): "resolution \(value) is not possible; give a power of two from 4 to 1024"
    case .badChannels(let value): "\(value) channels are not possible; give 1, 3 or 4"
    case .badLabels(let path, let reason): "the labels in \(path) are unusable: \(reason)"
    case .malformed(let path, let reason): "\(path) is damaged (\(reason)); copy or download it again"
    case .suspiciousEntry(let name, let reason): "\(name) is refused: \(reason); unpack and check it by hand"
    case .notFetched(let name, let reason): "cannot fetch \(name): \(reason)"
    case .badOutput(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}
