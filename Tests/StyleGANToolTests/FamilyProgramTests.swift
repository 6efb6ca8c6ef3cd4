import Foundation
import Testing
import _TestSupport

/// Families without styles, as their users meet them.
@Suite struct FamilyProgramTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 32, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private func run(_ line: String) throws -> Program.Outcome {
    try Program.run(line.split(separator: " ").map(String.init), in: folder.path)
  }

  private let training = "train --data data.idx3 --kimg 0.04 --tick 0.02 --snap 1 --batch 4 --threads 1 --z-dim 8"

  /// Trains, goes further, draws, walks, measures, and says what it is; and what it has not, in a sentence.
  @Test func aNetworkWithoutStyles() throws {
    let trained = try run("\(training) --cfg dcgan --features 2")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let network = "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first))
    #expect(try run("train --resume latest --kimg 0.06").exitCode == 0)
    #expect(FileManager.default.fileExists(atPath: folder.file("\(network)/loss.png")))
    for line in [
      "generate --network \(network) --grid 3x2 --outdir out",
      "interpolate --network \(network) --seeds 1,2 --frames 2",
      "metrics --network \(network) --data data.idx3 --metrics swd --samples 16",
    ] {
      let outcome = try run(line)
      #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    }
    #expect(network.contains("-dcgan-"))
    let inspection = try run("inspect \(network)")
    #expect(inspection.output.contains("DCGAN, 16×16") && inspection.output.contains("recipe dcgan"))
    #expect(try run("inspect \(network) --json").output.contains(#""family" : "dcgan""#))
    for (line, sentence) in [
      ("style-mixing --network \(network) --rows 1 --cols 2", "is a DCGAN network, which has no styles"),
      ("generate --network \(network) --trunc 0.7", "has no W to truncate in: leave out --trunc"),
      ("generate --network \(network) --trunc-cutoff 2", "has no W to truncate in: leave out --trunc-cutoff"),
      ("generate --network \(network) --noise-mode random", "without noise inputs"),
      ("generate --network \(network) --noise-mode none", "leave out --noise-mode none"),
      ("interpolate --network \(network) --seeds 1,2 --space w", "has no W to walk in: only --space z"),
      ("train --data data.idx3 --cfg stylegan --init-from \(network)", "--cfg of the same family"),
    ] {
      let outcome = try run(line)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(line): \(outcome.errors)")
    }
  }

  /// The switches of Table 1 reach the network.
  @Test func switchesShapeTheNetwork() throws {
    let outcome = try run(
      "train --data data.idx3 --cfg stylegan --no-noise --mapping-layers 2 --mixing 0.5 --width tiny --dry-run")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for text in [#""noise" : false"#, #""mappingLayers" : 2"#, #""mixingProbability" : 0.5"#, #""blur" : true"#] {
      #expect(outcome.output.contains(text), "\(text)")
    }
  }

  @Test func recipesAreListed() throws {
    let outcome = try run("train --cfg list")
    #expect(outcome.exitCode == 0)
    for name in ["gan", "dcgan", "wgan", "wgan-gp", "pggan", "stylegan-a", "stylegan-f", "stylegan"] {
      #expect(outcome.output.contains("\n\(name): "), "\(name)")
    }
  }

  @Test(arguments: [
    ("--cfg dcgan --mapping-layers 3", "--mapping-layers means nothing to DCGAN"),
    ("--cfg gan --critic-steps 5", "critic steps need fakes of their own"),
    ("--cfg dcgan --loss wasserstein", "use --clip 0.01 or --penalty gp"),
    ("--cfg dcgan --growing", "cannot grow"), ("--cfg biggan", "'biggan' is invalid"),
  ])
  func nonsenseIsRefused(options: String, sentence: String) throws {
    let outcome = try run("train --data data.idx3 --dry-run \(options)")
    #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(outcome.errors)")
  }
}
