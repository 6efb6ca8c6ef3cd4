import Images
import Torch

extension Renderer {
  /// The number of layers active at the current resolution; a growing network has more. 0 without W.
  public var layerCount: Int { styleGenerator?.activeLayers(at: growth).count ?? 0 }

  /// The active layers of a band.
  public func layers(of band: StyleBand) -> Set<Int> {
    Set(band.layers(of: max(4, layerCount)).filter { $0 < layerCount })
  }

  /// The resolutions of some layers, such as "16²–32²"; empty without layers.
  public func resolutions(of layers: Set<Int>) -> String {
    let all = styleGenerator?.layers ?? []
    let names = Set(layers.filter(all.indices.contains).map { all[$0].resolution }).sorted()
    guard let first = names.first, let last = names.last else { return "" }
    return first == last ? "\(first)²" : "\(first)²–\(last)²"
  }

  /// A copy with other noise.
  public func with(noise: NoiseMode) -> Renderer {
    var other = self
    other.noise = noise
    return other
  }

  /// A copy with another truncation.
  public func with(truncation: Truncation) -> Renderer {
    var other = self
    other.truncation = truncation
    return other
  }

  /// The network's noise images in some layers, no noise in the others (StyleGAN Fig. 5); no noise without W.
  public func noise(in layers: Set<Int>) -> NoiseMode {
    .given((styleGenerator?.layers ?? []).enumerated().map { layers.contains($0) ? $1.noise : nil })
  }

  /// The standard deviation of each pixel over realizations of the noise (StyleGAN Fig. 4c).
  /// - Parameters:
  ///   - styles: of one image.
  ///   - realizations: the number of images.
  ///   - seed: fixes the noise.
  /// - Returns: `[r, r]`, averaged over channels, on the scale 0…255; with alpha, of colors multiplied by it.
  public func deviation(_ styles: Styles, realizations: Int = 100, seed: UInt64 = 0) -> Tensor {
    precondition(realizations > 1 && styles.count == 1)
    return withoutGradients {
      let noisy = with(noise: .random(RandomStream(seed: seed)))
      // Differences to the first image are small, so that their squares lose no digits.
      var (first, sum, squares): (Tensor?, Tensor?, Tensor?)
      // Unlike the renderer's own chunk, without the limit of 32.
      let chunk = max(1, min(realizations, 32 * 64 * 64 / (growth.resolution * growth.resolution)))
      for range in chunks(realizations, of: chunk) {
        var images = noisy.tensor(styles.repeated(range.count))
        // Where nothing is visible, colors have no bound.
        if images.size(1) == 4 { images = images.clamped(minimum: -1, maximum: 1).alphaWeighted() }
        first = first ?? images[0..<1]
        let difference = images - first!
        sum = difference.sum(over: [0]) + (sum ?? .zeros([1], device: difference.device))
        squares = difference.squared().sum(over: [0]) + (squares ?? .zeros([1], device: difference.device))
      }
      let n = Double(realizations)
      return ((squares! - sum!.squared() / n) / (n - 1)).relu().squareRoot().mean(over: [0]) * 127.5
    }
  }
}
