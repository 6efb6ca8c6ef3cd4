import ArgumentParser
import Foundation
import GANs
import Torch

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure this machine and what the networks make of it.",
    discussion: """
      Everything is measured in one run. "of peak" is the share of a 2048² matrix product's rate in the same precision.
      The plain twin (--kernels reference) computes as the paper writes it: fp32, unfused.

      Examples:
        stylegan bench
        stylegan bench --width paper --resolutions 32,256 --kernels reference --json
      """)

  @Option(help: "A named width: \(StyleGANConfiguration.Width.allCases.map(\.rawValue).joined(separator: ", ")).")
  var width: StyleGANConfiguration.Width = .small
  @Option(help: "Resolutions to draw at.") var resolutions: NumberList = NumberList(argument: "32,64")!
  @Option(parsing: .unconditional, help: "Pictures a batch, for drawing and training.") var batch: Int = 32
  @Option(help: "fast, or reference: its plain twin; both where it is not given.") var kernels: KernelChoice?
  @Option(help: "fp32 or bf16; both where it is not given and the processor has them.") var precision: PrecisionChoice?
  @Option(help: "synthesis or training; both where it is not given.") var only: Subject?
  @Option(parsing: .unconditional, help: "Threads of the processor (default: all cores).") var threads: Int?
  @Option(parsing: .unconditional, help: "Seconds a measurement takes at least.") var seconds: Double = 1
  @Flag(help: "As JSON, for programs.") var json = false

  enum Subject: String, ExpressibleByArgument, CaseIterable { case synthesis, training }
  enum KernelChoice: String, ExpressibleByArgument, CaseIterable { case fast, reference }

  mutating func validate() throws {
    if let bad = resolutions.values.first(where: { !(8...1024).contains($0) || $0.nonzeroBitCount != 1 }) {
      throw ValidationError("--resolutions has \(bad), but needs powers of two from 8 to 1024")
    }
    if !(1...1024).contains(batch) { throw ValidationError("--batch is \(batch), but must be 1 to 1024") }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads), but must be 1 to 1024")
    }
    if !(seconds > 0 && seconds <= 600) {
      throw ValidationError("--seconds is \(seconds), but must be above 0 and at most 600")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      if let threads { Processor.threadCount = threads }
      try requireMemory()
      let rows = measure()
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
      } else {
        print(
          "\nlibtorch \(Processor.libtorchVersion), \(Processor.threadCount) threads, fused kernels: "
            + "\(Processor.fusedKernels); peak memory \(ProcessMemory.peakResident >> 20) MiB")
      }
    }
  }

  /// Refuses what cannot fit, before anything is measured: training at the first resolution, drawing at all.
  private func requireMemory() throws {
    var options = TrainingOptions(
      recipe: "benchmark", data: "", dataset: .init(name: "", fingerprint: "", count: 0),
      configuration: StyleGANConfiguration(width: width, resolution: Int(resolutions.values[0]), imageChannels: 3))
    options.schedule.initialResolution = options.configuration.resolution
    options.schedule.batchSizes = [4: batch]
    try options.requireMemory()
    for resolution in resolutions.values.map(Int.init) {
      let configuration = StyleGANConfiguration(width: width, resolution: resolution, imageChannels: 3)
      let features = 4 * batch * 2 * configuration.channels(at: resolution) * resolution * resolution
      if let limit = ProcessMemory.limit, features > limit {
        throw ValidationError(
          "\(batch) pictures of \(resolution)×\(resolution) need more memory than there is; take a smaller --batch")
      }
    }
  }

  private func measure() -> [Benchmark.Row] {
    let benchmark = Benchmark(seconds: seconds)
    var rows: [Benchmark.Row] = []
    func add(_ row: Benchmark.Row) {
      rows.append(row)
      if !json { show(row) }
    }
    for precision in Benchmark.precisions {
      if let choice = self.precision, choice.precision != precision { continue }
      let peak = benchmark.matrixPeak(precision)
      if !json { print(String(format: "matrix product, %@: %.0f GFLOP/s", precision.rawValue, peak / 1e9)) }
      for kernels in Compute.Kernels.allCases.reversed() {
        if let choice = self.kernels, choice.rawValue != kernels.rawValue { continue }
        if kernels == .reference && precision != .float32 { continue }
        let compute = Compute(precision: precision, kernels: kernels)
        for resolution in only == .training ? [] : resolutions.values {
          let configuration = StyleGANConfiguration(width: width, resolution: Int(resolution), imageChannels: 3)
          for batch in batch == 1 ? [1] : [1, batch] {
            add(benchmark.synthesis(configuration, batch: batch, compute, peak: peak))
          }
        }
        let configuration = StyleGANConfiguration(
          width: width, resolution: Int(resolutions.values[0]), imageChannels: 3)
        for interval in only == .synthesis ? [] : kernels == .reference ? [1] : [1, 16] {
          add(benchmark.training(configuration, batch: batch, penaltyInterval: interval, compute, peak: peak))
          let parts = benchmark.trainingParts(configuration, batch: batch, penaltyInterval: interval, compute)
          if !json {
            print("    " + parts.named.map { String(format: "%@ %.1f ms", $0.name, $0.seconds * 1000) }.joined(separator: ", "))
          }
        }
      }
    }
    return rows
  }

  private func show(_ row: Benchmark.Row) {
    let name = row.name.padding(toLength: 44, withPad: " ", startingAt: 0)
    print(
      String(
        format: "%@  %@ %@  %8.2f ms  %8.1f img/s  %6.0f GFLOP/s  %3.0f %% of peak", name, row.precision,
        row.kernels.padding(toLength: 9, withPad: " ", startingAt: 0), row.seconds * 1000, row.imagesPerSecond ?? 0,
        row.gigaFLOPS, row.utilization * 100))
  }
}
