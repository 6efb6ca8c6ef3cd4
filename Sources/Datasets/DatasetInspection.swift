import Files
import Foundation
import Images

/// The problems of a dataset, found by reading all images, for `stylegan dataset check`.
public struct DatasetInspection: Codable, Sendable, Equatable {
  /// The kinds of problems.
  public enum Reason: String, Codable, Sendable, CaseIterable {
    /// The file has 0 bytes.
    case empty
    /// The file is truncated.
    case truncated
    /// The file is not an image.
    case notAnImage = "not-an-image"
    /// The file is damaged or cannot be read.
    case unreadable
    /// The samples or the variant of the format are not read.
    case unsupported
    /// The file has several frames or pages.
    case animated
    /// The image exceeds the limits, or the entry is a ZIP bomb.
    case tooLarge = "too-large"
    /// Training needs another size.
    case wrongSize = "wrong-size"
    /// The file equals an earlier one.
    case duplicate
  }

  /// A problem of an image.
  public struct Problem: Codable, Sendable, Equatable {
    /// The path in the dataset.
    public let name: String
    /// The kind of problem.
    public let reason: Reason
    /// A description without the name: "is truncated".
    public let detail: String
  }

  /// The kind of dataset: "folder", "ZIP", "IDX" or "CIFAR-10".
  public let kind: String
  /// The number of images.
  public let images: Int
  /// The number of images of each size (`width×height×channels`).
  public let sizes: [String: Int]
  /// The number of images whose channels are not those of the most; 0 where `channels` was given. They are no problem:
  /// a training and a build convert all images to color then.
  public let mixedChannels: Int
  /// What is left out.
  public let omissions: DatasetOmissions
  /// The number of images of each class, by its name or number; empty without labels.
  public let classes: [String: Int]
  /// The problems, in the order of the images.
  public let problems: [Problem]

  /// Reads every image of a dataset.
  /// - Parameter spec: see ``DatasetSource/open(_:resolution:channels:cacheDirectory:threads:cacheLimit:notice:)``.
  /// - Parameter resolution: the side for training; smaller images are problems. Nil: all must be squares of the same
  ///   side, a power of two 4…1024.
  /// - Parameter channels: the channels for training; nil: those of the images.
  /// - Parameter progress: called after each image with the number of images read and the total.
  /// - Throws: ``DatasetError``, `FileError` if the dataset cannot be opened; `ImageError` if memory, threads or
  ///   descriptors are short.
  public init(
    of spec: String, resolution: Int? = nil, channels: Int? = nil, threads: Int = 1, cacheDirectory: String? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    if let resolution, !UniformDataset.isPossible(resolution: resolution) {
      throw DatasetError.badResolution(resolution)
    }
    if let channels, ![1, 3, 4].contains(channels) { throw DatasetError.badChannels(channels) }
    let collection = try DatasetSource.collection(spec, cacheDirectory: cacheDirectory)
    var findings: [Finding] = []
    let resources = ScarceResources()
    try OrderedPipeline.run(0..<collection.count, threads: threads) { index in
      Result { try resources.run { try Finding(collection, index) } }
    } consume: { index, finding in
      findings.append(try finding.get())
      progress(index + 1, collection.count)
    }

    let shapes = findings.compactMap(\.shape)
    let side = Self.mostCommon(shapes.filter { $0.width == $0.height }.map(\.width).filter(UniformDataset.isPossible))
    let usual = Self.mostCommon(shapes.map(\.channels))
    var first: [UInt64: String] = [:]
    var problems: [Problem] = []
    var mixed = 0
    for (index, finding) in findings.enumerated() {
      let name = collection.itemName(at: index)
      func report(_ reason: Reason, _ detail: String) {
        problems.append(Problem(name: name, reason: reason, detail: detail))
      }
      if let (reason, detail) = finding.failure { report(reason, detail) }
      if let shape = finding.shape {
        let size = "\(shape.width)×\(shape.height)"
        if let resolution {
          if min(shape.width, shape.height) < resolution {
            report(.wrongSize, "is \(size), smaller than \(resolution)×\(resolution)")
          }
        } else if let side {
          if shape.width != side || shape.height != side { report(.wrongSize, "is \(size), most are \(side)×\(side)") }
        } else {
          report(.wrongSize, "is \(size), not a square with a side that is a power of two from 4 to 1024")
        }
        if channels == nil, shape.channels != usual { mixed += 1 }
      }
      if let digest = finding.digest, finding.failure == nil {
        if let earlier = first[digest] {
          report(.duplicate, "is the same file as \(earlier.shown)")
        } else {
          first[digest] = name
        }
      }
    }
    kind = collection.kind
    images = collection.count
    mixedChannels = mixed
    omissions = collection.omissions
    let names = collection.labelNames
    classes = Dictionary(
      (0..<collection.count).compactMap { collection.label(at: $0).map { (names.isEmpty ? "\($0)" : names[$0], 1) } },
      uniquingKeysWith: +)
    sizes = Dictionary(shapes.map { ("\($0.width)×\($0.height)×\($0.channels)", 1) }, uniquingKeysWith: +)
    self.problems = problems
  }

  /// The most frequent value; the smallest of several.
  private static func mostCommon(_ values: [Int]) -> Int? {
    Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +).max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// The result of reading one image.
  private struct Finding: Sendable {
    var shape: ImageDecoder.Header?
    var digest: UInt64?
    var failure: (Reason, String)?

    /// - Throws: an error that does not say that the image is bad, such as a shortage.
    init(_ collection: any ImageCollection, _ index: Int) throws {
      do {
        let image: Image
        if let file = try collection.file(at: index) {
          var digest = Digest()
          file.withUnsafeBytes { digest.add($0) }
          self.digest = digest.value
          image = try ImageDecoder.decode(file, name: collection.itemName(at: index))
        } else {
          image = try collection.image(at: index)
        }
        shape = .init(width: image.width, height: image.height, channels: image.channels)
      } catch  where !isAboutTheImage(error) {
        throw error
      } catch let error as ImageError {
        failure = Self.explain(error)
      } catch DatasetError.suspiciousEntry(_, let reason) {
        failure = (.tooLarge, "is refused: \(reason)")
      } catch DatasetError.malformed(_, let reason) {
        failure = (.unreadable, "is damaged (\(reason))")
      } catch let error as FileError {
        failure = (.unreadable, "cannot be read: \(error.reason)")
      } catch {
        failure = (.unreadable, "\(error)")
      }
    }

    private static func explain(_ error: ImageError) -> (Reason, String) {
      switch error {
      case .empty: (.empty, "is empty (0 bytes)")
      case .truncated: (.truncated, "is truncated")
      case .notAnImage: (.notAnImage, "is not an image")
      case .animated(_, let pages): (.animated, "holds \(pages) frames or pages")
      case .tooLarge(_, let width, let height, let limit):
        (.tooLarge, width > 0 ? "is \(width)×\(height), the limit is \(limit)" : "is too large, the limit is \(limit)")
      case .unreadable(_, let reason): (.unreadable, "is damaged\(reason.isEmpty ? "" : " (\(reason))")")
      case .unsupported(_, let reason): (.unsupported, "cannot be read: \(reason)")
      default: (.unreadable, error.description)
      }
    }
  }
}
