import Files
import Foundation

/// CIFAR-10 in binary form: records of one label byte and 3×32×32 planar samples.
enum CIFAR {
  private static let record = 1 + 3 * 32 * 32

  /// The sorted training files in `folder`, or in its subfolder `cifar-10-batches-bin`; empty if there are none.
  static func trainingFiles(in folder: String) -> [String] {
    for folder in [folder, folder + "/cifar-10-batches-bin"] {
      let names = (try? Folder.names(in: folder)) ?? []
      let batches = names.filter { $0.hasPrefix("data_batch_") && $0.hasSuffix(".bin") }.sorted()
      if !batches.isEmpty { return batches.map { "\(folder)/\($0)" } }
    }
    return []
  }

  /// Whether a file has the name of a CIFAR-10 binary.
  static func isBatch(_ path: String) -> Bool {
    let name = FileSystem.name(of: path)
    return name.hasSuffix(".bin") && (name.hasPrefix("data_batch") || name.hasPrefix("test_batch"))
  }

  /// Reads the images of these files in order.
  /// - Throws: `FileError`, ``DatasetError``.
  static func open(_ files: [String], name: String) throws -> PixelCollection {
    var pixels: [UInt8] = []
    var labels: [Int] = []
    for file in files {
      let bytes = try WholeFile.bytes(of: file)
      guard !bytes.isEmpty, bytes.count % record == 0 else {
        throw DatasetError.malformed(
          path: file, reason: "its size, \(bytes.count) bytes, is not a multiple of the records' \(record)")
      }
      for start in stride(from: 0, to: bytes.count, by: record) {
        guard bytes[start] < 10 else {
          throw DatasetError.badLabels(
            path: file, reason: "record \(start / record) has the label \(bytes[start]), not 0 to 9")
        }
        labels.append(Int(bytes[start]))
        pixels += bytes[(start + 1)..<(start + record)]
      }
    }
    return PixelCollection(
      name: name, kind: "CIFAR-10", pixels: pixels, shape: .init(width: 32, height: 32, channels: 3), labels: labels,
      labelNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])
  }
}
