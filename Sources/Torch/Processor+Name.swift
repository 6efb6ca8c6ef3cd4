import Foundation

extension Processor {
  /// The processor's name, as the system tells it: "Intel(R) Xeon(R) Processor @ 2.10GHz". The architecture where the system
  /// tells none.
  public static var name: String {
    #if os(Linux)
      // One line for each fact of each core; the first core is enough.
      if let file = fopen("/proc/cpuinfo", "r") {
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while fgets(&line, Int32(line.count), file) != nil {
          let parts = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: ":", maxSplits: 1)
          if parts.count == 2, parts[0].hasPrefix("model name") {
            return parts[1].trimmingCharacters(in: .whitespacesAndNewlines)
          }
        }
      }
    #elseif canImport(Darwin)
      var size = 0
      if sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 1 {
        var name = [CChar](repeating: 0, count: size)
        if sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 {
          return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
      }
    #endif
    #if arch(x86_64)
      return "x86-64"
    #elseif arch(arm64)
      return "ARM64"
    #else
      return "unknown"
    #endif
  }
}
