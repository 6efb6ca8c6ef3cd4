import Images

/// Why data could not be used.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no such file or folder.
  case notFound(String)
  /// The file is no dataset of a known kind.
  case unknownKind(path: String, reason: String)
  /// No image lies in the folder or archive.
  case noImages(String)
  /// Not all images are squares of one usable size; `name` is the first offender.
  case notUniform(name: String, size: String, reason: String)
  /// The asked-for resolution cannot be.
  case badResolution(Int)
  /// The asked-for number of channels cannot be.
  case badChannels(Int)
  /// Labels are missing, malformed or too many.
  case badLabels(path: String, reason: String)
  /// A file of a fixed format (IDX, CIFAR, ZIP) is malformed.
  case malformed(path: String, reason: String)
  /// An entry of an archive would unpack to an absurd size.
  case suspiciousEntry(name: String, reason: String)
  /// Data could not be fetched.
  case notFetched(name: String, reason: String)
  /// The output cannot be made where the user wants it.
  case badOutput(path: String, reason: String)

  /// One sentence for people that says what to do.
  public var description: String {
    switch self {
    case .notFound(let path):
      "\(path) does not exist; give a folder of images, a .zip, an IDX or a CIFAR-10 file, or the name fashion-mnist"
    case .unknownKind(let path, let reason):
      "\(path) is no dataset (\(reason)); give a folder of images, a .zip, an IDX or a CIFAR-10 file"
    case .noImages(let path): "\(path) holds no images; give a folder or .zip with PNG, JPEG, WebP or other image files"
    case .notUniform(let name, let size, let reason):
      "\(name) is \(size), but \(reason); give --resolution to crop and resize while reading, or run `stylegan dataset build` first"
    case .badResolution(let value): "resolution \(value) is not possible; give a power of two from 4 to 1024"
    case .badChannels(let value): "\(value) channels are not possible; give 1, 3 or 4"
    case .badLabels(let path, let reason): "the labels in \(path) are unusable: \(reason)"
    case .malformed(let path, let reason): "\(path) is damaged (\(reason)); copy or download it again"
    case .suspiciousEntry(let name, let reason): "\(name) is refused: \(reason); unpack and check it by hand"
    case .notFetched(let name, let reason): "could not fetch \(name): \(reason)"
    case .badOutput(let path, let reason): "cannot write \(path): \(reason)"
    }
  }
}
