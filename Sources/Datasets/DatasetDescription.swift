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
  /// The reading speed, if measured.
  public var imagesPerSecond: Double?

  /// Describes a dataset.
  public init(_ dataset: any ImageDataset) {
    (name, images, resolution) = (dataset.name, dataset.count, dataset.resolution)
    (channels, fingerprint) = (dataset.channels, dataset.fingerprint)
    var counts = [Int](repeating: 0, count: dataset.labelCount)
    for index in 0..<dataset.count { if let label = dataset.label(at: index) { counts[label] += 1 } }
    let names = dataset.labelNames
    labels = counts.enumerated().map { Label(name: names.isEmpty ? String($0) : names[$0], images: $1) }
  }

  /// The description as lines of text.
  public var lines: [String] {
    var lines = [
      "name         \(name)",
      "images       \(images)",
      "size         \(resolution)×\(resolution)×\(channels)",
      "labels       \(labels.isEmpty ? "none" : String(labels.count))",
    ]
    for (index, label) in labels.enumerated() { lines.append("  \(index)  \(label.name): \(label.images)") }
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
