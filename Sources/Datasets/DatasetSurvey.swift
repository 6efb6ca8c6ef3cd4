import Files
import Images

/// A first look at a data set: how many pictures of which sizes and channels, by the headers of its files. It tells which
/// resolution suits pictures of mixed sizes, and opens them in it without reading the headers again.
public struct DatasetSurvey: Sendable {
  /// The name of the file or folder.
  public let name: String
  /// The number of pictures, at least 1.
  public let count: Int
  /// The number of classes; 0 without labels.
  public let labelCount: Int
  /// The shorter side of a picture in pixels: the least, the median and the largest of all.
  public let shortestSide, medianSide, longestSide: Int
  /// Whether all pictures have one size.
  public let isUniform: Bool
  /// Pictures that are not square; a training crops them to their central squares.
  public let oblong: Int
  /// Pictures by their number of channels: 1 (gray), 3 (color), 4 (with alpha).
  public let channelCounts: [Int: Int]
  /// What the file or folder holds besides its pictures.
  public let omissions: DatasetOmissions
  private let collection: any ImageCollection
  private let headers: [ImageDecoder.Header]
  private let threads, cacheLimit: Int

  /// Reads the headers of all pictures. The parameters are those of
  /// ``DatasetSource/open(_:resolution:channels:cacheDirectory:threads:cacheLimit:notice:progress:)``.
  /// - Throws: ``DatasetError``, `ImageError`, `FileError`.
  public init(
    of spec: String, cacheDirectory: String? = nil, threads: Int = UsableProcessors.count, cacheLimit: Int = 1 << 30,
    notice: ((String) -> Void)? = nil, progress: ((Int, Int) -> Void)? = nil
  ) throws {
    let collection = try DatasetSource.collection(spec, cacheDirectory: cacheDirectory, notice: notice)
    let headers = try UniformDataset.headers(of: collection, threads: threads, progress: progress)
    (self.collection, self.headers, self.threads, self.cacheLimit) = (collection, headers, threads, cacheLimit)
    (name, labelCount, omissions) = (collection.name, collection.labelCount, collection.omissions)
    count = collection.count
    let sides = headers.map { min($0.width, $0.height) }.sorted()
    (shortestSide, medianSide, longestSide) = (sides[0], sides[sides.count / 2], sides[sides.count - 1])
    isUniform = headers.allSatisfy { ($0.width, $0.height) == (headers[0].width, headers[0].height) }
    // One header stands for all pictures in memory.
    let each = collection.count / headers.count
    oblong = each * headers.count { $0.width != $0.height }
    channelCounts = Dictionary(headers.map { ($0.channels, each) }, uniquingKeysWith: +)
  }

  /// The channels that most pictures have; the larger number of two equally frequent ones.
  public var usualChannels: Int {
    channelCounts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 3
  }

  /// The pictures as squares of equal size. Where all of them are squares of that size, nothing is resized.
  /// - Parameters:
  ///   - resolution: the side, a power of two 4…1024.
  ///   - channels: 1, 3 or 4.
  ///   - resize: the kernel where pictures are resized; nil for area or Lanczos.
  /// - Throws: ``DatasetError``, `FileError`.
  public func dataset(
    resolution: Int, channels: Int, resize: Image.Kernel? = nil
  ) throws -> any ImageDataset {
    try UniformDataset(
      collection, resolution: isReady(resolution) ? nil : resolution, channels: channels, resize: resize,
      threads: threads, cacheLimit: cacheLimit, headers: headers)
  }

  /// Bytes of decoded pictures that such a data set keeps in memory when all of them were read.
  public func cachedBytes(resolution: Int, channels: Int) -> Int {
    let size = resolution * resolution * channels
    return collection.isInMemory && isReady(resolution) || count > cacheLimit / size ? 0 : count * (size + 32)
  }

  private func isReady(_ resolution: Int) -> Bool {
    headers.allSatisfy { ($0.width, $0.height) == (resolution, resolution) }
  }
}
