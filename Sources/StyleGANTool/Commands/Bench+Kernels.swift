import ArgumentParser
import Foundation
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
      for kernels in Processor.availableKernels {
        output.say("\(resolution)×\(resolution), kernels \(kernels)")
        let found = try Processor.with(kernels: kernels) {
          let choice = try benchmark.choice(
            configuration, batch: batch, penaltyInterval: 16, precisions: [.float32])
          return benchmark.convolutions(configuration, batch: batch, choice?.convolutions)
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

  /// `--check` of a device that is not the CPU: its results beside the CPU's.
  func compareDevice(_ device: Device) throws {
    var rows: [DeviceCheck.Row] = []
    let precision = precision?.precision ?? .float32
    // The gradients of bfloat16 are exact to two or three digits.
    let bound = precision == .float32 ? 1e-4 : 0.1
    for family in Families.all {
      for row in try DeviceCheck(device, precision: precision).rows(family) {
        let name = "\(row.family), \(row.subject)".padding(toLength: 48, withPad: " ", startingAt: 0)
        output.say(name + String(format: "%.1e", row.error) + (row.error > bound ? "  above \(bound)" : ""))
        rows.append(row)
      }
    }
    // Also true for NaN.
    let wrong = rows.filter { !($0.error <= bound) }
    output.say(
      "\(device), \(precision.rawValue): \(wrong.count) of \(counted(rows.count, "result")) differ from the CPU's by more "
        + "than \(bound)")
    try output.finish(["comparisons": rows])
    if !wrong.isEmpty { throw ExitCode(1) }
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
      all.append(("\(precision.rawValue), reference", Compute(precision: precision, kernels: .reference)))
    }
    let choice = try benchmark.choice(
      configuration, batch: batch, penaltyInterval: 16, precisions: Benchmark.precisions)
    guard let choice else { throw ValidationError("no cache can be written, so nothing is chosen by measurement") }
    let measured = Compute(precision: choice.precision, convolutions: choice.convolutions)
    // The measured choice can be one of the fixed ones.
    let place = all.firstIndex { $0.compute == measured } ?? all.count
    if place == all.count {
      all.append(("\(choice.precision.rawValue), \(choice.convolutions.exceptions.count) by libtorch", measured))
    }
    let times = benchmark.trainings(configuration, batch: batch, penaltyInterval: 16, all.map(\.compute))
    var rows: [Choice] = []
    for (index, way) in all.enumerated() {
      let row = Choice(name: way.name, imagesPerSecond: Double(batch) / times[index], isMeasured: index == place)
      output.say(
        String(format: "%8.1f img/s  ", row.imagesPerSecond) + way.name + (row.isMeasured ? " (measured)" : ""))
      rows.append(row)
    }
    let loss = times[place] / times.min()! - 1
    output.say(String(format: "the measured choice takes %.1f %% more time than the fastest one", 100 * loss))
    try output.finish(Choices(choices: rows, loss: loss))
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
    let isMeasured: Bool
  }

  /// All choices, and how much more time than the fastest the measured one takes: 0 for none, 0.03 for 3 %.
  private struct Choices: Encodable {
    let choices: [Choice]
    let loss: Double
  }
}
