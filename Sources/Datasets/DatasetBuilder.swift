import Files
import Foundation
import Images

/// Builds a ZIP dataset in NVIDIA's layout, for `stylegan dataset build`.
///
/// The archive contains `00000/img00000000.png`, … and `dataset.json`. Equal images and options give equal bytes. It
/// grows in the folder `DEST.zip.partial`, so that a killed build can resume, and is renamed when complete.
public struct DatasetBuilder: Sendable {
  /// The treatment of images that are not square.
  public enum Crop: String, Codable, Sendable, CaseIterable {
    /// Crops the central square.
    case center
    /// Stretches the image.
    case none
  }

  /// The resampling kernel.
  public enum Resize: String, Codable, Sendable, CaseIterable {
    /// Lanczos-3 (bicubic when enlarging).
    case lanczos
    /// The mean over the area of each pixel (box filter).
    case area
  }

  /// The progress of a build.
  public struct Progress: Sendable {
    /// The number of finished images, including skipped ones.
    public let done: Int
    /// The number of images.
    public let total: Int
    /// The number of images finished before this run.
    public let resumed: Int
    /// The error of the last image if it was skipped.
    public let skipped: (any Error)?
  }

  /// The result of a build.
  public struct Summary: Sendable, Equatable {
    /// The number of images in the archive.
    public let images: Int
    /// The number of skipped images.
    public let skipped: Int
    /// The number of images finished before this run.
    public let resumed: Int
    /// The channels of the images.
    public let channels: Int
    /// The names of the classes with their numbers of images, or numbers where classes have no names; empty without
    /// labels.
    public let classes: [DatasetDescription.Label]
    /// The number of images with other channels (the key: 1, 3 or 4), which were converted; without resumed ones.
    public let converted: [Int: Int]

    /// A summary with these numbers.
    public init(
      images: Int, skipped: Int, resumed: Int, channels: Int, classes: [DatasetDescription.Label] = [],
      converted: [Int: Int] = [:]
    ) {
      (self.images, self.skipped, self.resumed, self.channels) = (images, skipped, resumed, channels)
      (self.classes, self.converted) = (classes, converted)
    }

    /// What was converted, in words: "alpha of 3 images is composited on white".
    public var conversions: [String] {
      // Gray and color become opaque alike.
      let opaque = channels == 4 ? [3: converted.values.reduce(0, +)].filter { $0.value > 0 } : converted
      return opaque.sorted { $0.key > $1.key }.map { stored, number in
        let images = number == 1 ? "1 image" : "\(number) images"
        return switch (stored, channels) {
        case (4, 1): "\(images) with alpha became gray on white"
        case (4, _): "alpha of \(images) is composited on white"
        case (_, 4): "\(images) without alpha became opaque"
        case (_, 1): "\(images) in color became gray"
        default: "\(images) in gray became color"
        }
      }
    }
  }

  /// The side of the images in the archive, a power of two 4…1024.
  public var resolution: Int
  /// The treatment of images that are not square.
  public var crop: Crop
  /// The resampling kernel.
  public var resize: Resize
  /// 1, 3 or 4; nil for the channels of the images (3 if they differ).
  public var channels: Int?
  /// Whether to skip unreadable images instead of failing.
  public var skipsBad: Bool
  /// The PNG compression 0…9.
  public var compression: Int

  /// A builder with these options.
  public init(
    resolution: Int, crop: Crop = .center, resize: Resize = .lanczos, channels: Int? = nil, skipsBad: Bool = false,
    compression: Int = 3
  ) {
    (self.resolution, self.crop, self.resize, self.channels) = (resolution, crop, resize, channels)
    (self.skipsBad, self.compression) = (skipsBad, compression)
  }

  /// Whether ``skipsBad`` leaves out an image with this error: it is damaged, or its file cannot be opened. A shortage of
  /// memory or descriptors or a failing disk ends the build.
  public static func isSkippable(_ error: any Error) -> Bool { isAboutTheImage(error) }

  /// The working folder of a build of `destination`.
  public static func partialFolder(of destination: String) -> String { destination + ".partial" }

