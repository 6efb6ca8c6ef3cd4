import Images
import Torch

/// Draws images in small batches with a trained network of any family.
public struct Renderer {
  /// The generator.
  public let generator: any Generator
  /// The generator as one with f: Z → W and g: W → images; nil where it has no W.
  public let styleGenerator: (any StyleBasedGenerator)?
  /// The growth of the network.
  public let growth: Growth
  /// The truncation of every style; only for networks with W.
  public var truncation: Truncation
  /// The part of its images that holds the picture, at the current resolution; the pictures are cropped to it. Nil: the whole
  /// images.
  public var pictureArea: PictureArea?
  /// The source of noise.
  public var noise: NoiseMode
  /// The labels of the images, `[1, labelSize]`; nil for networks without labels.
  public var condition: Condition?
  /// The center of truncation, `[wSize]`, such as the mean w of a class; nil: w_avg, the mean over all training images.
  public var center: Tensor?
  /// Precision and kernels.
  public var compute: Compute

  /// A renderer of a network file's generator.
  public init(
    _ network: NetworkFile, truncation: Truncation = .none, noise: NoiseMode = .constant, condition: Condition? = nil,
    compute: Compute = .default
  ) {
    self.init(
      network.generator, growth: network.growth, truncation: truncation, noise: noise, condition: condition,
      compute: compute)
    pictureArea = network.pictureArea?.resized(from: network.configuration.resolution, to: growth.resolution)
  }

  /// A renderer of any generator.
  public init(
    _ generator: any Generator, growth: Growth, truncation: Truncation = .none, noise: NoiseMode = .constant,
    condition: Condition? = nil, compute: Compute = .default
  ) {
    self.generator = generator
    styleGenerator = generator as? any StyleBasedGenerator
    (self.growth, self.truncation, self.noise) = (growth, truncation, noise)
    (self.condition, self.compute) = (condition, compute)
  }

  /// The style-based generator. It traps for a generator without W, so check ``styleGenerator`` first.
  public var style: any StyleBasedGenerator {
    guard let styleGenerator else { preconditionFailure("a \(type(of: generator)) has no space W") }
    return styleGenerator
  }

  // MARK: Codes

  /// Latents of seeds, `[seeds.count, zSize]`.
  public func z(seeds: [UInt32]) -> Tensor {
    .latents(seeds: seeds, size: generator.architecture.zSize).to(generator.store.device)
  }

  /// w = f(z), or z for networks without W: `[N, zSize]` → `[N, wSize]`.
  public func w(_ z: Tensor) -> Tensor {
    styleGenerator.map { g in withoutGradients { g.map(z, condition: condition?.repeated(z.size(0))) } } ?? z
  }

  /// Codes of images with one w each: `[N, wSize]` → `[N, L, wSize]`.
  public func codes(w: Tensor) -> LatentCodes {
    guard let styleGenerator else { return LatentCodes(w, condition: condition?.repeated(w.size(0))) }
    return LatentCodes(withoutGradients { styleGenerator.broadcast(w) })
  }

  /// Codes of seeds.
  public func codes(seeds: [UInt32]) -> LatentCodes { codes(w: w(z(seeds: seeds))) }

  /// Truncates codes.
  public func styles(_ codes: LatentCodes) -> Styles {
    Styles(
      styleGenerator.map { g in withoutGradients { truncation(codes.tensor, average: center ?? g.wAverage.value) } }
        ?? codes.tensor, condition: codes.condition)
  }

  // MARK: Pictures

  /// Images of styles as a tensor, with straight colors.
  /// - Returns: `[N, C, r, r]`, nominally −1…1.
  public func tensor(_ styles: Styles) -> Tensor {
    guard let styleGenerator else {
      return generator.architecture.straight(
        generator.images(
          styles.tensor, condition: styles.condition ?? condition?.repeated(styles.count), truncation: .none,
          noise: noise, growth: growth, compute))
    }
    return withoutGradients {
      generator.architecture.straight(
        styleGenerator.synthesize(styles.tensor, noise: noise, growth: growth, compute))
    }
  }

  /// Draws the images of styles, without padding; `each` gets them in order.
  public func draw(_ styles: Styles, each: (Int, Image) throws -> Void) rethrows {
    for range in chunks(styles.count, of: chunk) {
      for (i, image) in zip(range, pictures(of: tensor(styles[range]))) { try each(i, image) }
    }
  }

  /// The pictures in images of the network, or of its size, without padding.
  /// - Parameter images: `[N, C, r, r]`, −1…1.
  public func pictures(of images: Tensor) -> [Image] {
    guard let area = pictureArea else { return Image.images(of: images) }
    return Image.images(
      of: images.sliced(area.y..<area.y + area.height, along: 2).sliced(area.x..<area.x + area.width, along: 3))
  }

  /// Images per batch: about the same number of pixels at every resolution.
  var chunk: Int { max(1, min(32, 32 * 64 * 64 / (growth.resolution * growth.resolution))) }

  /// Images of styles.
  public func images(_ styles: Styles) -> [Image] {
    var images: [Image] = []
    draw(styles) { _, image in images.append(image) }
    return images
  }

  /// Images of codes, after truncation.
  public func images(_ codes: LatentCodes) -> [Image] { images(styles(codes)) }

  /// Images of seeds.
  public func images(seeds: [UInt32]) -> [Image] { images(codes(seeds: seeds)) }
}

/// A frozen copy of a network's weights, so that several tasks can draw with it at once.
public struct NetworkSnapshot: Sendable {
  // Its weights are frozen, and its cache of filters is behind a lock.
  private nonisolated(unsafe) let generator: any Generator
  /// The growth of the network.
  public let growth: Growth
  private let pictureArea: PictureArea?

  /// A snapshot of a network file's generator.
  public init(_ network: NetworkFile) {
    self.init(network.generator, growth: network.growth, pictureArea: Renderer(network).pictureArea)
  }

  /// A snapshot of the current weights of any generator.
  /// - Parameter pictureArea: see ``Renderer/pictureArea``.
  public init(_ generator: any Generator, growth: Growth, pictureArea: PictureArea? = nil) {
    let copy = generator.architecture.makeGenerator(seed: 0, device: generator.store.device)
    copy.store.copy(from: generator.store)
    copy.store.freeze()
    (self.generator, self.growth, self.pictureArea) = (copy, growth, pictureArea)
  }

  /// A renderer for one task.
  public func renderer(
    truncation: Truncation = .none, noise: NoiseMode = .constant, condition: Condition? = nil,
    compute: Compute = .default
  ) -> Renderer {
    var renderer = Renderer(
      generator, growth: growth, truncation: truncation, noise: noise, condition: condition, compute: compute)
    renderer.pictureArea = pictureArea
    return renderer
  }
}
