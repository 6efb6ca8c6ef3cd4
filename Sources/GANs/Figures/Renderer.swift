import Images
import Torch

/// Draws pictures with a trained network, a few at a time.
public struct Renderer {
  /// The generator.
  public let generator: StyleGANGenerator
  /// How far it has grown.
  public let growth: Growth
  /// The truncation of every style.
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
    _ generator: StyleGANGenerator, growth: Growth, truncation: Truncation = .none, noise: NoiseMode = .constant,
    compute: Compute = .default
  ) {
    self.generator = generator
    self.growth = growth
    self.truncation = truncation
    self.noise = noise
    self.compute = compute
  }

  /// Latents of seeds, `[seeds.count, zSize]`.
  public func z(seeds: [UInt32]) -> Tensor {
    latents(seeds: seeds, size: generator.configuration.zSize).to(generator.store.device)
  }

  /// w of seeds, not truncated: `[seeds.count, wSize]`.
  public func w(seeds: [UInt32]) -> Tensor { withoutGradients { generator.mapping(z(seeds: seeds)) } }

  /// Styles of one w a picture, truncated: `[N, wSize]` → `[N, L, wSize]`.
  public func styles(_ w: Tensor) -> Tensor {
    withoutGradients { generator.broadcast(w, truncation: truncation) }
  }

  /// Pictures of styles `[N, L, wSize]`, which are drawn as they are; `each` gets them in order.
  public func draw(_ ws: Tensor, each: (Int, Image) throws -> Void) rethrows {
    let count = ws.size(0)
    let chunk = max(1, min(32, 32 * 64 * 64 / (growth.resolution * growth.resolution)))
    for start in stride(from: 0, to: count, by: chunk) {
      let part = ws[start..<min(start + chunk, count)]
      let images = withoutGradients { generator.synthesis(part, noise: noise, growth: growth, compute) }
      for (i, image) in Image.images(of: images).enumerated() { try each(start + i, image) }
    }
  }

  /// Pictures of styles `[N, L, wSize]`.
  public func images(_ ws: Tensor) -> [Image] {
    var images: [Image] = []
    draw(ws) { _, image in images.append(image) }
    return images
  }

  /// Pictures of seeds.
  public func images(seeds: [UInt32]) -> [Image] { images(styles(w(seeds: seeds))) }
}
