import ArgumentParser
import GANs
import Torch

// Parts of `stylegan bench` about the kernels alone.

extension Bench {
  /// `--only products`: the matrix products of minimal filtering, beside libtorch's.
  func products() throws {
    let benchmark = Benchmark(seconds: seconds)
    var rows: [Benchmark.ProductRow] = []
    let precisions = Benchmark.precisions.filter { precision == nil || precision!.precision == $0 }
    for row in precisions.flatMap(benchmark.products) {
      output.say(
        "\(row.precision) \(row.steps) channels, \(row.filterBytes >> 10) KiB of filters: \(Int(row.gigaFLOPS)) GFLOP/s, "
          + "libtorch's product \(Int(row.libtorchGigaFLOPS)): \(Int((100 * row.ratio).rounded())) %")
      rows.append(row)
    }
    output.say("one thread, kernels \(Processor.fusedKernels), \(Processor.name)")
    try output.finish(["products": rows])
  }

  /// `--check`: no convolution may be slower than the reference.
  func checkConvolutions() throws {
    var rows: [Check] = []
    let benchmark = Benchmark(seconds: seconds)
    for resolution in resolutions.values.map(Int.init) {
      let configuration = StyleGANConfiguration(width: width, resolution: resolution, imageChannels: 3)
      let choice = try benchmark.choice(configuration, batch: batch, penaltyInterval: 16, precisions: [.float32])
      for kernels in Processor.availableKernels {
        output.say("\(resolution)×\(resolution), kernels \(kernels)")
        // The choice was measured for the kernels in use.
        let choices = kernels == Processor.fusedKernels ? choice?.convolutions : nil
        let found = Processor.with(kernels: kernels) {
          benchmark.convolutions(configuration, batch: batch, choices)
        }
        for row in found {
          let name = row.shape.padding(toLength: 24, withPad: " ", startingAt: 0)
          output.say(
            String(
              format: "  %@ %9.2f ms, reference %9.2f ms, %.2f×  ", name, row.seconds * 1000,
              row.referenceSeconds * 1000, row.speedup) + row.engine.rawValue)
        }
        rows += found.map { row in Check(kernels: kernels, resolution: resolution, row: row) }
      }
    }
    let slower = rows.filter { $0.speedup < 0.9 }
    output.say(
      "\(Processor.name): \(slower.count) of \(counted(rows.count, "convolution")) slower than the reference "
        + "by more than 10 %")
    try output.finish(["convolutions": rows])
    if !slower.isEmpty { throw ExitCode(1) }
  }

  /// `--all-choices`: the measured choice against every fixed one.
  func compareChoices() throws {
    let benchmark = Benchmark(seconds: seconds)
    let configuration = StyleGANConfiguration(width: width, resolution: Int(resolutions.values[0]), imageChannels: 3)
    var all: [(name: String, compute: Compute)] = []
    for precision in Benchmark.precisions {
      for engine in ConvolutionChoices.Engine.allCases {
        let compute = Compute(precision: precision, convolutions: ConvolutionChoices(usual: engine))
        all.append(("\(precision.rawValue), \(engine.rawValue)", compute))
      }
    }
    let choice = try benchmark.choice(
      configuration, batch: batch, penaltyInterval: 16, precisions: Benchmark.precisions)
    guard let choice else { throw ValidationError("no cache can be written, so nothing is chosen by measurement") }
    all.insert(
      (
        "measured: \(choice.precision.rawValue), \(choice.convolutions.exceptions.count) by libtorch",
        Compute(precision: choice.precision, convolutions: choice.convolutions)
      ), at: 0)
    let times = benchmark.trainings(configuration, batch: batch, penaltyInterval: 16, all.map(\.compute))
    var rows: [Choice] = []
    for (way, time) in zip(all, times) {
      output.say(String(format: "%8.1f img/s  ", Double(batch) / time) + way.name)
      rows.append(Choice(name: way.name, imagesPerSecond: Double(batch) / time))
    }
    let loss = times[0] / times.dropFirst().min()! - 1
    output.say(
      String(
        format: "the measured choice takes %.1f %% %@ time than the fastest fixed one", 100 * abs(loss),
        loss < 0 ? "less" : "more"))
    try output.finish(["choices": rows])
  }

  /// A convolution with some kernels.
  private struct Check: Encodable {
    let kernels: String
    let resolution: Int
    let shape: String
    let engine: ConvolutionChoices.Engine
    let seconds, referenceSeconds, speedup: Double

    init(kernels: String, resolution: Int, row: Benchmark.ShapeRow) {
      (self.kernels, self.resolution, shape, engine) = (kernels, resolution, row.shape, row.engine)
      (seconds, referenceSeconds, speedup) = (row.seconds, row.referenceSeconds, row.speedup)
    }
  }

  private struct Choice: Encodable {
    let name: String
    let imagesPerSecond: Double
  }
}