  /// Builds `destination`.
  /// - Parameter source: see ``DatasetSource/open(_:resolution:channels:cacheDirectory:threads:cacheLimit:notice:)``.
  /// - Parameter destination: the archive, with the extension .zip.
  /// - Parameter replacing: whether to replace an existing archive, atomically.
  /// - Parameter threads: the number of threads to decode, resize and encode.
  /// - Parameter progress: called after each image; an error that it throws interrupts the build, which can resume.
  /// - Parameter notice: receives a sentence for each kind of files that are left out, and before a download.
  /// - Throws: ``DatasetError``, `ImageError`, `FileError`, or the error of `progress`.
  public func build(
    _ source: String, to destination: String, replacing: Bool = false, threads: Int = 1, cacheDirectory: String? = nil,
    progress: (Progress) throws -> Void = { _ in }, notice: ((String) -> Void)? = nil
  ) throws -> Summary {
    guard UniformDataset.isPossible(resolution: resolution) else { throw DatasetError.badResolution(resolution) }
    if let channels, ![1, 3, 4].contains(channels) { throw DatasetError.badChannels(channels) }
    guard destination.lowercased().hasSuffix(".zip") else {
      throw DatasetError.badOutput(path: destination, reason: "a dataset is a ZIP file; give it the extension .zip")
    }
    if !replacing, FileSystem.exists(destination) {
      throw DatasetError.badOutput(
        path: destination, reason: "it exists already; choose another name, delete it or give --force")
    }
    let collection = try DatasetSource.collection(source, cacheDirectory: cacheDirectory, notice: notice)
    let channels = try self.channels ?? commonChannels(collection, threads: threads)
    let state = try PartialBuild(
      folder: Self.partialFolder(of: destination), key: key(collection, channels: channels), destination: destination)
    let resumed = state.done
    let resources = ScarceResources()
    var converted: [Int: Int] = [:]

    do {
      try OrderedPipeline.run(resumed..<collection.count, threads: threads) { index in
        Result { try resources.run { try png(collection, index, channels: channels) } }
      } consume: { index, result in
        var failure: (any Error)?
        switch result {
        case .success(let (bytes, stored)):
          try state.append(bytes)
          if stored != channels { converted[stored, default: 0] += 1 }
        case .failure(let error):
          guard skipsBad, isAboutTheImage(error) else { throw error }
          failure = error
          try state.skip()
        }
        try progress(Progress(done: index + 1, total: collection.count, resumed: resumed, skipped: failure))
      }
      guard state.images > 0 else {
        throw DatasetError.unusable(
          path: source, reason: "none of its images can be read; `stylegan dataset check` says why")
      }
    } catch {
      // Nothing to resume from.
      if state.images == 0 { state.abandon() }
      throw error
    }
    try state.finish(
      labels: collection.labelCount > 0 ? state.kept.map { collection.label(at: $0)! } : nil,
      labelNames: collection.labelNames)
    var counts = [Int](repeating: 0, count: collection.labelCount)
    for index in state.kept { if let label = collection.label(at: index) { counts[label] += 1 } }
    let names = collection.labelNames
    return Summary(
      images: state.images, skipped: collection.count - state.images, resumed: resumed, channels: channels,
      classes: counts.enumerated().map { .init(name: names.isEmpty ? String($0) : names[$0], images: $1) },
      converted: converted)
  }

  /// The PNG of one image, and the channels of the stored image.
  private func png(_ collection: any ImageCollection, _ index: Int, channels: Int) throws -> ([UInt8], stored: Int) {
    var image = try collection.image(at: index)
    if crop == .center { image = image.croppedToCentralSquare() }
    image = try image.resized(width: resolution, height: resolution, kernel: resize == .area ? .area : .lanczos)
    let png = try image.converted(toChannels: channels).withoutHiddenColors().data(.png(compression: compression))
    return (png, image.channels)
  }

  private func commonChannels(_ collection: any ImageCollection, threads: Int) throws -> Int {
    if collection.isInMemory { return try collection.header(at: 0).channels }
    let skips = skipsBad
    let resources = ScarceResources()
    let found = try OrderedPipeline.map(collection.count, threads: threads) { index -> Int? in
      do { return try resources.run { try collection.header(at: index).channels } } catch {
        if skips, isAboutTheImage(error) { return nil }
        throw error
      }
    }
    let kinds = Set(found.compactMap { $0 })
    return kinds.count == 1 ? kinds.first! : 3
  }

  /// A build resumes only if this key is equal.
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
