import Files
import Foundation
import Torch

/// Measures on this machine what a training uses: the engine of each convolution, and the precision if that is open.
///
/// The result is kept in the cache for each processor, build, network and number of threads, so that a second run starts
/// at once and computes the same bytes. Trainings that start together wait for the first measurement.
public struct KernelTuning {
  /// The fastest on this machine.
  public struct Result: Codable, Sendable, Equatable {
    /// The faster precision of those that were allowed.
    public var precision: Compute.Precision
    /// The engines of the convolutions in that precision.
    public var convolutions: ConvolutionChoices
    /// Measured seconds of a step for one image, by precision; empty where only one precision was allowed.
    public var secondsPerImage: [String: Double] = [:]
  }

  /// The folder of the results: `$XDG_CACHE_HOME/swift-stylegan/kernels`, else below `~/.cache`.
  public static var defaultFolder: String { Folder.cache + "/kernels" }

  /// Whether `STYLEGAN_TUNING=off` forbids measuring, for tests.
  public static var isOff: Bool { getenv("STYLEGAN_TUNING").map { String(cString: $0) } == "off" }

  private let options: TrainingOptions
  private let resolution: Int

  private init(_ options: TrainingOptions) {
    (self.options, resolution) = (options, options.configuration.resolution)
  }

  /// The fastest for a training on the CPU, from the cache or measured.
  /// - Parameters:
  ///   - options: with `convolutions`, these engines are kept.
  ///   - precisions: those to compare; one to measure the engines only.
  ///   - folder: the cache. Where it cannot be written, nothing new is measured, because two runs could choose differently.
  ///   - measuring: called before a measurement, or before waiting for that of another process.
  /// - Returns: nil where nothing can be chosen: on other devices, for the reference kernels, without a cache.
  /// - Throws: `DeviceError`.
  public static func fastest(
    for options: TrainingOptions, precisions: [Compute.Precision], folder: String = defaultFolder,
    measuring: () -> Void = {}
  ) throws -> Result? {
    guard options.device == "cpu", options.kernels == .fast, !precisions.isEmpty else { return nil }
    let tuning = KernelTuning(options)
    return try kept(in: folder, key: try tuning.key(precisions), measuring) { try tuning.measure(precisions) }
  }

  /// The faster precision for drawing, from the cache or measured in about 0.1 s: that of the faster layer of 128 feature
  /// maps at 32×32. float32 where the kernels do not multiply bfloat16, or without a writable cache.
  public static func precisionOfDrawing(folder: String = defaultFolder) -> Compute.Precision {
    // A folder of its own, for its lock: drawing does not wait for the measurements of a training.
    let folder = folder + "/drawing"
    guard Processor.fusedKernels == "avx512bf16" else { return .float32 }
    let key = (machine + ["\(Processor.threadCount) threads"]).joined(separator: "; ")
    let result = try? kept(in: folder, key: key) {
      let layer = ConvolutionTiming(.init(resampling: .none, inputs: 128, outputs: 128, side: 32), images: 1)
      let times = layer.seconds([Compute(precision: .float32), Compute(precision: .bfloat16)])
      return Result(
        precision: times[1] < times[0] ? .bfloat16 : .float32,
        convolutions: ConvolutionChoices(usual: .minimalFiltering))
    }
    return result?.precision ?? .float32
  }

  /// The result with this key, which one process measures; nil where it is new and cannot be kept.
  private static func kept(
    in folder: String, key: String, _ measuring: () -> Void = {}, _ measure: () throws -> Result
  ) throws -> Result? {
    var digest = Digest()
    digest.add(key)
    let path = "\(folder)/\(digest.hexadecimal).json"
    if let known = Entry.read(path, key) { return known }
    guard (try? Folder.makeWritable(folder)) != nil, !FileSystem.isFolder(path) else { return nil }
    measuring()
    // One measurement at a time: two would disturb each other, and could choose differently.
    var lock = try FolderLock(folder)
    while lock == nil {
      usleep(50_000)
      if let known = Entry.read(path, key) { return known }
      lock = try FolderLock(folder)
    }
    return try withExtendedLifetime(lock) {
      if let known = Entry.read(path, key) { return known }
      let result = try measure()
      // Where the file system has no locks, another process may have been faster.
      if let known = Entry.read(path, key) { return known }
      let text = try JSON.pretty(Entry(key: key, result: result)) + "\n"
      return (try? AtomicFile.write(text, to: path)) == nil ? nil : result
    }
  }

