import Foundation

/// Running means of named values between two ticks; part of a training state, so that a restart loses none.
struct Statistics: Codable, Equatable {
  private var sums: [String: Double] = [:]
  private var counts: [String: Int] = [:]

  mutating func add(_ name: String, _ value: Double) {
    sums[name, default: 0] += value
    counts[name, default: 0] += 1
  }

  /// Whether every sum has its count, as in every state that was written.
  var isConsistent: Bool { Set(sums.keys) == Set(counts.keys) && counts.values.allSatisfy { $0 > 0 } }

  var means: [String: Double] { Dictionary(uniqueKeysWithValues: sums.map { ($0, $1 / Double(counts[$0]!)) }) }
}

/// Memory of this process.
public enum ProcessMemory {
  /// The most that was ever resident, in bytes.
  public static var peakResident: Int {
    var usage = rusage()
    #if os(Linux)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  /// The most that this process can have, in bytes: of the machine, its control group, or its own limit.
  public static var limit: Int? {
    var limits = [Int(clamping: ProcessInfo.processInfo.physicalMemory)]
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      if let text = try? String(contentsOfFile: path, encoding: .utf8), let value = Int(text.filter(\.isNumber)) {
        limits.append(value)
      }
    }
    return limits.filter { $0 > 0 }.min()
  }

  /// What is resident now, in bytes; nil where the system does not tell.
  public static var resident: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
  }
}
