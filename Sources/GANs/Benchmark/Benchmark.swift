import Torch

/// Measures this machine and what the networks make of it, all in one run: absolute times on a busy machine say little,
/// ratios to the matrix multiplication of the same run say more.
public struct Benchmark {
  /// Seconds that each measurement takes at least.
  public var seconds: Double

  /// A benchmark.
  public init(seconds: Double = 1) { self.seconds = seconds }

  /// One row of the result.
  public struct Row: Codable, Sendable {
    /// What was measured.
    public var name: String
    /// "fp32", "bf16"
    public var precision: String
    /// "fast", "reference", or the library's own for matrix products.
    public var kernels: String
    /// Seconds of one repetition: the median.
    public var seconds: Double
    /// Pictures a second; nil for matrix products.
    public var imagesPerSecond: Double?
    /// Useful operations a second, in billions.
    public var gigaFLOPS: Double
    /// Share of the matrix product's rate in the same precision and run; above 1 where products are saved.
    public var utilization: Double
    /// Useful operations of one repetition, in billions.
    public var gigaFLOP: Double
    /// How many times faster than the plain twin in the same run.
    public var speedup: Double?
    /// Where the time of a training step goes.
    public var parts: Parts?
  }

  /// The precisions this processor computes fast.
  public static var precisions: [Compute.Precision] { Processor.hasBFloat16 ? [.float32, .bfloat16] : [.float32] }

  /// The rate of a 2048² matrix product, operations a second: the machine's practical peak.
  public func matrixPeak(_ precision: Compute.Precision) -> Double {
    let random = RandomStream(seed: 1)
    let (a, b) = (random.normal([2048, 2048]).to(precision.dtype), random.normal([2048, 2048]).to(precision.dtype))
    return withoutGradients { 2 * 2048 * 2048 * 2048 / best { _ = a.matmul(b) } }
  }

  /// The rate of libtorch's direct 3×3 convolution of 128 channels at 32², channels-last, operations a second.
  public func convolutionPeak(_ precision: Compute.Precision) -> Double {
    let random = RandomStream(seed: 1)
    let compute = Compute(precision: precision)
    let x = compute.activations(random.normal([8, 128, 32, 32])),
      w = compute.activations(random.normal([128, 128, 3, 3]))
    return withoutGradients { 2 * 8 * 32 * 32 * 9 * 128 * 128 / best { _ = x.conv2d(w, padding: 1) } }
  }

  /// The 3×3 convolutions of drawing `batch` pictures and nothing else: what the rest is measured against.
  public func bareConvolutions(
    _ configuration: StyleGANConfiguration, batch: Int, _ compute: Compute, peak: Double
  ) -> Row {
    let generator = StyleGANGenerator(configuration, seed: 1)
    let random = RandomStream(seed: 2)
    let work = withoutGradients {
      generator.synthesis.blocks.flatMap { block in
        [block.conv0, block.conv1].compactMap { $0?.convolution }.map { convolution in
          let side = convolution.resampling == .up ? block.resolution / 2 : block.resolution
          let inputs = convolution.weight.value.size(1)
          return (convolution, compute.activations(random.normal([batch, inputs, side, side])))
        }
      }
    }
    let time = withoutGradients { median { for (layer, x) in work { _ = layer.withoutBlur(x, compute) } } }
    return row(
      "its 3×3 convolutions alone", compute, time, images: batch,
      operations: Double(batch) * OperationCount(configuration).synthesis, peak: peak)
  }

  /// Drawing `batch` pictures.
  public func synthesis(_ configuration: StyleGANConfiguration, batch: Int, _ compute: Compute, peak: Double) -> Row {
    let generator = StyleGANGenerator(configuration, seed: 1)
    let ws = withoutGradients {
      generator.broadcast(generator.map(RandomStream(seed: 2).normal([batch, configuration.zSize])))
    }
    let growth = Growth(resolution: configuration.resolution)
    let time = withoutGradients {
      median { _ = generator.synthesis(ws, noise: .constant, growth: growth, compute) }
    }
    return row(
      "synthesis \(configuration.resolution)², batch \(batch)", compute, time, images: batch,
      operations: Double(batch) * OperationCount(configuration).synthesis, peak: peak)
  }

  /// A training step of `batch` images; with lazy R1 the mean over an interval.
  public func training(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ compute: Compute, peak: Double
  ) -> Row {
    let parts = trainingParts(configuration, batch: batch, penaltyInterval: penaltyInterval, compute)
    let side = configuration.resolution
    let count = OperationCount(configuration)
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
    options.precision = compute.precision
    options.kernels = compute.kernels
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

  /// Times of repetitions after one to warm up: at least three, and as many as fit.
  private func times(_ body: () -> Void) -> [Double] {
    body()
    let clock = ContinuousClock()
    let start = clock.now
    var times: [Double] = []
    while times.count < 3 || (clock.now - start) / .seconds(1) < seconds {
      times.append(clock.measure(body) / .seconds(1))
    }
    return times.sorted()
  }

  func median(_ body: () -> Void) -> Double {
    let times = times(body)
    return times[times.count / 2]
  }

  private func best(_ body: () -> Void) -> Double { times(body)[0] }
}
