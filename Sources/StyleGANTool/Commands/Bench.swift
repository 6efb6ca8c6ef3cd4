import ArgumentParser
import Files
import Foundation
import GANs
import Torch

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of this machine and of the networks on it.",
    discussion: """
      All rows are measured in one run. Each row shows its speed relative to the reference: fp32, [N, C, H, W] in \
      memory, plain operations, resampling unfused below 128×128. "of peak" compares with a 2048² matrix product of \
      the same precision. It counts the operations of direct convolutions with fused resampling. Winograd \
      (minimal filtering) needs fewer multiplications than that, so it can exceed 100 %.

      Examples:
        stylegan bench
        stylegan bench --width paper --resolutions 256,1024 --batch 1 \\
            --only synthesis
        stylegan bench --width small --resolutions 32 --batch 32 --kernels fast \\
            --json
        stylegan bench --check
        stylegan bench --all-choices
        stylegan bench --only products
        stylegan bench --device cuda --check
      """)

  @Option(help: "Network width: \(NetworkWidth.allCases.map(\.rawValue).joined(separator: ", ")).")
  var width: NetworkWidth = .small
  @Option(help: "Resolutions of drawing; training is measured at the first.")
  var resolutions: NumberList = NumberList(argument: "32,64")!
  @Option(parsing: .unconditional, help: "Minibatch size of drawing and training.") var batch: Int = 32
  @Option(help: "fast, or reference: plain operations (default: both).") var kernels: Kernels?
  @Option(help: "fp32 or bf16 (default: both, if the processor supports bf16).") var precision: PrecisionChoice?
  @Option(
    help: """
      synthesis or training (default: both), or products: the matrix products inside the convolutions, on one thread (takes \
      --precision and --seconds).
      """)
  var only: Subject?
  @Flag(
    help: """
      Only compare each convolution with the reference, for all kernels that this processor can run; the exit code is 1 if \
      one is slower by over 10 %. On another --device: compare the results of all networks, with their first and second \
      derivatives, with those of the CPU.
      """)
  var check = false
  @Flag(
    help: """
      Only compare trainings at the first resolution with the measured choice of precision and kernels, and with all fixed \
      choices.
      """)
  var allChoices = false
  @Option(help: "cpu, cuda, cuda:1 or mps.") var device = "cpu"
  @Option(parsing: .unconditional, help: "Number of CPU threads (default: all cores).") var threads: Int?
  @Option(parsing: .unconditional, help: "Shortest duration of a measurement in seconds.") var seconds: Double = 1
  @OptionGroup var output: OutputArguments

  enum Subject: String, ExpressibleByArgument, CaseIterable { case synthesis, training, products }
  enum Kernels: String, ExpressibleByArgument, CaseIterable { case fast, reference }

  mutating func validate() throws {
    if let bad = resolutions.values.first(where: { !(8...1024).contains($0) || $0.nonzeroBitCount != 1 }) {
      throw ValidationError("--resolutions has \(bad), but needs powers of two from 8 to 1024")
    }
    try requireRange("--batch", batch, 1...1024)
    try requireRange("--threads", threads, 1...1024)
    let alone = [
      ("--check", check), ("--all-choices", allChoices), ("--only \(only?.rawValue ?? "")", only != nil),
      ("--kernels", kernels != nil && (check || allChoices || only == .products)),
      ("--precision", precision != nil && (check && device == "cpu" || allChoices)),
      ("--device \(device)", device != "cpu" && (allChoices || only == .products)),
    ].filter(\.1).map(\.0)
    if alone.count > 1 { throw ValidationError("use only one of \(alone.joined(separator: ", "))") }
    if !(seconds > 0 && seconds <= 600) {
      throw ValidationError("--seconds is \(seconds.plain), but must be above 0 and at most 600")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      if let threads { Processor.threadCount = threads }
      if only == .products { return try products() }
      let device = try Device(device)
      if check, device != .cpu { return try compareDevice(device) }
      try requireMemory()
      if check { return try checkConvolutions() }
      if allChoices { return try compareChoices() }
      let report = measure(on: device)
      output.say(
        "\nlibtorch \(report.libtorch), \(counted(report.threads, "thread")) (\(report.threadPool)), "
          + "kernels: \(report.kernels) of \(report.availableKernels.joined(separator: ", ")); "
          + "peak memory \(report.peakResidentBytes >> 20) MiB")
      try output.finish(report)
    }
  }

  /// The output of `--json`.
  private struct Report: Encodable {
    var libtorch = Processor.libtorchVersion
    var threads = Processor.threadCount
    var threadPool = Processor.threadPool.rawValue
    var kernels = Processor.fusedKernels
    var availableKernels = Processor.availableKernels
    var peaks: [Peak] = []
    var rows: [Benchmark.Row] = []
    var peakResidentBytes = 0

    struct Peak: Encodable { var precision: String, matrixGigaFLOPS, convolutionGigaFLOPS: Double }
  }

  /// Refuses networks that do not fit into memory: training at the first resolution, drawing at every resolution.
  private func requireMemory() throws {
    if only != .synthesis {
      var options = TrainingOptions(
        recipe: "benchmark", data: "", dataset: .init(name: "", fingerprint: "", count: 0),
        configuration: StyleGANConfiguration(width: width, resolution: Int(resolutions.values[0]), imageChannels: 3))
      options.schedule.initialResolution = options.configuration.resolution
      options.schedule.batchSizes = [4: batch]
      try options.requireMemory()
    }
    for resolution in resolutions.values.map(Int.init) {
      let configuration = StyleGANConfiguration(width: width, resolution: resolution, imageChannels: 3)
      let features = 4 * batch * 2 * configuration.channels(at: resolution) * resolution * resolution
      if let limit = ProcessMemory.limit, features > limit {
        throw ValidationError(
          "\(counted(batch, "picture")) of \(resolution)×\(resolution) need more memory than is available; use a "
            + "smaller --batch")
      }
    }
  }

  private func measure(on device: Device) -> Report {
    let benchmark = Benchmark(seconds: seconds, device: device)
    var report = Report()
    var peaks: [Compute.Precision: Double] = [:]
    for precision in benchmark.precisions where self.precision == nil || self.precision!.precision == precision {
      let (matrix, convolution) = (benchmark.matrixPeak(precision), benchmark.convolutionPeak(precision))
      peaks[precision] = matrix
      report.peaks.append(
        .init(precision: precision.rawValue, matrixGigaFLOPS: matrix / 1e9, convolutionGigaFLOPS: convolution / 1e9))
      say(
        "\(precision.rawValue): matrix product %.0f GFLOP/s, direct convolution %.0f GFLOP/s", matrix / 1e9,
        convolution / 1e9)
    }
    // The reference comes first: the other rows are compared with it.
    let fast = peaks.keys.sorted { $0.rawValue > $1.rawValue }.map { Compute(precision: $0, kernels: .fast) }
    let twin = peaks[.float32] == nil ? [] : [Compute(precision: .float32, kernels: .reference)]
    let computes = kernels == .fast ? fast : kernels == .reference ? twin : twin + fast

    func add(_ group: inout [Benchmark.Row], _ row: Benchmark.Row) {
      var row = row
      if let plain = group.first, plain.kernels == "reference" { row.speedup = plain.seconds / row.seconds }
      group.append(row)
      report.rows.append(row)
      show(row)
    }
    for resolution in only == .training ? [] : resolutions.values.map(Int.init) {
      let configuration = StyleGANConfiguration(width: width, resolution: resolution, imageChannels: 3)
      for batch in batch == 1 ? [1] : [1, batch] {
        var drawing: [Benchmark.Row] = [], bare: [Benchmark.Row] = []
        for compute in computes {
          let peak = peaks[compute.precision]!
          add(&drawing, benchmark.synthesis(configuration, batch: batch, compute, peak: peak))
          add(&bare, benchmark.bareConvolutions(configuration, batch: batch, compute, peak: peak))
        }
      }
    }
    report.peakResidentBytes = ProcessMemory.peakResident
    if only == .synthesis { return report }
    let configuration = StyleGANConfiguration(width: width, resolution: Int(resolutions.values[0]), imageChannels: 3)
    var training: [Benchmark.Row] = []
    for compute in computes {
      for interval in compute.kernels == .reference ? [1] : [1, 16] {
        add(
          &training,
          benchmark.training(
            configuration, batch: batch, penaltyInterval: interval, compute, peak: peaks[compute.precision]!))
      }
    }
    report.peakResidentBytes = ProcessMemory.peakResident
    return report
  }

  private func say(_ format: String, _ values: CVarArg...) {
    output.say(String(format: format, arguments: values))
  }

  private func show(_ row: Benchmark.Row) {
    let name = row.name.padding(toLength: 40, withPad: " ", startingAt: 0)
    var line = String(
      format: "%@ %@ %@ %9.2f ms %8.1f img/s %8.1f GFLOP %5.0f GFLOP/s %4.0f %% of peak", name, row.precision,
      row.kernels.padding(toLength: 9, withPad: " ", startingAt: 0), row.seconds * 1000, row.imagesPerSecond ?? 0,
      row.gigaFLOP, row.gigaFLOPS, row.utilization * 100)
    if let speedup = row.speedup { line += String(format: "  %.2f× reference", speedup) }
    output.say(line)
    if let parts = row.parts {
      output.say(
        "    "
          + parts.named.map {
            String(format: "%@ %.1f ms (%.0f %%)", $0.name, $0.seconds * 1000, $0.seconds / row.seconds * 100)
          }
          .joined(separator: ", "))
    }
  }
}
