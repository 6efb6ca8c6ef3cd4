import Files

/// A dataset cannot be used.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder does not exist.
  case notFound(String)
  /// The file is not a dataset of a known kind.
  case unknownKind(path: String, reason: String)
  /// The folder or archive contains no image.
  case noImages(String, found: [String] = [])
  /// The image `name` is not square, or its size differs or is not possible.
  case notUniform(name: String, size: String, reason: String)
  /// The requested resolution is not possible.
  case badResolution(Int)
  /// The requested number of channels is not possible.
  case badChannels(Int)
  /// There are missing, malformed or unexpected labels.
  case badLabels(path: String, reason: String)
  /// Several images cannot be read: `first` says why for one of them.
  case badImages(first: String, others: Int)
  /// An archive or file is sound, but of a kind that is not read; `reason` says which, with the way out.
  case unusable(path: String, reason: String)
  /// An IDX, CIFAR, ZIP or NPZ file is malformed.
  case malformed(path: String, reason: String)
  /// An entry of an archive unpacks to a suspicious size (ZIP bomb).
  case suspiciousEntry(name: String, reason: String)
  /// The download failed.
  case notFetched(name: String, reason: String)
  /// A subset of `count` images was asked for, and there are fewer.
  case subsetTooLarge(String, count: Int, available: Int)
  /// The output cannot be written to this place.
  case badOutput(path: String, reason: String)

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .notFound(let path):
      "\(path.shown) does not exist; give a folder of images, a .zip, an IDX or a CIFAR-10 file, or the name fashion-mnist"
    case .unknownKind(let path, let reason):
      "\(path.shown) is not a dataset (\(reason)); give a folder of images, a .zip, an IDX or a CIFAR-10 file"
    case .noImages(let path, let found):
      "\(path.shown) holds no images\(found.isEmpty ? "" : ", only \(DatasetOmissions.list(found, first: 3))"); "
        + "give a folder or .zip with PNG, JPEG, WebP or other image files"
    case .badImages(let first, let others):
      "\(first); so \(others == 1 ? "is 1 more image" : "are \(others) more images"): `stylegan dataset check` lists them, "
        + "`stylegan dataset build --skip-bad` leaves them out"
    case .unusable(let path, let reason): "\(path.shown) cannot be used: \(reason)"
    case .notUniform(let name, let size, let reason):
      "\(name.shown) is \(size), but \(reason); give --resolution to crop and resize while reading, or run `stylegan dataset build` first"
    case .badResolution(let value): "resolution \(value) is not possible; give a power of two from 4 to 1024"
    case .badChannels(let value): "\(value) channels are not possible; give 1, 3 or 4"
    case .badLabels(let path, let reason): "the labels in \(path.shown) are unusable: \(reason)"
    case .malformed(let path, let reason): "\(path.shown) is damaged (\(reason)); copy or download it again"
    case .suspiciousEntry(let name, let reason): "\(name.shown) is refused: \(reason); unpack and check it by hand"
    case .notFetched(let name, let reason): "cannot fetch \(name): \(reason)"
    case .subsetTooLarge(let name, let count, let available):
      "a subset of \(count) images is asked for, but \(name.shown) has \(available): give at most \(available)"
    case .badOutput(let path, let reason): "cannot write \(path.shown): \(reason)"
    }
  }
}
