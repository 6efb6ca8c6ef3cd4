import Torch

extension MeasureOptions {
  /// About the seconds that the metrics of a snapshot take, from the time of a fake and a short measurement of the
  /// detectors. Sorting and matrices are not counted, nor the features of the reals, which are kept.
  /// - Parameters:
  ///   - side: the side of the fakes.
  ///   - channels: of the fakes.
  ///   - secondsPerFake: of drawing.
  ///   - reals: the number of real images.
  public func expectedSeconds(
    side: Int, channels: Int, secondsPerFake: Double, reals: Int, detectors: [any Detector]
  ) throws -> Double {
    guard side >= 8 else { return 0 }
    let clock = ContinuousClock()
    let images = Tensor(repeating: 128, shape: [4, channels, side, side])
    var detecting: [DetectorOutput: Double] = [:]
    func perImage(_ output: DetectorOutput) throws -> Double {
      if let known = detecting[output] { return known }
      guard let detector = detectors.first(where: { $0.outputs.contains(output) }) else { return 0 }
      // The first call is the warm-up.
      _ = try withoutGradients { try detector(images, output) }
      let time = try clock.measure { _ = try withoutGradients { try detector(images, output) } }
      detecting[output] = time / .seconds(1) / 4
      return detecting[output]!
    }
    // Fakes are drawn once for all metrics that look at the same latents.
    var (shared, looked, sum) = (0, [DetectorOutput: Int](), 0.0)
    for metric in metrics {
      let count = samples ?? metric.usualSamples
      switch metric {
      case .msssim: shared = max(shared, 2 * count)
      case .swd: shared = max(shared, min(count, reals))
      case .ls: sum += Double(count) * (secondsPerFake + (attributes == nil ? try perImage(.probabilities) : 0))
      case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd:
        sum += Double(2 * count) * (secondsPerFake + (try perImage(.perceptual)))
      default:
        shared = max(shared, count)
        looked[metric.output!] = max(looked[metric.output!] ?? 0, count)
      }
    }
    sum += Double(shared) * secondsPerFake
    for (output, count) in looked { sum += Double(count) * (try perImage(output)) }
    return sum
  }
}
