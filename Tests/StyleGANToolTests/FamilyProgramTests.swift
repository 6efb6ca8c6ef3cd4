import Foundation
import GANs
import Images
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
      ("interpolate --network \(network) --seeds 1,2 --space w", "has no W to walk in: use --space z"),
      ("train --data data.idx3 --cfg stylegan --init-from \(network)", "--cfg of the same family"),
    ] {
      let outcome = try run(line)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(line): \(outcome.errors)")
    }
  }

  /// A recipe, small, with what its networks have.
  struct Kind: CustomTestStringConvertible {
    let recipe, title, options: String
    var side = 32
    var hasW = false

    var testDescription: String { recipe }
  }

  static let kinds: [Kind] = [
    Kind(recipe: "gan", title: "GAN", options: "", side: 28),
    Kind(recipe: "dcgan", title: "DCGAN", options: "--features 2"),
    Kind(recipe: "wgan", title: "WGAN", options: "--features 2 --critic-steps 1"),
    Kind(recipe: "wgan-gp", title: "WGAN-GP", options: "--features 2 --critic-steps 1"),
    Kind(recipe: "pggan", title: "Progressive GAN", options: "--fmap-max 4 --no-growing"),
    Kind(recipe: "stylegan-b", title: "StyleGAN", options: "--fmap-max 4 --no-growing", hasW: true),
  ]

  /// Commands for every network, and those that need styles, W or noise and say so: after two steps of each family, on
  /// pictures of 28×28 without classes.
  @Test(arguments: kinds)
  func commandsOfEveryFamily(kind: Kind) throws {
    try idx(count: 32, side: 28).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
    let trained = try run(
      "train --data data.idx3 --kimg 0.008 --tick 0.008 --snap 1 --batch 4 --threads 1 --z-dim 8 --outdir runs "
        + "--cfg \(kind.recipe) \(kind.options)")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let network = "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first))
    let start = "--network \(network) --threads 1"
    for line in [
      "generate \(start) --seeds 0-2 --outdir single", "generate \(start) --grid 3x2 --outdir grid",
      "interpolate \(start) --seeds 1,2 --space z --frames 2 --outdir walk", "inspect \(network)",
      "metrics \(start) --data data.idx3 --metrics swd --samples 16", "metrics \(start) --metrics msssim --samples 8",
      "figures \(start) --only 7 --data data.idx3 --outdir data-figure", "report \(network)",
    ] {
      let outcome = try run(line)
      #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    }
    let picture = try ImageDecoder.decode(contentsOf: folder.file("single/seed0002.png"))
    #expect((picture.width, picture.height) == (kind.side, kind.side))
    #expect(try run("inspect \(network)").output.contains("\(kind.title), \(kind.side)×\(kind.side), 1 channel"))

    let styles = kind.hasW ? "is a StyleGAN network without styles" : "is a \(kind.title) network, which has no styles"
    var refusals = [
      ("style-mixing \(start) --rows 1 --cols 2", styles), ("directions \(start)", styles),
      ("figures \(start) --only 3", styles), ("figures \(start) --only 2,8", styles),
      ("interpolate \(start) --seeds 1,2 --path mixing", styles),
      ("metrics \(start) --metrics swd --data data.idx3 --mixing-stress 2 --samples 16", styles),
      ("generate \(start) --seeds 1 --noise-mode random", "network without noise inputs"),
      ("project \(start) --data data.idx3 --items 0 --space w+", kind.hasW ? styles : "which has no styles"),
    ]
    if kind.hasW {
      refusals += [
        ("interpolate \(start) --seeds 1,2 --moving-noise", "no noise inputs"),
        ("project \(start) --data data.idx3 --items 0 --optimize-noise", "without noise inputs"),
      ]
    } else {
      refusals += [
        ("generate \(start) --seeds 1 --trunc 0.7", "has no W to truncate in"),
        ("interpolate \(start) --seeds 1,2 --space w", "has no W to walk in"),
        ("interpolate \(start) --seeds 1,2 --path truncation", "has no W to walk in"),
        ("project \(start) --data data.idx3 --items 0", "which has no space W"),
        ("metrics \(start) --metrics ppl_wend --samples 8", "no W"),
      ]
    }
    for (line, sentence) in refusals {
      let outcome = try run("\(line)\(line.hasPrefix("metrics") ? "" : " --outdir refused")")
      #expect([64, 65].contains(outcome.exitCode) && outcome.errors.contains(sentence), "\(line): \(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("refused")), "a refusal leaves nothing behind")
  }

  /// What StyleGAN's networks can do, another style-based family's can: here the last w has no noise input.
  @Test func stylesOfStyleGAN2() throws {
    try idx(count: 32, side: 32).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
    let trained = try run(
      "train --data data.idx3 --cfg stylegan2 --kimg 0.024 --tick 0.008 --snap 1 --batch 4 --threads 1 --z-dim 8 --w-dim 8 "
        + "--fmap-max 4 --outdir runs")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let network = "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first))
    let start = "--network \(network) --threads 1"
    for line in [
      "inspect \(network)", "generate \(start) --seeds 0-2 --trunc 0.7 --trunc-cutoff 3 --noise-mode random --outdir a",
      "style-mixing \(start) --rows 1 --cols 2,3 --styles coarse --styles 5-7 --outdir b",
      "interpolate \(start) --seeds 1,2 --path mixing --frames 2 --moving-noise --outdir c",
      "directions \(start) --count 2 --layers 7 --seeds 1 --steps 3 --outdir d",
      "project \(start) --data data.idx3 --items 0 --space w+ --optimize-noise --steps 4 --outdir e",
      "figures \(start) --data data.idx3 --outdir f",
      "metrics \(start) --data data.idx3 --metrics swd --mixing-stress 2 --samples 16",
      "metrics \(start) --metrics ppl_wend --samples 8 --detector random-vgg", "report \(network)",
    ] {
      let outcome = try run(line)
      #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    }
    // Found latents with noise images of their own are drawn as they were found.
    let found = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.file("e")).first { $0.hasSuffix(".safetensors") })
    let drawn = try run("generate \(start) --seeds e/\(found) --outdir g")
    #expect(drawn.exitCode == 0, "\(drawn.errors)")
    #expect(try run("inspect \(network)").output.contains("StyleGAN2, 32×32, 1 channel"))
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

  /// What only the first GAN's program or Progressive GAN does is an option of every recipe.
  @Test func partsReachTheTraining() throws {
    let outcome = try run(
      "train --data data.idx3 --cfg dcgan --step-order g-first --halve-d-loss --sample-interval 50 --beta1 0.4 --beta2 0.9 "
        + "--ema-decay 0.99 --dry-run")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for text in [
      #""stepOrder" : "generatorFirst""#, #""halvesDiscriminatorLoss" : true"#, #""batchGridSteps" : 50"#,
      #""beta1" : 0.4"#, #""beta2" : 0.9"#, #""averageDecay" : 0.99"#,
    ] {
      #expect(outcome.output.contains(text), "\(text)")
    }
  }

  /// Every row of Table 4 is a command that `--cfg list` names.
  @Test func table4IsListedAndTrains() throws {
    let list = try run("train --cfg list").output
    for variant in StyleGANConfiguration.table4 {
      let command = "--cfg \(variant.recipe) --mapping-layers \(variant.mappingLayers)"
      #expect(list.contains("\(variant.title), \(variant.mappingLayers): \(command)"))
      let outcome = try run("train --data data.idx3 --width tiny --dry-run \(command)")
      #expect(outcome.exitCode == 0 && outcome.output.contains(#""mappingLayers" : \#(variant.mappingLayers)"#))
    }
  }

  @Test func recipesAreListed() throws {
    let outcome = try run("train --cfg list")
    #expect(outcome.exitCode == 0)
    for name in ["gan", "dcgan", "wgan", "wgan-gp", "pggan", "stylegan-a", "stylegan-f", "stylegan", "stylegan2"] {
      #expect(outcome.output.contains("\n\(name): "), "\(name)")
    }
  }

  @Test(arguments: [
    ("--cfg dcgan --mapping-layers 3", "--mapping-layers means nothing to DCGAN"),
    ("--cfg gan --critic-steps 5", "critic steps needs its own fakes"),
    ("--cfg dcgan --loss wasserstein", "use --clip 0.01 or --penalty gp"),
    ("--cfg dcgan --growing", "cannot grow"), ("--cfg biggan", "'biggan' is invalid"),
    ("--cfg dcgan --critic-steps 5 --step-order g-first", "--critic-steps 1 or --step-order d-first"),
    ("--cfg dcgan --gamma 10", "--gamma is the strength of a penalty, but there is no penalty"),
    ("--cfg wgan --beta1 0.5", "--beta1 is a constant of Adam, but the optimizer is rmsprop"),
    ("--cfg dcgan --fade-kimg 5", "--fade-kimg is for progressive growing, but this network does not grow"),
    ("--cfg stylegan --no-growing --stable-kimg 5", "--stable-kimg is for progressive growing"),
    ("--cfg pggan --ema-kimg 5 --ema-decay 0.9", "use one of them"),
    ("--cfg dcgan --sample-interval -1", "--sample-interval is -1"), ("--cfg dcgan --beta2 1", "--beta2 is 1"),
    ("--cfg pggan --ema-decay 1", "--ema-decay is 1"), ("--cfg dcgan --step-order both", "'both' is invalid"),
  ])
  func nonsenseIsRefused(options: String, sentence: String) throws {
    let outcome = try run("train --data data.idx3 --dry-run \(options)")
    #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(outcome.errors)")
  }
}
