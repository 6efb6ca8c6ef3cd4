import Files
import Images

/// What is known of a data set before its images have one size: numbers, sizes, kinds, classes. A plan of a training needs
/// it to choose the size.
public struct DatasetSurvey: Codable, Sendable, Equatable {
  /// The name of the file or folder.
  public var name: String
  /// The number of images.
  public var images: Int
  /// The number of classes; 0 without labels.
  public var classes: Int
  /// The shorter sides of the images: the shortest, the median and the longest.
  public var shortest, median, longest: Int
  /// The number of images in gray, in color, and with alpha.
  public var gray, color, alpha: Int
  /// The side of all images, where all are squares of one size; nil for others.
  public var side: Int?
  /// The part of the squares that holds pictures; nil: all.
  public var shown: PictureSize?

  /// A survey with these numbers.
  public init(
    name: String, images: Int, classes: Int = 0, shortest: Int, median: Int, longest: Int, gray: Int = 0,
    color: Int = 0,
    alpha: Int = 0, side: Int? = nil, shown: PictureSize? = nil
  ) {
    (self.name, self.images, self.classes) = (name, images, classes)
    (self.shortest, self.median, self.longest) = (shortest, median, longest)
    (self.gray, self.color, self.alpha, self.side, self.shown) = (gray, color, alpha, side, shown)
  }

  /// Reads the header of every image.
  /// - Parameters:
  ///   - spec: see ``DatasetSource/open(_:resolution:channels:resize:cacheDirectory:threads:cacheLimit:notice:progress:)``.
  ///   - notice: receives a sentence before a download, and one for each kind of files that are left out.
  ///   - progress: called with the number of headers read, and with all.
  /// - Throws: ``DatasetError``, `ImageError`, `FileError`.
  public init(
    of spec: String, threads: Int = UsableProcessors.count, notice: ((String) -> Void)? = nil,
    progress: ((Int, Int) -> Void)? = nil
  ) throws {
    let collection = try DatasetSource.collection(spec, notice: notice)
    let headers =
      collection.isInMemory
      ? [ImageDecoder.Header](repeating: try collection.header(at: 0), count: collection.count)
      : try UniformDataset.headers(of: collection, threads: threads, progress: progress)
    let sides = headers.map { min($0.width, $0.height) }.sorted()
    func number(_ channels: Int) -> Int { headers.count { $0.channels == channels } }
    let isUniform = headers.allSatisfy { $0.width == sides[0] && $0.height == sides[0] }
    self.init(
      name: collection.name, images: collection.count, classes: collection.labelCount, shortest: sides[0],
      median: sides[sides.count / 2], longest: sides[sides.count - 1], gray: number(1), color: number(3),
      alpha: number(4),
      side: isUniform ? sides[0] : nil, shown: collection.shown)
  }

  /// The channels of a training: 4 where at least half of the images have alpha, else those of all, else 3.
  public var channels: Int {
    if 2 * alpha >= images { return 4 }
    return gray == images ? 1 : 3
  }

  /// Whether the images can have this side: a part that is shown must stay whole pixels.
  public func allows(side newSide: Int) -> Bool {
    guard let shown, let side else { return true }
    return shown.scaled(from: side, to: newSide) != nil
  }

  /// The survey in words: "3916 pictures, sides from 128, with alpha, no classes".
  public var summary: String {
    let sizes =
      shortest == longest
      ? "shorter sides of \(median)" : "shorter sides of \(shortest) to \(longest), median \(median)"
    let kinds = [(gray, "gray"), (color, "color"), (alpha, "with alpha")].filter { $0.0 > 0 }
    let kind = kinds.count == 1 ? kinds[0].1 : kinds.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    return "\(images) pictures, \(sizes) pixels, \(kind), \(classes > 0 ? "\(classes) classes" : "no classes")"
  }
}
