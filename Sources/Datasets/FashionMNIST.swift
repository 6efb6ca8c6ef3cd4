import Files
import Foundation
import Images

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): the files of the Debian package `dataset-fashion-mnist`. If it is not
/// installed, it is downloaded to the user's cache folder, without root.
package enum FashionMNIST {
  /// The training and the test set.
  enum Split: String {
    /// 60,000 images.
    case train = "fashion-mnist"
    /// 10,000 images.
    case test = "fashion-mnist-test"
  }

  package static let labelNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]
  private static let package = "dataset-fashion-mnist"
  private static let inside = "usr/share/datasets/fashion-mnist"

  /// - Throws: ``DatasetError/notFetched(name:reason:)``, and the errors of ``IDX/open(_:name:labelNames:)``.
  static func open(_ split: Split, cacheDirectory: String?, notice: ((String) -> Void)?) throws -> PixelCollection {
    let file = split == .train ? "train-images-idx3-ubyte.gz" : "t10k-images-idx3-ubyte.gz"
    let cache = cacheDirectory ?? Folder.cache
    let cached = "\(cache)/\(package)/\(inside)"
    let folder = ["/" + inside, cached].first { FileSystem.exists("\($0)/\(file)") }
    if folder == nil {
      guard (try? Folder.makeWritable(cache)) != nil else { return try openTemporarily(split, file, cache, notice) }
      notice?("downloading Fashion-MNIST (31 MB, once) to \(cache)")
      try fetch(into: cache)
    }
    return try IDX.open("\(folder ?? cached)/\(file)", name: split.rawValue, labelNames: labelNames)
  }

  /// Without a cache folder: downloads to a temporary folder and reads the images into memory.
  private static func openTemporarily(
    _ split: Split, _ file: String, _ cache: String, _ notice: ((String) -> Void)?
  ) throws -> PixelCollection {
    notice?("\(cache) cannot be written, so Fashion-MNIST (31 MB) is downloaded for this time only")
    let folder = "\(NSTemporaryDirectory())/swift-stylegan-\(UUID().uuidString)"
    try Folder.make(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try fetch(into: folder)
    return try IDX.open("\(folder)/\(package)/\(inside)/\(file)", name: split.rawValue, labelNames: labelNames)
  }

  /// Downloads and unpacks the package in a temporary folder, then renames it: it is complete or absent.
  private static func fetch(into cache: String) throws {
    let byHand =
      "install it with `sudo apt-get install \(package)`, or download the four .gz files from "
      + "https://github.com/zalandoresearch/fashion-mnist and give their folder"
    func failed(_ reason: String) -> DatasetError { .notFetched(name: "Fashion-MNIST", reason: "\(reason); \(byHand)") }

    let work = "\(cache)/fetch-\(ProcessInfo.processInfo.processIdentifier)"
    do { try Folder.make(work) } catch {
      throw failed("the folder \(work) cannot be created")
    }
    defer { try? FileSystem.remove(work) }
    let download = try run(["apt-get", "download", package], in: work, failed)
    guard download.status == 0 else {
      throw download.output.contains("Unable to locate") || download.output.contains("No candidate")
        ? failed("apt does not know the package; `sudo apt-get update` may help")
        : failed("apt-get failed (\(download.output.split(separator: "\n").last ?? "no reason given"))")
    }
    let files = (try? Folder.names(in: work)) ?? []
    guard let archive = files.first(where: { $0.hasSuffix(".deb") }) else { throw failed("apt-get gave no package") }
    let unpack = try run(["dpkg-deb", "-x", archive, "unpacked"], in: work, failed)
    guard unpack.status == 0 else { throw failed("the package cannot be unpacked (is the disk full?)") }
    let place = "\(cache)/\(package)"
    guard rename("\(work)/unpacked", place) == 0 else {
      // Another process fetched it first.
      if FileSystem.exists("\(place)/\(inside)") { return }
      throw failed("\(place) cannot be created")
    }
  }

  private static func run(
    _ command: [String], in folder: String, _ failed: (String) -> DatasetError
  ) throws -> (status: Int32, output: String) {
    guard let result = try? Subprocess.run(command[0], Array(command.dropFirst()), in: folder) else {
      throw failed("`\(command[0])` cannot be run")
    }
    if result.status == 127 { throw failed("`\(command[0])` is not installed") }
    return result
  }
}
