/// Counts the useful floating-point operations of networks: multiplications and additions of the convolutions in their
/// cheapest exact form (fused resampling: 4 products per output pixel instead of 9). Memory-bound steps are not counted.
public struct OperationCount: Sendable {
  private let configuration: any ProgressiveArchitecture
  private let resolution: Int

  /// Counts for an architecture.
  /// - Parameter resolution: the resolution of a growing network; nil for the full one.
  public init(_ configuration: any ProgressiveArchitecture, resolution: Int? = nil) {
    (self.configuration, self.resolution) = (configuration, resolution ?? configuration.resolution)
  }

  private var resolutions: [Int] { configuration.resolutions.filter { $0 <= resolution } }

  /// One image through the synthesis network.
  public var synthesis: Double {
    resolutions.reduce(0) { sum, r in
      let (inputs, outputs) = (Double(configuration.channels(at: r / 2)), Double(configuration.channels(at: r)))
      let pixels = Double(r * r)
      return sum + 2 * pixels * (9 * outputs * outputs + (r > 4 ? 4 * inputs * outputs : 0))
    } + 2 * Double(resolution * resolution)
      * Double(configuration.channels(at: resolution) * configuration.imageChannels)
  }

  /// One image through the discriminator.
  public var discriminator: Double {
    resolutions.dropFirst().reduce(0) { sum, r in
      let (inputs, outputs) = (Double(configuration.channels(at: r)), Double(configuration.channels(at: r / 2)))
      let pixels = Double(r * r)
      // The strided 4×4 kernel needs 16 products for a quarter of the pixels.
      return sum + 2 * pixels * (9 * inputs * inputs + 4 * inputs * outputs)
    } + 2 * 16 * 9 * Double(configuration.channels(at: 4) * configuration.channels(at: 4))
  }

  /// One image of a training step without R1: D on a real and a fake with both gradients, then G through D. A backward
  /// pass costs one forward pass for the inputs and one for the weights.
  public var trainingStep: Double { 4 * synthesis + 8 * discriminator }

  /// The cost of R1 for one real image: the gradient of the image, and the gradient of that gradient.
  public var penalty: Double { 4 * discriminator }
}
