import Foundation
import Testing
import Torch
import _TestSupport

/// `STYLEGAN_KERNELS` as the program takes it.
@Suite struct KernelWishTests {
  private func run(_ command: String, kernels: String, in folder: String) throws -> Program.Outcome {
    try Program.run(
      command.split(separator: " ").map(String.init), in: folder, environment: ["STYLEGAN_KERNELS": kernels])
  }

  /// Neither a trap nor other kernels than those asked for.
  @Test(arguments: [
    "bench --width tiny --resolutions 8", "generate --network none.safetensors --seeds 0", "dataset info none",
    "train --data none --dry-run", "inspect none.safetensors",
  ])
  func wishesThatCannotBeMetAreRefused(command: String) throws {
    let folder = try TemporaryFolder()
    for wish in ["foo", "AVX2", "avx2 "] {
      let outcome = try run(command, kernels: wish, in: folder.path)
      #expect(outcome.exitCode == 64 && outcome.output == "" && outcome.errorLines.count == 1, "\(outcome)")
      let list = Processor.availableKernels.joined(separator: ", ")
      #expect(
        outcome.errors
          == "error: this processor has no kernels '\(wish)'; set STYLEGAN_KERNELS to one of: \(list)\n")
    }
    #expect(folder.contents == [])
  }

  /// `bench` says which kernels and which threads it measured.
  @Test func benchTellsWhatRuns() throws {
    let folder = try TemporaryFolder()
    for wish in Set([Processor.availableKernels[0], "generic", ""]) {
      let outcome = try run(
        "bench --width tiny --resolutions 8 --batch 1 --only synthesis --kernels fast --precision fp32 --seconds 0.001 --json",
        kernels: wish, in: folder.path)
      let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
      #expect(report["kernels"] as? String == (wish.isEmpty ? Processor.availableKernels[0] : wish))
      #expect(report["availableKernels"] as? [String] == Processor.availableKernels)
      #expect(report["threadPool"] as? String == Processor.threadPool.rawValue)
    }
  }
}
