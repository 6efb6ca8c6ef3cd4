import Files
import Foundation
import Images

/// Everything that is wrong with a dataset, found by reading all of it: what `stylegan dataset check` prints.
public struct DatasetInspection: Codable, Sendable, Equatable {
  /// Kinds of trouble.
  public enum Reason: String, Codable, Sendable, CaseIterable {
    /// No bytes.
    case empty
    /// The file ends early.
    case truncated
    /// Not a picture.
    case notAnImage = "not-an-image"
    /// Damaged, or not allowed to be read.
    case unreadable
    /// Several frames or pages.
    case animated
    /// Beyond the limits, or a ZIP bomb.
    case tooLarge = "too-large"
    /// Not the size that training needs.
    case wrongSize = "wrong-size"
    /// Not the channels of most.
    case wrongChannels = "wrong-channels"
    /// The same bytes as an earlier file.
    case duplicate
  }

  /// One thing wrong with one picture.
  public struct Problem: Codable, Sendable, Equatable {
    /// Path inside the dataset.
    public let name: String
    /// Kind of trouble.
    public let reason: Reason
    /// A sentence for people.
    public let detail: String
  }

  /// "folder", "ZIP", "IDX" or "CIFAR-10".
  public let kind: String
  /// Pictures that were read.
  public let images: Int
  /// How many pictures have each size (`width×height×channels`).
  public let sizes: [String: Int]
  /// Files that lie beside the pictures and are not used.
  public let ignored: [String]
  /// What is wrong, in the order of the pictures.
  public let problems: [Problem]

  /// Reads every picture of a dataset.
  ///
  /// - Parameter spec: see ``DatasetSource/open(_:resolution:channels:cacheDirectory:threads:cacheLimit:notice:)``.
  /// - Parameter resolution: pictures will be cropped and resized to this side: any size will do that is not smaller. Nil: all
  ///   must be squares of the same side, a power of two 4…1024.
  /// - Parameter channels: pictures will be converted to this many; nil: all must have the same.
  /// - Parameter progress: told after each picture how many have been read, and of how many.
  /// - Throws: ``DatasetError``, `FileError` if the dataset as a whole cannot be opened.
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
    try OrderedPipeline.run(0..<collection.count, threads: threads) {
      Finding(collection, $0)
    } consume: { index, finding in
      findings.append(finding)
      progress(index + 1, collection.count)
    }

    let shapes = findings.compactMap(\.shape)
    let side = Self.mostCommon(shapes.filter { $0.width == $0.height }.map(\.width).filter(UniformDataset.isPossible))
    let usual = Self.mostCommon(shapes.map(\.channels))
    var first: [UInt64: String] = [:]
    var problems: [Problem] = []
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
          report(.wrongSize, "is \(size), no square with a side that is a power of two from 4 to 1024")
        }
        if channels == nil, let usual, shape.channels != usual {
          report(.wrongChannels, "has \(Self.colours(shape.channels)), most have \(Self.colours(usual))")
        }
      }
      if let digest = finding.digest, finding.failure == nil {
        if let earlier = first[digest] {
          report(.duplicate, "is the same file as \(earlier)")
        } else {
          first[digest] = name
        }
      }
    }
    kind = collection.kind
    images = collection.count
    ignored = collection.ignored
    sizes = Dictionary(shapes.map { ("\($0.width)×\($0.height)×\($0.channels)", 1) }, uniquingKeysWith: +)
    self.problems = problems
  }

  private static func colours(_ channels: Int) -> String {
    channels == 1 ? "grey (1 channel)" : channels == 3 ? "colour (3 channels)" : "colour with alpha (4 channels)"
  }

  /// The most frequent value; of several the smallest.
  private static func mostCommon(_ values: [Int]) -> Int? {
    Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +).max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// What reading one picture told.
  private struct Finding: Sendable {
    var shape: ImageDecoder.Header?
    var digest: UInt64?
    var failure: (Reason, String)?

    init(_ collection: any ImageCollection, _ index: Int) {
      do {
        let image: Image
        if let file = try collection.file(at: index) {
          var digest = Digest()
          file.withUnsafeBytes { digest.add($0) }
          self.digest = digest.value
          image = try ImageDecoder.decode(file)
        } else {
          image = try collection.image(at: index)
        }
        shape = .init(width: image.width, height: image.height, channels: image.channels)
      } catch let error as ImageError {
        failure = Self.explain(error)
      } catch let error as DatasetError {
        if case .suspiciousEntry(_, let reason) = error {
          failure = (.tooLarge, "is refused: \(reason)")
        } else if case .malformed(_, let reason) = error {
          failure = (.unreadable, "is damaged (\(reason))")
        } else {
          failure = (.unreadable, error.description)
        }
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
      case .unreadable(_, let reason): (.unreadable, "is damaged (\(reason))")
      default: (.unreadable, error.description)
      }
    }
  }
}