  /// A file of the cache.
  private struct Entry: Codable {
    /// What the result is for: two different things can have the same digest.
    let key: String
    let result: Result

    /// A damaged file is measured again.
    static func read(_ path: String, _ key: String) -> Result? {
      guard let bytes = try? WholeFile.bytes(of: path, limit: 1 << 20),
        let entry = try? JSONDecoder().decode(Entry.self, from: Data(bytes)), entry.key == key
      else { return nil }
      return entry.result
    }
  }

  /// The processor, what limits libtorch to a part of it, and the build.
  private static var machine: [String] {
    var digest = Digest()
    if let path = Bundle.main.executablePath, let program = try? WholeFile.bytes(of: path, limit: 1 << 30) {
      program.withUnsafeBytes { digest.add($0) }
    }
    let limits = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS"]
    let environment = ProcessInfo.processInfo.environment
    return [
      "2", Processor.name, Processor.availableKernels.joined(separator: " "), Processor.fusedKernels,
      Processor.threadPool.rawValue, Processor.libtorchVersion, digest.hexadecimal,
    ] + limits.compactMap { name in environment[name].map { "\(name)=\($0)" } }
  }

  /// All that the result depends on.
  private func key(_ precisions: [Compute.Precision]) throws -> String {
    let training = [
      type(of: options.configuration).family, try JSON.compact(options.configuration),
      try JSON.compact(options.objective), "\(options.threads) threads", "batch \(batch)",
      "\(options.criticSteps) \(options.stepOrder.rawValue) \(options.mixingProbability)",
      precisions.map(\.rawValue).joined(separator: " "),
      try options.convolutions.map { try JSON.compact($0) } ?? "open",
    ]
    return (Self.machine + training).joined(separator: "; ")
  }

  /// The minibatch size at the final resolution, where a training spends its time.
  private var batch: Int { options.schedule.batchSize(at: resolution) }

  // MARK: Measuring

  private func measure(_ precisions: [Compute.Precision]) throws -> Result {
    let shapes = options.convolutions == nil ? ConvolutionTiming.shapes(of: options) : []
    let results = precisions.map { precision in
      Result(precision: precision, convolutions: options.convolutions ?? engines(of: shapes, precision))
    }
    guard results.count > 1 else { return results[0] }
    var seconds: [Double] = []
    for result in results {
      var options = options
      (options.precision, options.convolutions) = (result.precision, result.convolutions)
      let times = try StepProbe.measure(options, only: resolution, seconds: 4)
      seconds.append(times.secondsPerImage[resolution] ?? .infinity)
    }
    var best = results[seconds.firstIndex(of: seconds.min()!)!]
    best.secondsPerImage = Dictionary(
      zip(precisions.map(\.rawValue), seconds).filter { $0.1.isFinite }, uniquingKeysWith: { first, _ in first })
    return best
  }

  /// The faster engine of each shape. Both are timed in turn.
  private func engines(of shapes: [ConvolutionChoices.Shape], _ precision: Compute.Precision) -> ConvolutionChoices {
    let slow = shapes.filter { shape in
      let timing = ConvolutionTiming(shape, images: batch)
      let times = timing.seconds(
        ConvolutionChoices.Engine.allCases.map {
          Compute(precision: precision, convolutions: ConvolutionChoices(usual: $0))
        })
      // Minimal filtering also saves a pass where style and noise follow: a small advantage is none.
      return times[1] < 0.92 * times[0]
    }
    return ConvolutionChoices(usual: .minimalFiltering, exceptions: Set(slow))
  }
}

extension TrainingOptions {
  /// Takes over a measured choice.
  public mutating func use(_ result: KernelTuning.Result) {
    (precision, convolutions) = (result.precision, result.convolutions)
  }
}
