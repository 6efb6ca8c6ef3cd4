import Images
import Torch

/// Draws pictures with a trained network of any family, a few at a time.
///
/// For a network without a space W, w is z itself, and the code of a picture is z; where there are styles, it is one w a
/// layer.
public struct Renderer {
  /// The generator.
  public let generator: any Generator
  /// The same where it is StyleGAN's, with f: Z → W and g: W → images.
  public let styleGenerator: StyleGANGenerator?
  /// How far it has grown.
  public let growth: Growth
  /// The truncation of every style; for networks with W.
  public var truncation: Truncation
  /// Where noise comes from.
  public var noise: NoiseMode
  /// How it computes.
  public var compute: Compute

  /// A renderer of a network file's generator.
  public init(
    _ network: NetworkFile, truncation: Truncation = .none, noise: NoiseMode = .constant, compute: Compute = .default
  ) {
    self.init(network.generator, growth: network.growth, truncation: truncation, noise: noise, compute: compute)
  }

  /// A renderer of any generator.
  public init(
    _ generator: any Generator, growth: Growth, truncation: Truncation = .none, noise: NoiseMode = .constant,
    compute: Compute = .default
  ) {
    self.generator = generator
    styleGenerator = generator as? StyleGANGenerator
    self.growth = growth
    self.truncation = truncation
    self.noise = noise
    self.compute = compute
  }

  /// StyleGAN's generator, for what only it can do: it traps where there is none, so ask ``styleGenerator`` before.
  public var style: StyleGANGenerator {
    guard let styleGenerator else { preconditionFailure("a \(type(of: generator)) has no styles") }
    return styleGenerator
  }

  /// Latents of seeds, `[seeds.count, zSize]`.
  public func z(seeds: [UInt32]) -> Tensor {
    latents(seeds: seeds, size: generator.architecture.zSize).to(generator.store.device)
  }

  /// w of seeds, not truncated: `[seeds.count, wSize]`.
  public func w(seeds: [UInt32]) -> Tensor { w(z(seeds: seeds)) }

  /// w = f(z), or z where there is no f: `[N, zSize]` → `[N, wSize]`.
  func w(_ z: Tensor) -> Tensor { styleGenerator.map { g in withoutGradients { g.mapping(z) } } ?? z }

  /// Codes of pictures of one w each, truncated: `[N, wSize]` → `[N, L, wSize]`, or as it is where there is no W.
  public func styles(_ w: Tensor) -> Tensor {
    styleGenerator.map { g in withoutGradients { g.broadcast(w, truncation: truncation) } } ?? w
  }

  /// Pictures of codes, which are drawn as they are; `each` gets them in order.
  public func draw(_ ws: Tensor, each: (Int, Image) throws -> Void) rethrows {
    let count = ws.size(0)
    let chunk = max(1, min(32, 32 * 64 * 64 / (growth.resolution * growth.resolution)))
    for start in stride(from: 0, to: count, by: chunk) {
      let part = ws[start..<min(start + chunk, count)]
      let images =
        styleGenerator.map { g in withoutGradients { g.synthesis(part, noise: noise, growth: growth, compute) } }
        ?? generator.images(part, truncation: .none, noise: noise, growth: growth, compute)
      for (i, image) in Image.images(of: images).enumerated() { try each(start + i, image) }
    }
  }

  /// Pictures of codes.
  public func images(_ ws: Tensor) -> [Image] {
    var images: [Image] = []
    draw(ws) { _, image in images.append(image) }
    return images
  }

  /// Pictures of seeds.
  public func images(seeds: [UInt32]) -> [Image] { images(styles(w(seeds: seeds))) }
}
