import Files
import Foundation
import Images

/// Detects the kind of a dataset and opens it.
public enum DatasetSource {
  /// Opens a dataset.
  /// - Parameter spec: one of
  ///   - a folder of images at any depth (subfolders are classes, see ``Labels``);
  ///   - a ZIP file, with or without NVIDIA's `dataset.json`;
  ///   - an IDX image file, plain or `.gz`, or a folder with `train-images-idx3-ubyte[.gz]`; a label file beside it is
  ///     used, and 28×28 is padded with zeros to 32×32;
  ///   - a CIFAR-10 `.bin` file, or the folder `cifar-10-batches-bin`;
  ///   - `fashion-mnist` or `fashion-mnist-test`, unless a file or folder has that name.
  /// - Parameter resolution: the side, a power of two 4…1024; each central square is resized to it. Nil: all
  ///   images must be squares of the same such side.
  /// - Parameter channels: 1, 3 or 4; nil for the channels of the images (3 if they differ).
  /// - Parameter cacheDirectory: the folder for downloads; by default `swift-stylegan` in the user's cache folder.
  /// - Parameter threads: the number of threads to read image headers.
  /// - Parameter cacheLimit: decoded images stay in memory if all of them fit in this many bytes.
  /// - Parameter notice: receives a sentence before a download, and one for each kind of files that are left out.
  /// - Parameter progress: called with the number of images whose headers are checked, and with all.
  /// - Throws: ``DatasetError``, `ImageError`, `FileError`.
  public static func open(
    _ spec: String, resolution: Int? = nil, channels: Int? = nil, cacheDirectory: String? = nil,
    threads: Int = UsableProcessors.count, cacheLimit: Int = 1 << 30,
    notice: ((String) -> Void)? = nil, progress: ((Int, Int) -> Void)? = nil
  ) throws -> any ImageDataset {
    try UniformDataset(
      try collection(spec, cacheDirectory: cacheDirectory, notice: notice), resolution: resolution, channels: channels,
      threads: threads, cacheLimit: cacheLimit, progress: progress)
  }

  /// The stored images of `spec`.
  /// - Throws: ``DatasetError``, `FileError`.
  package static func collection(
    _ spec: String, cacheDirectory: String? = nil, notice: ((String) -> Void)? = nil
  ) throws -> any ImageCollection {
    let collection = try openCollection(spec, cacheDirectory: cacheDirectory, notice: notice)
    if let notice { for sentence in collection.omissions.sentences(of: spec) { notice("note: \(sentence)") } }
    return collection
  }

  private static func openCollection(
    _ spec: String, cacheDirectory: String?, notice: ((String) -> Void)?
  ) throws -> any ImageCollection {
    var status = stat()
    guard !spec.isEmpty, stat(spec, &status) == 0 else {
      if spec.isEmpty || errno == ENOENT || errno == ENOTDIR {
        if let split = FashionMNIST.Split(rawValue: spec) {
          return try FashionMNIST.open(split, cacheDirectory: cacheDirectory, notice: notice)
        }
        throw DatasetError.notFound(spec.isEmpty ? "\"\"" : spec)
      }
      throw FileError(.read, path: spec)
    }
    let name = FileSystem.name(of: spec)
    if status.st_mode & S_IFMT == S_IFDIR {
      if let file = IDX.trainingFile(in: spec) { return try IDX.open(file, name: name) }
      let batches = CIFAR.trainingFiles(in: spec)
      if !batches.isEmpty { return try CIFAR.open(batches, name: "cifar-10") }
      return try FileCollection(try FolderStore(spec), path: spec)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError.unknownKind(path: spec, reason: "it is a pipe or a device")
    }
    let start = try WholeFile.prefix(of: spec, 512)
    if start.isEmpty { throw DatasetError.malformed(path: spec, reason: "it is empty") }
    if start.starts(with: [0x50, 0x4b, 3, 4]) || start.starts(with: [0x50, 0x4b, 5, 6])
      || start.starts(with: [0x50, 0x4b, 7, 8])
    {
      return try FileCollection(try ZIPStore(spec), path: spec)
    }
    let explanation = PictureKind.explanation(start: start, name: name)
    if spec.lowercased().hasSuffix(".zip") {
      if let explanation { throw DatasetError.unknownKind(path: spec, reason: explanation) }
      // A self-extracting archive, the last part of a split one, or damage.
      return try FileCollection(try ZIPStore(spec), path: spec)
    }
    if CIFAR.isBatch(spec) { return try CIFAR.open([spec], name: "cifar-10") }
    if try IDX.isIDX(spec) || name.contains("idx3") { return try IDX.open(spec) }
    if let explanation { throw DatasetError.unknownKind(path: spec, reason: explanation) }
    if try PictureKind.isPicture(start) || readable({ try ImageDecoder.header(contentsOf: spec) }) != nil {
      throw DatasetError.unknownKind(path: spec, reason: "it is a single image")
    }
    throw DatasetError.unknownKind(path: spec, reason: "its format is unknown")
  }
}
