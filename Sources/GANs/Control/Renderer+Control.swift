import Images
import Torch

// What the figures are made of: truncation of any styles, noise layer by layer, deviation over noise.

extension Renderer {
  /// Layers that draw at the network's present resolution: fewer than it has while it grows.
  public var layerCount: Int { 2 * (growth.resolution.trailingZeroBitCount - 1) }

  /// The layers of a band among those that draw.
  public func layers(of band: StyleBand) -> Set<Int> {
    Set(band.layers(of: max(4, layerCount)).filter { $0 < layerCount })
  }

  /// The resolutions of some layers, such as "16²–32²"; empty without layers.
  public func resolutions(of layers: Set<Int>) -> String {
    let names = Set(layers.map { 4 << ($0 / 2) }).sorted()
    guard let first = names.first, let last = names.last else { return "" }
    return first == last ? "\(first)²" : "\(first)²–\(last)²"
  }

  /// Styles truncated as this renderer does: `[N, L, wSize]` → the same shape; as they are where there is no W.
  public func truncated(_ ws: Tensor) -> Tensor {
    styleGenerator.map { g in withoutGradients { truncation(ws, average: g.mapping.wAverage.value) } } ?? ws
  }

  /// This renderer with other noise.
  public func with(noise: NoiseMode) -> Renderer {
    var other = self
    other.noise = noise
    return other
  }

  /// This renderer with another truncation.
  public func with(truncation: Truncation) -> Renderer {
    var other = self
    other.truncation = truncation
    return other
  }

  /// The network's own noise images in some layers, none in the others (StyleGAN Fig. 5).
  public func noise(in layers: Set<Int>) -> NoiseMode {
    .given(
      style.synthesis.blocks.flatMap { [$0.style0, $0.style1] }.enumerated().map { layer, style in
        layers.contains(layer) ? style.noise?.value : nil
      })
  }

  /// The standard deviation of each pixel over realisations of the noise (StyleGAN Fig. 4c).
  /// - Parameters:
  ///   - ws: the styles of one picture, `[1, L, wSize]`.
  ///   - realisations: how many pictures are drawn.
  ///   - seed: fixes the noise.
  /// - Returns: `[r, r]`, averaged over channels, in steps of 0…255.
  public func deviation(_ ws: Tensor, realisations: Int = 100, seed: UInt64 = 0) -> Tensor {
    precondition(realisations > 1 && ws.size(0) == 1)
    return withoutGradients {
      let stream = RandomStream(seed: seed)
      // Sums of the differences to the first picture: small numbers, whose squares lose no digits.
      var (first, sum, squares): (Tensor?, Tensor?, Tensor?)
      let chunk = max(1, min(realisations, 32 * 64 * 64 / (growth.resolution * growth.resolution)))
      for start in stride(from: 0, to: realisations, by: chunk) {
        let count = min(chunk, realisations - start)
        let images = style.synthesis(
          ws.expanded([count, -1, -1]), noise: .random(stream), growth: growth, compute)
        first = first ?? images[0..<1]
        let difference = images - first!
        sum = difference.sum(over: [0]) + (sum ?? .zeros([1], device: ws.device))
        squares = difference.squared().sum(over: [0]) + (squares ?? .zeros([1], device: ws.device))
      }
      let n = Double(realisations)
      let variance = ((squares! - sum!.squared() / n) / (n - 1)).relu()
      return variance.squareRoot().mean(over: [0]) * 127.5
    }
  }
}
