import Files
import Foundation
import Torch

/// Means of named values since the last tick. They are part of the training state, so that resuming loses no values.
///
/// Values stay on the device until ``read()``, so that no step waits for a copy.
struct Statistics: Codable {
  private var sums: [String: Double] = [:]
  private var counts: [String: Int] = [:]
  private var unread: [(name: String, value: Tensor)] = []

  private enum CodingKeys: String, CodingKey { case sums, counts }

  mutating func add(_ name: String, _ value: Tensor) { unread.append((name, value.withoutGraph.reshaped([1]))) }

  /// Whether no value was added.
  var isEmpty: Bool { sums.isEmpty && unread.isEmpty }

  /// Copies all values from the device at once.
  /// - Returns: whether all are finite.
  mutating func read() -> Bool {
    guard !unread.isEmpty else { return true }
    let values = Tensor.concatenated(unread.map { $0.value.to(.float32) }).to(.cpu).doubles
    for (name, value) in zip(unread.map(\.name), values) {
      sums[name, default: 0] += value
      counts[name, default: 0] += 1
    }
    unread = []
    return values.allSatisfy(\.isFinite)
  }

  /// Whether every sum has a positive count; a damaged file may violate this.
  var isConsistent: Bool { Set(sums.keys) == Set(counts.keys) && counts.values.allSatisfy { $0 > 0 } }

  /// The means of the read values.
  var means: [String: Double] { Dictionary(uniqueKeysWithValues: sums.map { ($0, $1 / Double(counts[$0]!)) }) }
}

/// What this process, or its ended children, have used so far.
private func usage(ofChildren: Bool = false) -> rusage {
  var usage = rusage()
  let who = ofChildren ? RUSAGE_CHILDREN : RUSAGE_SELF
  #if os(Linux)
    getrusage(__rusage_who_t(who.rawValue), &usage)
  #else
    getrusage(who, &usage)
  #endif
  return usage
}

/// The time of processors.
public enum ProcessTime {
  /// The seconds that this process has used on all processors, its system calls included.
  public static var processorSeconds: Double { seconds(usage()) }
  /// The same for its children that have ended.
  public static var childrenSeconds: Double { seconds(usage(ofChildren: true)) }

  private static func seconds(_ usage: rusage) -> Double {
    [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }
}

/// Memory of this process.
public enum ProcessMemory {
  /// The peak of its resident memory, in bytes.
  public static var peakResident: Int {
    #if os(Linux)
      usage().ru_maxrss * 1024
    #else
      usage().ru_maxrss
    #endif
  }

  /// Sets the peak to the present resident memory, where the system can do that (Linux).
  static func resetPeak() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }

  /// The memory limit of this process in bytes: that of the machine or of its control groups.
  public static var limit: Int? {
    let limits = [Int(clamping: ProcessInfo.processInfo.physicalMemory), ControlGroup().memory].compactMap(\.self)
    return limits.filter { $0 > 0 }.min()
  }

  /// The current resident memory, in bytes; nil where it is unknown.
  public static var resident: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
  }
}

extension TrainingOptions {
  /// A lower bound of the training's memory in bytes: weights, their average, gradients and moments, and the activations of
  /// the discriminator in the largest stage of growth. The real memory is a few times larger.
  public var leastMemory: Int {
    let size = NetworkSize(of: configuration)
    let weights = 5 * (size.generator + size.generatorBuffers) + 4 * size.discriminator
    // The factor 2 is for reals and fakes.
    let activations = configuration.resolutions.filter { $0 >= schedule.initialResolution }.map {
      2 * schedule.batchSize(at: $0) * configuration.activationCount(at: $0)
    }
    return 4 * (weights + (activations.max() ?? 0))
  }

  /// Refuses a training that cannot fit into the memory of this machine.
  /// - Throws: ``ConfigurationError`` with the settings to reduce.
  public func requireMemory(limit: Int? = ProcessMemory.limit) throws(ConfigurationError) {
    guard device == "cpu", let limit, leastMemory > limit else { return }
    func gigabytes(_ bytes: Int) -> String { String((Double(bytes) / 1e8).rounded(.up) / 10) }
    throw ConfigurationError(
      "this training needs more than \(gigabytes(leastMemory)) GB of memory, and there are \(gigabytes(limit)) GB: choose "
        + "a smaller width, batch or resolution")
  }
}
