import Images
import Torch

// What the figures are made of: truncation of any styles, noise layer by layer, deviation over noise.

extension Renderer {
  /// Layers that draw at the network's present resolution: fewer than it has while it grows.
  public var layerCount: Int { style.activeLayers(at: growth).count }

  /// The layers of a band among those that draw.
  public func layers(of band: StyleBand) -> Set<Int> {
    Set(band.layers(of: max(4, layerCount)).filter { $0 < layerCount })
  }

  /// The resolutions of some layers, such as "16²–32²"; empty without layers.
  public func resolutions(of layers: Set<Int>) -> String {
    let names = Set(layers.map { style.layers[$0].resolution }).sorted()
    guard let first = names.first, let last = names.last else { return "" }
    return first == last ? "\(first)²" : "\(first)²–\(last)²"
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
    .given(style.layers.enumerated().map { layers.contains($0) ? $1.noise : nil })
  }

  /// The standard deviation of each pixel over realisations of the noise (StyleGAN Fig. 4c).
  /// - Parameters:
  ///   - styles: of one picture.
  ///   - realisations: how many pictures are drawn.
  ///   - seed: fixes the noise.
  /// - Returns: `[r, r]`, averaged over channels, in steps of 0…255.
  public func deviation(_ styles: Styles, realisations: Int = 100, seed: UInt64 = 0) -> Tensor {
    precondition(realisations > 1 && styles.count == 1)
    return withoutGradients {
      let noisy = with(noise: .random(RandomStream(seed: seed)))
      // Sums of the differences to the first picture: small numbers, whose squares lose no digits.
      var (first, sum, squares): (Tensor?, Tensor?, Tensor?)
      // As many as fit, not 32 at most.
      let chunk = max(1, min(realisations, 32 * 64 * 64 / (growth.resolution * growth.resolution)))
      for start in stride(from: 0, to: realisations, by: chunk) {
        let count = min(chunk, realisations - start)
        let images = noisy.tensor(styles.repeated(count))
        first = first ?? images[0..<1]
        let difference = images - first!
        sum = difference.sum(over: [0]) + (sum ?? .zeros([1], device: difference.device))
        squares = difference.squared().sum(over: [0]) + (squares ?? .zeros([1], device: difference.device))
      }
      let n = Double(realisations)
      let variance = ((squares! - sum!.squared() / n) / (n - 1)).relu()
      return variance.squareRoot().mean(over: [0]) * 127.5
    }
  }
}
