import Foundation

/// Running means of named values between two ticks; part of a training state, so that a restart loses none.
struct Statistics: Codable, Equatable {
  private var sums: [String: Double] = [:]
  private var counts: [String: Int] = [:]

  mutating func add(_ name: String, _ value: Double) {
    sums[name, default: 0] += value
    counts[name, default: 0] += 1
  }

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

  /// What is resident now, in bytes; nil where the system does not tell.
  public static var resident: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
  }
}
