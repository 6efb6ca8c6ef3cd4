import Torch

/// A generator as metrics see it: latents in, images out, without truncation.
public struct LatentGenerator {
  /// Size of z.
  public let zSize: Int
  /// Image channels, and pixels on each side.
  public let channels, resolution: Int
  /// f: z `[N, zSize]` → w `[N, wSize]`; nil for a generator without an intermediate latent space.
  public let mapping: ((Tensor) -> Tensor)?
  /// Images of w (of z where there is no mapping): `[N, channels, r, r]`, nominally −1…1. The second argument draws the
  /// noise inputs of one image each; images of a pair get the same.
  public let synthesis: (_ w: Tensor, _ noise: RandomStream, _ pairs: Int) -> Tensor
  /// Where it runs.
  public let device: Device

  /// A generator made of functions.
  public init(
    zSize: Int, channels: Int, resolution: Int, device: Device = .cpu, mapping: ((Tensor) -> Tensor)?,
    synthesis: @escaping (_ w: Tensor, _ noise: RandomStream, _ pairs: Int) -> Tensor
  ) {
    (self.zSize, self.channels, self.resolution, self.device) = (zSize, channels, resolution, device)
    (self.mapping, self.synthesis) = (mapping, synthesis)
  }

  /// A generator of any family; only StyleGAN's has a mapping.
  /// - Parameter growth: how far it has grown.
  public init(_ generator: any Generator, growth: Growth, compute: Compute = .default) {
    if let style = generator as? StyleGANGenerator {
      self.init(style, growth: growth, compute: compute)
      return
    }
    let architecture = generator.architecture
    self.init(
      zSize: architecture.zSize, channels: architecture.imageChannels,
      resolution: growth.resolution + 2 * architecture.border, device: generator.store.device, mapping: nil,
      synthesis: { z, _, _ in
        generator.images(z, truncation: .none, noise: .none, growth: growth, compute).bordered(by: architecture.border)
      })
  }

  /// A StyleGAN's generator.
  /// - Parameter growth: how far it has grown.
  public init(_ generator: StyleGANGenerator, growth: Growth, compute: Compute = .default) {
    self.init(
      zSize: generator.configuration.zSize, channels: generator.configuration.imageChannels,
      resolution: growth.resolution, device: generator.store.device,
      mapping: { z in withoutGradients { generator.mapping(z) } },
      synthesis: { w, stream, repeats in
        withoutGradients {
          let rows = w.size(0) / repeats
          let noise = generator.configuration.resolutions.flatMap { r in
            (0..<2).map { _ -> Tensor? in
              guard r <= growth.resolution else { return nil }
              let image = stream.normal([rows, 1, r, r]).to(w.device)
              return repeats == 1 ? image : .concatenated(Array(repeating: image, count: repeats))
            }
          }
          return generator.synthesis(
            generator.broadcast(w), noise: generator.configuration.noise ? .given(noise) : .none, growth: growth,
            compute)
        }
      })
  }
}
