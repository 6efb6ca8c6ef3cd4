import Images

/// An image collection as squares of equal size, for training.
///
/// With a resolution, the central square of each image is resized (area for integer reduction factors, else Lanczos).
/// Without it, all images must be squares of the same side, a power of two 4…1024. With 4 channels, pixels of alpha 0 are
/// black, whatever color the file hides there.
final class UniformDataset: ImageDataset {
  let name: String
  let count: Int
  let channels: Int
  let resolution: Int
  let fingerprint: String
  let omissions: DatasetOmissions
  private let collection: any ImageCollection
  private let resizes: Bool
  /// Decoded samples, filled on reading; nil without a cache.
  private let cache: Monitor<[[UInt8]?]>?

  /// - Parameter cacheLimit: decoded images stay in memory if all of them fit in this many bytes.
  /// - Parameter progress: called with the number of headers read, and of all.
  /// - Throws: ``DatasetError``, and the errors of reading headers.
  init(
    _ collection: any ImageCollection, resolution: Int?, channels: Int?, threads: Int, cacheLimit: Int,
    progress: ((Int, Int) -> Void)? = nil
  ) throws {
    if let resolution, !Self.isPossible(resolution: resolution) { throw DatasetError.badResolution(resolution) }
    if let channels, ![1, 3, 4].contains(channels) { throw DatasetError.badChannels(channels) }
    self.collection = collection
    name = collection.name
    count = collection.count
    resizes = resolution != nil
    omissions = collection.omissions
    // Also where the resolution is given: most damaged files are found now, not in the middle of a training.
    let headers =
      collection.isInMemory
      ? [try collection.header(at: 0)] : try Self.headers(of: collection, threads: threads, progress: progress)
    self.resolution = try resolution ?? Self.commonResolution(headers, of: collection)
    let found = Set(headers.map(\.channels))
    self.channels = channels ?? (found.count == 1 ? found.first! : 3)

    fingerprint = try collection.fingerprint(with: [self.resolution, self.channels])
    let size = self.channels * self.resolution * self.resolution
    let copies = collection.isInMemory && !resizes
    cache = copies || count > cacheLimit / size ? nil : Monitor([[UInt8]?](repeating: nil, count: count))
  }

  var labelCount: Int { collection.labelCount }
  var labelNames: [String] { collection.labelNames }
  func label(at index: Int) -> Int? { collection.label(at: index) }
  func contents() throws -> DatasetContents { try collection.contents(fingerprint: fingerprint) }
  func changes(since old: DatasetContents) throws -> DatasetChanges {
    try DatasetChanges(from: old, to: try contents(), digest: collection.digest)
  }

  func image(at index: Int) throws -> [UInt8] {
    if let cached = cache?.withLock({ $0[index] }) { return cached }
    let image = try collection.image(at: index)
    guard resizes || (image.width, image.height) == (resolution, resolution) else {
      throw DatasetError.notUniform(
        name: collection.itemName(at: index), size: "\(image.width)×\(image.height)",
        reason: "the others are \(resolution)×\(resolution)")
    }
    let fitted = try resizes ? image.fitted(to: resolution) : image
    let pixels = fitted.converted(toChannels: channels).withoutHiddenColors().planar
    cache?.withLock { $0[index] = pixels }
    return pixels
  }

  /// Reads the header and the end of every file.
  /// - Throws: the error of the only bad image, or ``DatasetError/badImages(first:others:)``; a shortage.
  private static func headers(
    of collection: any ImageCollection, threads: Int, progress: ((Int, Int) -> Void)?
  ) throws -> [ImageDecoder.Header] {
    let resources = ScarceResources()
    var headers: [ImageDecoder.Header] = []
    var errors: [any Error] = []
    try OrderedPipeline.run(0..<collection.count, threads: threads) { index in
      Result { try resources.run { try collection.header(at: index) } }
    } consume: { index, result in
      switch result {
      case .success(let header): headers.append(header)
      case .failure(let error) where isAboutTheImage(error): errors.append(error)
      case .failure(let error): throw error
      }
      progress?(index + 1, collection.count)
    }
    guard let first = errors.first else { return headers }
    throw errors.count == 1 ? first : DatasetError.badImages(first: "\(first)", others: errors.count - 1)
  }

  /// Whether the resolution is a power of two from 4 to 1024.
  static func isPossible(resolution: Int) -> Bool {
    (4...1024).contains(resolution) && resolution & (resolution - 1) == 0
  }

  private static func commonResolution(
    _ headers: [ImageDecoder.Header], of collection: any ImageCollection
  ) throws -> Int {
    let first = headers[0]
    for (index, header) in headers.enumerated() {
      let size = "\(header.width)×\(header.height)"
      let name = "\(collection.name): \(collection.itemName(at: index))"
      guard header.width == header.height, isPossible(resolution: header.width) else {
        throw DatasetError.notUniform(
          name: name, size: size, reason: "images must be squares with a side that is a power of two from 4 to 1024")
      }
      guard header.width == first.width else {
        throw DatasetError.notUniform(
          name: name, size: size, reason: "the first image is \(first.width)×\(first.height)")
      }
    }
    return first.width
  }
}

extension Image {
  /// The central square, resized to `resolution`: area for integer reduction factors, else Lanczos.
  package func fitted(to resolution: Int) throws -> Image {
    let square = croppedToCentralSquare()
    return try square.resized(
      width: resolution, height: resolution, kernel: square.width % resolution == 0 ? .area : .lanczos)
  }
}
