import Foundation
import Torch

/// Measures the speed of this machine and of the networks in one run. Absolute times vary on a busy machine; ratios to a
/// matrix product of the same run vary less.
public struct Benchmark {
  /// The least duration of each measurement, in seconds.
  public var seconds: Double
  /// The device that is measured.
  public var device: Device

  /// A benchmark.
  public init(seconds: Double = 1, device: Device = .cpu) { (self.seconds, self.device) = (seconds, device) }

  /// One row of the result.
  public struct Row: Codable, Sendable {
    /// The measured operation.
    public var name: String
    /// "fp32", "bf16"
    public var precision: String
    /// "fast" or "reference"; for matrix products the library's own.
    public var kernels: String
    /// The median time of one repetition, in seconds.
    public var seconds: Double
    /// Images per second; nil for matrix products.
    public var imagesPerSecond: Double?
    /// Useful operations per second, in billions.
    public var gigaFLOPS: Double
    /// The rate divided by that of a matrix product in the same precision and run; above 1 where the algorithm saves
    /// multiplications.
    public var utilization: Double
    /// Useful operations of one repetition, in billions.
    public var gigaFLOP: Double
    /// The speedup over the reference implementation in the same run.
    public var speedup: Double?
    /// The time of each part of a training step.
    public var parts: Parts?
  }

  /// The precisions that this processor computes fast.
  public static var precisions: [Compute.Precision] { Processor.hasBFloat16 ? [.float32, .bfloat16] : [.float32] }

  /// The precisions that the device computes fast.
  public var precisions: [Compute.Precision] { device == .cpu ? Self.precisions : [.float32, .bfloat16] }

  /// The side of the product of ``matrixPeak(_:)``; a GPU needs a larger one to be busy.
  public var productSize: Int { device == .cpu ? 2048 : 8192 }

  /// The rate of a square matrix product in operations per second: the machine's practical peak.
  public func matrixPeak(_ precision: Compute.Precision) -> Double {
    let (random, n) = (RandomStream(seed: 1), productSize)
    let (a, b) = (
      random.normal([n, n]).to(device).to(precision.dtype), random.normal([n, n]).to(device).to(precision.dtype)
    )
    return withoutGradients { 2 * pow(Double(n), 3) / best { _ = a.matmul(b) } }
  }

  /// The rate of libtorch's direct 3×3 convolution of 128 channels at 32², channels-last, in operations per second.
  public func convolutionPeak(_ precision: Compute.Precision) -> Double {
    let (random, compute) = (RandomStream(seed: 1), Compute(precision: precision))
    let images = device == .cpu ? 8 : 128
    let x = compute.activations(random.normal([images, 128, 32, 32]).to(device))
    let w = compute.activations(random.normal([128, 128, 3, 3]).to(device))
    return withoutGradients { 2 * Double(images) * 32 * 32 * 9 * 128 * 128 / best { _ = x.conv2d(w, padding: 1) } }
  }

  /// Times only the 3×3 convolutions of the synthesis of `batch` images.
  public func bareConvolutions(
    _ configuration: StyleGANConfiguration, batch: Int, _ compute: Compute, peak: Double
  ) -> Row {
    let (generator, random) = (StyleGANGenerator(configuration, seed: 1, device: device), RandomStream(seed: 2))
    let work = withoutGradients {
      generator.synthesis.blocks.flatMap { block in
        [block.conv0, block.conv1].compactMap { $0?.convolution }.map { convolution in
          let side = convolution.resampling == .up ? block.resolution / 2 : block.resolution
          let inputs = convolution.weight.value.size(1)
          return (convolution, compute.activations(random.normal([batch, inputs, side, side]).to(device)))
        }
      }
    }
    let time = withoutGradients { median { for (layer, x) in work { _ = layer.withoutBlur(x, compute) } } }
    return row(
      "its 3×3 convolutions alone", compute, time, images: batch,
      operations: Double(batch) * OperationCount(configuration).synthesis, peak: peak)
  }

  /// Times the synthesis of `batch` images.
  public func synthesis(_ configuration: StyleGANConfiguration, batch: Int, _ compute: Compute, peak: Double) -> Row {
    let generator = StyleGANGenerator(configuration, seed: 1, device: device)
    let ws = withoutGradients {
      generator.broadcast(generator.map(RandomStream(seed: 2).normal([batch, configuration.zSize]).to(device)))
    }
    let growth = Growth(resolution: configuration.resolution)
    let time = withoutGradients { median { _ = generator.synthesis(ws, noise: .constant, growth: growth, compute) } }
    return row(
      "synthesis \(configuration.resolution)², batch \(batch)", compute, time, images: batch,
      operations: Double(batch) * OperationCount(configuration).synthesis, peak: peak)
  }

  /// Times a training step of `batch` images; with lazy R1 the mean over an interval.
  public func training(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ compute: Compute, peak: Double
  ) -> Row {
    let parts = trainingParts(configuration, batch: batch, penaltyInterval: penaltyInterval, compute)
    let (side, count) = (configuration.resolution, OperationCount(configuration))
    var result = row(
      "training \(side)², batch \(batch), R1 \(penaltyInterval == 1 ? "every step" : "every \(penaltyInterval)th")",
      compute, parts.total, images: batch,
      operations: Double(batch) * (count.trainingStep + count.penalty / Double(penaltyInterval)), peak: peak)
    result.parts = parts
    return result
  }

  func trainingOptions(
    _ configuration: StyleGANConfiguration, penaltyInterval: Int, _ compute: Compute
  ) -> TrainingOptions {
    var options = TrainingOptions(
      recipe: "benchmark", data: "", dataset: .init(name: "", fingerprint: "", count: 0), configuration: configuration)
    options.objective = Objective(gamma: 10, penaltyInterval: penaltyInterval)
    (options.precision, options.kernels, options.convolutions) = (
      compute.precision, compute.kernels, compute.convolutions
    )
    return options
  }

  private func row(
    _ name: String, _ compute: Compute, _ time: Double, images: Int, operations: Double, peak: Double
  ) -> Row {
    Row(
      name: name, precision: compute.precision.rawValue, kernels: compute.kernels.rawValue, seconds: time,
      imagesPerSecond: Double(images) / time, gigaFLOPS: operations / time / 1e9, utilization: operations / time / peak,
      gigaFLOP: operations / 1e9)
  }

  /// The sorted times of repetitions after one warm-up: at least three, and as many as fit into `seconds`.
  private func times(_ body: () -> Void) -> [Double] {
    func whole() {
      body()
      device.synchronize()
    }
    whole()
    let clock = ContinuousClock()
    let start = clock.now
    var times: [Double] = []
    while times.count < 3 || (clock.now - start) / .seconds(1) < seconds {
      times.append(clock.measure(whole) / .seconds(1))
    }
    return times.sorted()
  }

  func median(_ body: () -> Void) -> Double {
    let times = times(body)
    return times[times.count / 2]
  }

  private func best(_ body: () -> Void) -> Double { times(body)[0] }
}
