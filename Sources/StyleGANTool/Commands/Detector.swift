import ArgumentParser
import Datasets
import Foundation
import GANs
import Torch

struct DetectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detector", abstract: "Make detectors: the networks that metrics look at images with.",
    subcommands: [DetectorTrain.self])
}

struct DetectorTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a small classifier as a detector for metrics.",
    discussion: """
      Four 3×3 convolutions and a linear layer, under 0.5 MB, for data with labels. Features are 128 means over the image; \
      values of different detectors do not compare, so each value is named with its detector.

      Examples:
        stylegan detector train --data fashion-mnist --test fashion-mnist-test --out fashion.safetensors
        stylegan metrics --network runs/00000-… --data fashion-mnist --metrics fid50k --detector fashion.safetensors
      """)

  @Option(help: "Labelled data: what 'stylegan train' takes.") var data: String
  @Option(help: "Labelled data to measure accuracy on (default: every tenth picture, which is then not trained on).")
  var test: String?
  @Option(help: "The file to write; its name becomes the detector's.") var out: String
  @Option(parsing: .unconditional, help: "Crop and resize the pictures to this side (default: as they are).")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Passes over the data.") var epochs: Int = 8
  @Option(parsing: .unconditional, help: "Fixes weights and order.") var seed: UInt64 = 0
  @Flag(inversion: .prefixedNo, help: "Mirror half of the minibatches left to right.") var mirror = true
  @OptionGroup var compute: ComputeArguments
  @Flag(help: "Print nothing but errors.") var quiet = false

  mutating func validate() throws {
    if !(1...1000).contains(epochs) { throw ValidationError("--epochs is \(epochs), but must be 1 to 1000") }
    if !out.hasSuffix(".safetensors") { throw ValidationError("--out is '\(out)', but must end in .safetensors") }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      try requirePlace(for: out)
      let (data, test) = (try open(data), try test.map(open))
      var trainer = ClassifierTrainer(epochs: epochs, seed: seed)
      trainer.mirror = mirror
      let signals = StopSignals()
      var line = ProgressLine(unit: "pictures")
      let name = URL(fileURLWithPath: out).deletingPathExtension().lastPathComponent
      let classifier = try trainer(
        data, test: test, name: name, device: device,
        progress: { done, total, _ in if !quiet { line.show(done, of: total) } },
        shouldStop: { signals.received != nil })
      line.clear()
      guard let classifier else { throw ExitCode(128 + (signals.received ?? SIGINT)) }
      try classifier.write(to: out)
      guard !quiet else { return }
      if let accuracy = classifier.description.accuracy {
        print(String(format: "accuracy %.2f %%", accuracy * 100) + " on \(test?.name ?? "every tenth picture")")
      }
      print(out)
    }
  }

  private func open(_ spec: String) throws -> any ImageDataset {
    try DatasetSource.open(spec, resolution: resolution, notice: { printError($0) })
  }
}

extension DetectorError: UserFacingError {
  var exitCode: Int32 { 65 }
}

extension TorchScriptError: UserFacingError {
  var exitCode: Int32 { 65 }
}

extension MetricError: UserFacingError {
  var exitCode: Int32 { 64 }
  var sentence: String { message.sentence }
}
