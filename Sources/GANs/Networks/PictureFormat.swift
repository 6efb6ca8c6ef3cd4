import Datasets
import Images
import Torch

/// What the images of a network mean as pictures: how alpha is stored, and which part is shown.
///
/// Colors under alpha 0 have no meaning. A network for straight colors has to draw some color there, and where it blends
/// pixels along an outline, that color becomes a dark edge. With colors multiplied by alpha, sums and interpolations of
/// pixels are right, as in compositing (Porter & Duff 1984), so new trainings with alpha use them. Networks without this
/// record, of earlier versions, have straight colors.
public struct PictureFormat: Sendable, Equatable {
  /// Whether colors are multiplied by alpha.
  public var isPremultiplied = false
  /// The central part that is shown; the rest is padding. nil: the whole square.
  public var shown: PictureSize?

  /// Straight colors, or no alpha, and whole squares.
  public init() {}

  /// The format for a new training on a data set.
  public init(of dataset: any ImageDataset) { (isPremultiplied, shown) = (dataset.channels == 4, dataset.shown) }

  /// Images of the network with straight colors; others stay as they are.
  /// - Parameter images: `[N, C, r, r]`, nominally −1…1.
  package func straight(_ images: Tensor) -> Tensor { isPremultiplied ? images.alphaUnweighted() : images }

  /// Images of the network as metrics compare them with real ones: straight colors, and the padding black or transparent.
  /// - Parameter side: of the whole square at the full size.
  package func measured(_ images: Tensor, side: Int) -> Tensor {
    let images = straight(images)
    guard let part = part(of: images.size(3), side: side) else { return images }
    let size = images.size(3)
    let inner = (images + 1).sliced(part.y..<part.y + part.height, along: 2)
      .sliced(part.x..<part.x + part.width, along: 3)
    return inner.padded(
      top: part.y, bottom: size - part.y - part.height, left: part.x, right: size - part.x - part.width) - 1
  }

  /// Images of the network as pictures: `[N, C, r, r]`, −1…1.
  /// - Parameters:
  ///   - scale: each pixel becomes a square of this side.
  ///   - side: of the whole square at the full size.
  package func pictures(of images: Tensor, scale: Int = 1, side: Int) throws -> [Image] {
    try Image.images(of: straight(images)).map { image in
      // Where alpha is 0, a division has left any color.
      var image = isPremultiplied ? image.withoutHiddenColors() : image
      if scale > 1 {
        image = try image.resized(width: image.width * scale, height: image.height * scale, kernel: .nearest)
      }
      return shown(image, side: side)
    }
  }

  /// The shown part of a picture of the whole square.
  public func shown(_ image: Image, side: Int) -> Image {
    guard let part = part(of: image.width, side: side) else { return image }
    return (try? image.cropped(x: part.x, y: part.y, width: part.width, height: part.height)) ?? image
  }

  /// The size of shown pictures at a resolution.
  public func size(at resolution: Int, side: Int) -> PictureSize {
    part(of: resolution, side: side).map { PictureSize(width: $0.width, height: $0.height) }
      ?? PictureSize(width: resolution, height: resolution)
  }

  /// The shown part at a resolution, rounded outward while the network grows; nil for all.
  private func part(of resolution: Int, side: Int) -> (x: Int, y: Int, width: Int, height: Int)? {
    guard let shown, (shown.width, shown.height) != (side, side) else { return nil }
    func range(_ length: Int) -> (Int, Int) {
      let start = (side - length) / 2
      let (low, high) = (start * resolution / side, ((start + length) * resolution + side - 1) / side)
      return (low, high - low)
    }
    let ((x, width), (y, height)) = (range(shown.width), range(shown.height))
    return (x, y, width, height)
  }
}

extension NetworkConfiguration {
  /// What the network's images mean as pictures.
  public var pictures: PictureFormat {
    get {
      var format = PictureFormat()
      format.isPremultiplied = imageChannels == 4 && premultiplied == true
      if let shownWidth, let shownHeight { format.shown = PictureSize(width: shownWidth, height: shownHeight) }
      return format
    }
    set {
      premultiplied = newValue.isPremultiplied ? true : nil
      (shownWidth, shownHeight) = (newValue.shown?.width, newValue.shown?.height)
    }
  }

  /// Checks the part that is shown.
  /// - Throws: ``ConfigurationError``.
  func validatePictures() throws(ConfigurationError) {
    for (name, value) in [("shownWidth" as ConfigurationField, shownWidth), ("shownHeight", shownHeight)] {
      guard let value else { continue }
      try require((1...resolution).contains(value), name, value, "1 to \(resolution)")
    }
    if (shownWidth == nil) != (shownHeight == nil) {
      throw ConfigurationError("\(field: "shownWidth") and \(field: "shownHeight") belong together: give both or none")
    }
  }
}

extension Generator {
  /// What its images mean as pictures.
  var pictures: PictureFormat { architecture.pictures }
}
