import Files
import Foundation
import Images

/// Makes a ZIP dataset in NVIDIA's layout out of any pictures: what `stylegan dataset build` does.
///
/// The archive holds `00000/img00000000.png`, … and `dataset.json`. Equal pictures and options give equal bytes. Until it is
/// whole it grows in the folder `DEST.zip.partial`; a build that was killed goes on from there. Then it is renamed to its place.
public struct DatasetBuilder: Sendable {
  /// What becomes of pictures that are not square.
  public enum Crop: String, Codable, Sendable, CaseIterable {
    /// Their central square is taken.
    case center
    /// They are stretched.
    case none
  }

  /// How pictures are resized.
  public enum Resize: String, Codable, Sendable, CaseIterable {
    /// Lanczos-3 (bicubic when enlarging).
    case lanczos
    /// The mean over the area of each pixel.
    case area
  }

  /// How far a build has come.
  public struct Progress: Sendable {
    /// Pictures that are done, skipped ones included.
    public let done: Int
    /// All pictures.
    public let total: Int
    /// Pictures that were done before this run.
    public let resumed: Int
    /// Why the last picture was skipped, or nil if it was not.
    public let skipped: (any Error)?
  }

  /// What was built.
  public struct Summary: Sendable, Equatable {
    /// Pictures in the archive.
    public let images: Int
    /// Pictures that were left out.
    public let skipped: Int
    /// Pictures that were done before this run.
    public let resumed: Int
    /// Their channels.
    public let channels: Int

    /// A summary with these numbers.
    public init(images: Int, skipped: Int, resumed: Int, channels: Int) {
      (self.images, self.skipped, self.resumed, self.channels) = (images, skipped, resumed, channels)
    }
  }

  /// Side of the pictures in the archive, a power of two 4…1024.
  public var resolution: Int
  /// What becomes of pictures that are not square.
  public var crop: Crop
  /// How pictures are resized.
  public var resize: Resize
  /// 1, 3 or 4; nil for what the pictures have (3 if they differ).
  public var channels: Int?
  /// Leave out pictures that cannot be read, instead of stopping at the first.
  public var skipsBad: Bool
  /// PNG compression 0…9.
  public var compression: Int

  /// A builder with these options.
  public init(
    resolution: Int, crop: Crop = .center, resize: Resize = .lanczos, channels: Int? = nil, skipsBad: Bool = false,
    compression: Int = 3
  ) {
    (self.resolution, self.crop, self.resize, self.channels) = (resolution, crop, resize, channels)
    (self.skipsBad, self.compression) = (skipsBad, compression)
  }

  /// The folder in which the archive `destination` grows.
  public static func partialFolder(of destination: String) -> String { destination + ".partial" }

  /// Builds `destination`.
  ///
  /// - Parameter source: see ``DatasetSource/open(_:resolution:channels:cacheDirectory:threads:cacheLimit:notice:)``.
  /// - Parameter destination: the archive, with the extension .zip.
  /// - Parameter replacing: whether an archive that exists is replaced (atomically).
  /// - Parameter threads: threads that decode, resize and encode.
  /// - Parameter progress: told after each picture; what it throws interrupts the build, which can go on later.
  /// - Throws: ``DatasetError``, `ImageError`, `FileError`, and what `progress` throws.
  public func build(
    _ source: String, to destination: String, replacing: Bool = false, threads: Int = 1, cacheDirectory: String? = nil,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> Summary {
    guard UniformDataset.isPossible(resolution: resolution) else { throw DatasetError.badResolution(resolution) }
    if let channels, ![1, 3, 4].contains(channels) { throw DatasetError.badChannels(channels) }
    guard destination.lowercased().hasSuffix(".zip") else {
      throw DatasetError.badOutput(path: destination, reason: "a dataset is a ZIP file; give it the extension .zip")
    }
    if !replacing, FileManager.default.fileExists(atPath: destination) {
      throw DatasetError.badOutput(
        path: destination, reason: "it exists already; choose another name, delete it or give --force")
    }
    let collection = try DatasetSource.collection(source, cacheDirectory: cacheDirectory)
    let channels = try self.channels ?? commonChannels(collection, threads: threads)
    let state = try PartialBuild(
      folder: Self.partialFolder(of: destination), key: key(collection, channels: channels), destination: destination)
    let resumed = state.done

    do {
      try OrderedPipeline.run(resumed..<collection.count, threads: threads) { index in
        Result { try png(collection, index, channels: channels) }
      } consume: { index, result in
        var failure: (any Error)?
        switch result {
        case .success(let bytes): try state.append(bytes)
        case .failure(let error):
          guard skipsBad else { throw error }
          failure = error
          try state.skip()
        }
        try progress(Progress(done: index + 1, total: collection.count, resumed: resumed, skipped: failure))
      }
      guard state.images > 0 else { throw DatasetError.noImages(source) }
    } catch {
      // Nothing to go on from.
      if state.images == 0 { state.abandon() }
      throw error
    }
    try state.finish(
      labels: collection.labelCount > 0 ? state.kept.map { collection.label(at: $0)! } : nil,
      labelNames: collection.labelNames)
    return Summary(images: state.images, skipped: collection.count - state.images, resumed: resumed, channels: channels)
  }

  /// One picture as it will lie in the archive.
  private func png(_ collection: any ImageCollection, _ index: Int, channels: Int) throws -> [UInt8] {
    var image = try collection.image(at: index)
    if crop == .center { image = image.croppedToCentralSquare() }
    image = try image.resized(width: resolution, height: resolution, kernel: resize == .area ? .area : .lanczos)
    return try image.converted(toChannels: channels).data(.png(compression: compression))
  }

  private func commonChannels(_ collection: any ImageCollection, threads: Int) throws -> Int {
    if collection.isInMemory { return try collection.header(at: 0).channels }
    let skips = skipsBad
    let found = try OrderedPipeline.map(collection.count, threads: threads) { index -> Int? in
      do { return try collection.header(at: index).channels } catch {
        if skips { return nil }
        throw error
      }
    }
    let kinds = Set(found.compactMap { $0 })
    return kinds.count == 1 ? kinds.first! : 3
  }

  /// What must be equal for a build to go on.
  private func key(_ collection: any ImageCollection, channels: Int) throws -> String {
    """
    source \(try collection.fingerprint())
    resolution \(resolution)
    crop \(crop.rawValue)
    resize \(resize.rawValue)
    channels \(channels)
    compression \(compression)

    """
  }
}
