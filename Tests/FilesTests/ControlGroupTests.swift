import Files
import Foundation
import Testing
import _TestSupport

/// Quotas and limits of control groups, from files as Linux shows them.
@Suite struct ControlGroupTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func group(_ membership: String, _ files: [String: String]) throws -> ControlGroup {
    for (path, text) in files {
      let url = URL(fileURLWithPath: folder.file("root/\(path)"))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    try membership.write(toFile: folder.file("self"), atomically: true, encoding: .utf8)
    return ControlGroup(root: folder.file("root"), membership: folder.file("self"))
  }

  @Test func versionTwo() throws {
    let group = try group(
      "0::/user.slice/job.scope\n",
      [
        "user.slice/job.scope/cpu.max": "150000 100000\n", "user.slice/job.scope/memory.max": "max\n",
        "user.slice/cpu.max": "max 100000\n", "user.slice/memory.max": "2000000000\n",
      ])
    #expect(group.processors == 1.5 && group.memory == 2_000_000_000)
    #expect(UsableProcessors.count(affinity: 16, in: group) == 2)
    #expect(UsableProcessors.count(affinity: 1, in: group) == 1)
  }

  /// The group around is stricter.
  @Test func theStrictestGroupCounts() throws {
    let group = try group(
      "0::/a/b\n", ["a/b/cpu.max": "400000 100000", "a/cpu.max": "50000 100000", "cpu.max": "800000 100000"])
    #expect(group.processors == 0.5)
    #expect(UsableProcessors.count(affinity: 8, in: group) == 1)
  }

  /// A container shows its own group as the root, and the path of the host leads nowhere.
  @Test func containers() throws {
    let group = try group(
      "0::/../../docker/0123456789\n", ["cpu.max": "300000 100000\n", "memory.max": "1073741824\n"])
    #expect(group.processors == 3 && group.memory == 1 << 30)
  }

  @Test(arguments: ["cpu", "cpu,cpuacct"])
  func versionOne(mount: String) throws {
    let group = try group(
      "11:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/init.scope\n",
      [
        "\(mount)/job/cpu.cfs_quota_us": "250000\n", "\(mount)/job/cpu.cfs_period_us": "100000\n",
        "\(mount)/cpu.cfs_quota_us": "-1\n", "\(mount)/cpu.cfs_period_us": "100000\n",
        "memory/job/memory.limit_in_bytes": "3000000000\n", "memory/memory.limit_in_bytes": "9223372036854771712\n",
      ])
    #expect(group.processors == 2.5 && group.memory == 3_000_000_000)
    #expect(UsableProcessors.count(affinity: 64, in: group) == 3)
  }

  @Test func withoutLimits() throws {
    let unlimited = try group(
      "0::/\n", ["cpu.max": "max 100000\n", "memory.max": "max\n", "cpu/cpu.cfs_quota_us": "-1\n"])
    #expect(unlimited.processors == nil && unlimited.memory == nil)
    #expect(UsableProcessors.count(affinity: 5, in: unlimited) == 5)
    let missing = ControlGroup(root: folder.file("nowhere"), membership: folder.file("nothing"))
    #expect(missing.processors == nil && missing.memory == nil)
    let garbage = try group("nonsense\n0:\n", ["cpu.max": "x y\n", "memory.max": "\n"])
    #expect(garbage.processors == nil && garbage.memory == nil)
  }

  @Test func thisProcess() { #expect(UsableProcessors.count >= 1) }
}
