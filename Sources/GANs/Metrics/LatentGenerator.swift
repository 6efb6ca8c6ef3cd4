import Torch

/// The interface of a generator for metrics: from latents to images, without truncation.
public struct LatentGenerator {
  /// Size of z.
  public let zSize: Int
  /// Image channels, and the side of the images.
  public let channels, resolution: Int
  /// f: z `[N, zSize]` and labels → w `[N, wSize]`; nil for a generator without an intermediate latent space.
  public let mapping: ((_ z: Tensor, Condition?) -> Tensor)?
  /// Images of w (of z without a mapping): `[N, channels, r, r]`, nominally −1…1. `noise` draws N/`repeats` sets of noise
  /// inputs; they are repeated `repeats` times along the batch.
  public let synthesis: (_ w: Tensor, Condition?, _ noise: RandomStream, _ repeats: Int) -> Tensor
  /// The distribution of labels; nil without labels.
  public let labels: LabelDistribution?
  /// The device of the network.
  public let device: Device

  /// A generator from functions.
  public init(
    zSize: Int, channels: Int, resolution: Int, labels: LabelDistribution? = nil, device: Device = .cpu,
    mapping: ((_ z: Tensor, Condition?) -> Tensor)?,
    synthesis: @escaping (_ w: Tensor, Condition?, _ noise: RandomStream, _ repeats: Int) -> Tensor
  ) {
    (self.zSize, self.channels, self.resolution, self.device) = (zSize, channels, resolution, device)
    (self.labels, self.mapping, self.synthesis) = (labels, mapping, synthesis)
  }

  /// A generator of any family; style-based ones have a mapping.
  public init(_ generator: any Generator, growth: Growth, labels: LabelDistribution? = nil, compute: Compute = .default)
  {
    let (architecture, style) = (generator.architecture, generator as? any StyleBasedGenerator)
    self.init(
      zSize: architecture.zSize, channels: architecture.imageChannels,
      resolution: growth.resolution + 2 * architecture.border, labels: labels, device: generator.store.device,
      mapping: style.map { g in { z, condition in withoutGradients { g.map(z, condition: condition) } } },
      synthesis: { w, condition, stream, repeats in
        guard let style else {
          let images = generator.images(
            w, condition: condition, truncation: .none, noise: .none, growth: growth, compute)
          return architecture.straight(images).bordered(by: architecture.border)
        }
        return withoutGradients {
          let noise = style.activeLayers(at: growth).map { layer -> Tensor? in
            let image = stream.normal([w.size(0) / repeats, 1, layer.resolution, layer.resolution]).to(w.device)
            guard layer.noise != nil else { return nil }
            return repeats == 1 ? image : .concatenated(Array(repeating: image, count: repeats))
          }
          return architecture.straight(
            style.synthesize(style.broadcast(w), noise: .given(noise), growth: growth, compute))
        }
      })
  }

  /// Draws the labels of `count` images; nil for a generator without labels.
  func condition(_ count: Int, _ random: RandomStream) -> Condition? { labels?.draw(count, random, device: device) }
}
