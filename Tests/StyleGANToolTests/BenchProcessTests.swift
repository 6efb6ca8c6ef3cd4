import Foundation
import Testing
import Torch
import _TestSupport

/// `bench` measures what it says; no test looks at the times.
@Suite struct BenchProcessTests {
  private func rows(_ arguments: String, _ key: String) throws -> [[String: Any]] {
    try withFolder { folder in
      let outcome = try Program.run(
        ["bench", "--seconds", "0.01", "--json", "--threads", "1"] + arguments.split(separator: " ").map(String.init),
        in: folder, environment: ["XDG_CACHE_HOME": folder])
      let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
      let rows = try #require(json?[key] as? [[String: Any]])
      let isSlower = rows.contains { ($0["speedup"] as? Double).map { $0 < 0.9 } ?? false }
      #expect(outcome.exitCode == (isSlower ? 1 : 0), "\(outcome)")
      return rows
    }
  }

  private func areTimes(_ rows: [[String: Any]], _ keys: [String]) -> Bool {
    rows.allSatisfy { row in keys.allSatisfy { (row[$0] as? Double).map { $0 > 0 && $0.isFinite } ?? false } }
  }

  @Test func products() throws {
    let rows = try rows("--only products --precision fp32", "products")
    #expect(rows.count >= 3 && areTimes(rows, ["gigaFLOPS", "libtorchGigaFLOPS"]))
  }

  /// The exit code is 1 exactly where one is slower, which can happen on a busy machine.
  @Test func everyConvolutionIsChecked() throws {
    let rows = try rows("--check --width tiny --resolutions 16 --batch 2", "convolutions")
    #expect(areTimes(rows, ["seconds", "referenceSeconds", "speedup"]))
    let shapes = Set(rows.compactMap { $0["shape"] as? String }),
      kernels = Set(rows.compactMap { $0["kernels"] as? String })
    #expect(kernels == Set(Processor.availableKernels) && shapes.count >= 6)
    #expect(rows.count == kernels.count * shapes.count)
  }

  @Test func allChoicesAreCompared() throws {
    let rows = try rows("--all-choices --width tiny --resolutions 8 --batch 2", "choices")
    #expect(rows.count >= 3 && areTimes(rows, ["imagesPerSecond"]))
    #expect(rows.filter { $0["isMeasured"] as? Bool == true }.count == 1)
  }
}
