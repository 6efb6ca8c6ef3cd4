import Files
import Foundation

/// The summary of a dataset, for `stylegan dataset info`.
public struct DatasetDescription: Codable, Sendable, Equatable {
  /// One class.
  public struct Label: Codable, Sendable, Equatable {
    /// The name, or the number if classes have no names.
    public let name: String
    /// The number of images.
    public let images: Int
  }

  /// The name of the file or folder.
  public let name: String
  /// The number of images.
  public let images: Int
  /// The side in pixels.
  public let resolution: Int
  /// The number of channels: 1, 3 or 4.
  public let channels: Int
  /// The classes in order; empty without labels.
  public let labels: [Label]
  /// See ``ImageDataset/fingerprint``.
  public let fingerprint: String
  /// What is left out.
  public let omissions: DatasetOmissions
  /// The reading speed, if measured.
  public var imagesPerSecond: Double?

  /// Describes a dataset.
  public init(_ dataset: any ImageDataset) {
    (name, images, resolution) = (dataset.name, dataset.count, dataset.resolution)
    (channels, fingerprint, omissions) = (dataset.channels, dataset.fingerprint, dataset.omissions)
    var counts = [Int](repeating: 0, count: dataset.labelCount)
    for index in 0..<dataset.count { if let label = dataset.label(at: index) { counts[label] += 1 } }
    let names = dataset.labelNames
    labels = counts.enumerated().map { Label(name: names.isEmpty ? String($0) : names[$0], images: $1) }
  }

  /// The most classes that ``lines`` lists.
  static let longest = 1000

  /// The description as lines of text.
  public var lines: [String] {
    var lines = [
      "name         \(name.shown)",
      "images       \(images)",
      "size         \(resolution)×\(resolution)×\(channels)",
      "labels       \(labels.isEmpty ? "none" : String(labels.count))",
    ]
    let used = labels.enumerated().filter { $0.element.images > 0 }
    for (index, label) in used.prefix(Self.longest) { lines.append("  \(index)  \(label.name.shown): \(label.images)") }
    if used.count > Self.longest { lines.append("  and \(used.count - Self.longest) more classes") }
    if used.count < labels.count { lines.append("  \(labels.count - used.count) classes have no images") }
    if omissions.others > 0 { lines.append("other files  \(omissions.others) texts, tables or hidden files") }
    lines.append("fingerprint  \(fingerprint)")
    return lines
  }
}

/// Measures the reading speed of a dataset.
public enum DatasetBenchmark {
  /// Images per second of a ``BatchLoader`` with batches of 32, over at least `seconds`.
  /// - Throws: the errors of ``BatchLoader/next(_:)``.
  public static func rate(of dataset: any ImageDataset, threads: Int, seconds: Double = 3) throws -> Double {
    let loader = BatchLoader(dataset, seed: 0, mirror: true, threads: threads)
    _ = try loader.next(32)
    let (start, first) = (Date(), loader.position)
    while Date().timeIntervalSince(start) < seconds { _ = try loader.next(32) }
    return Double(loader.position - first) / Date().timeIntervalSince(start)
  }
}
