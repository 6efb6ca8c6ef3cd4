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

  private let options: TrainingOptions
  private let resolution: Int
  private let clock = ContinuousClock()

  private init(_ options: TrainingOptions) {
    (self.options, resolution) = (options, options.configuration.resolution)
  }

  /// The fastest for a training on the CPU, from the cache or measured.
  /// - Parameters:
  ///   - precisions: those to compare; one to measure the engines only.
  ///   - folder: the cache. Without a writable one nothing is measured, because two runs could choose differently.
  ///   - measuring: called before a measurement.
  /// - Returns: nil where nothing can be chosen: on other devices, for the reference kernels, without a cache.
  public static func fastest(
    for options: TrainingOptions, precisions: [Compute.Precision], folder: String = defaultFolder,
    measuring: () -> Void = {}
  ) throws -> Result? {
    guard options.device == "cpu", options.kernels == .fast, !precisions.isEmpty else { return nil }
    guard (try? Folder.makeWritable(folder)) != nil else { return nil }
    let tuning = KernelTuning(options)
    let key = try tuning.key(precisions)
    var digest = Digest()
    Array(key.utf8).withUnsafeBytes { digest.add($0) }
    let path = "\(folder)/\(digest.hexadecimal).json"
    if let known = Entry.read(path, key) { return known }
    // One measurement at a time: two would disturb each other, and could choose differently.
    var lock = try FolderLock(folder)
    while lock == nil {
      usleep(50_000)
      if let known = Entry.read(path, key) { return known }
      lock = try FolderLock(folder)
    }
    return try withExtendedLifetime(lock) {
      if let known = Entry.read(path, key) { return known }
      measuring()
      let result = try tuning.measure(precisions)
      try AtomicFile.write(JSON.pretty(Entry(key: key, result: result)) + "\n", to: path)
      return result
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

  /// All that the result depends on.
  private func key(_ precisions: [Compute.Precision]) throws -> String {
    let program = Bundle.main.executablePath.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
    let build = [program?[.size] as? Int, (program?[.modificationDate] as? Date).map { Int($0.timeIntervalSince1970) }]
    let objective = options.objective
    return [
      "1", Processor.name, Processor.availableKernels.joined(separator: " "), Processor.fusedKernels,
      "\(Processor.threadPool.rawValue)", Processor.libtorchVersion, "\(build.map { $0 ?? 0 })",
      "\(options.threads) threads",
      precisions.map(\.rawValue).joined(separator: " "), try JSON.compact(options.configuration), "\(batch)",
      "\(objective.regularizer.rawValue) \(objective.penaltyInterval) \(objective.loss.rawValue)",
    ].joined(separator: "; ")
  }

  /// The minibatch size at the final resolution, where a training spends its time.
  private var batch: Int { options.schedule.batchSize(at: resolution) }

  // MARK: Measuring

  private func measure(_ precisions: [Compute.Precision]) throws -> Result {
    let shapes = ConvolutionTiming.shapes(of: options)
    let results = precisions.map { precision in
      Result(precision: precision, convolutions: engines(of: shapes, precision))
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
