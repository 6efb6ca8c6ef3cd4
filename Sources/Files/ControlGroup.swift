import Foundation

/// The limits of this process that containers and service managers set: control groups (Linux, versions 1 and 2) and the
/// affinity mask. Programs that ignore them start more threads than they may run, and are slowed down a lot.
public struct ControlGroup: Sendable {
  private let root: String
  /// The group of each controller, by its name; "" for version 2.
  private let groups: [String: String]

  /// The groups of this process.
  /// - Parameters:
  ///   - root: where control groups are mounted.
  ///   - membership: the file with the groups of the process.
  public init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
    self.root = root
    var groups: [String: String] = [:]
    // "0::/a/b" (version 2), "4:cpu,cpuacct:/a/b" (version 1)
    for line in Self.text(membership)?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
        groups[String(controller)] = String(fields[2])
      }
    }
    self.groups = groups
  }

  /// The number of processors that the process may use at once, by its quota of time; nil without a quota.
  public var processors: Double? {
    let quotas =
      values("cpu.max", of: "", in: [""]) { text in
        // "150000 100000" or "max 100000": microseconds per period.
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
          return nil
        }
        return quota / period
      }
      + folders(of: "cpu", in: ["cpu", "cpu,cpuacct"]).compactMap { folder in
        guard let quota = Self.number("\(folder)/cpu.cfs_quota_us"), quota > 0,
          let period = Self.number("\(folder)/cpu.cfs_period_us"), period > 0
        else { return nil }
        return quota / period
      }
    return quotas.filter { $0 > 0 }.min()
  }

  /// The limit of memory in bytes; nil without a limit.
  public var memory: Int? {
    let number = { (text: String) in Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
    let limits =
      values("memory.max", of: "", in: [""], number)
      + values("memory.limit_in_bytes", of: "memory", in: ["memory"], number)
    // Version 1 writes a number near 2⁶³ where there is no limit.
    return limits.filter { $0 > 0 && $0 < 4e18 }.min().map { Int($0) }
  }

  /// The values of a file in a group and in the groups around it; a process is bound by all of them.
  private func values(
    _ name: String, of controller: String, in mounts: [String], _ read: (String) -> Double?
  ) -> [Double] {
    folders(of: controller, in: mounts).compactMap { Self.text("\($0)/\(name)").flatMap(read) }
  }

  /// The folders of a controller's group and of the groups around it. In a container the path of the group may not be
  /// visible; then the root is its group.
  private func folders(of controller: String, in mounts: [String]) -> [String] {
    var parts = (groups[controller] ?? "/").split(separator: "/").filter { $0 != ".." }
    var paths = [parts.joined(separator: "/")]
    while !parts.isEmpty {
      parts.removeLast()
      paths.append(parts.joined(separator: "/"))
    }
    return mounts.flatMap { mount in
      paths.map { [root, mount, $0].filter { !$0.isEmpty }.joined(separator: "/") }
    }
  }

  private static func number(_ path: String) -> Double? {
    text(path).flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func text(_ path: String) -> String? {
    // Such files tell no size, so they are read as streams.
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}

/// The processors that this process may use.
public enum UsableProcessors {
  /// The number of threads that can run at once: the processors of the affinity mask, at most the quota of the control
  /// group, rounded up.
  public static let count = count(affinity: ProcessInfo.processInfo.activeProcessorCount, in: ControlGroup())

  /// The number for a mask and a group; at least 1.
  package static func count(affinity: Int, in group: ControlGroup) -> Int {
    let quota = group.processors.map { Int($0.rounded(.up)) } ?? .max
    return max(1, min(affinity, quota))
  }
}
