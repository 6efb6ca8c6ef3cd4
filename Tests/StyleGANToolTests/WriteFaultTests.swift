#if os(Linux)
  import Foundation
  import Testing
  import _TestSupport

  /// A sample of `Scripts/fault-test`: calls that change files fail, and the program survives.
  @Suite struct WriteFaultTests {
    private static let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(
      .enabled("the library that lets calls fail needs a C compiler") { compiler != nil },
      arguments: [("generate", "ENOSPC EINTR", 9), ("build", "EIO EINTR short", 12)])
    func everyFaultIsSurvived(command: String, kinds: String, every: Int) throws {
      let folder = try TemporaryFolder()
      let outcome = try Program.run(
        [command], in: folder.path, shell: #"shift; exec bash "$SCRIPT" "$@""#,
        environment: [
          "SCRIPT": "\(Program.package)/Scripts/fault-test", "STYLEGAN": Program.path, "KINDS": kinds,
          "EVERY": "\(every)", "CC": Self.compiler ?? "cc",
        ], seconds: 600)
      #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == kinds.split(separator: " ").count)
      for line in lines {
        let match = try #require(line.firstMatch(of: /: (\d+) of (\d+)$/), "\(line)")
        #expect(match.1 == match.2 && match.1 != "0")
      }
    }
  }
#endif
