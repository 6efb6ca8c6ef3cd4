import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Torch

struct DetectorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detector", abstract: "Make detectors, the feature networks of metrics.",
    subcommands: [DetectorTrain.self])
}

struct DetectorTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a small classifier as a detector for metrics.",
    discussion: """
      The classifier has four 3×3 convolutions and a linear layer, and takes less than 0.5 MB. Its data needs labels. \
      Its features are 128 means over the image. Values of different detectors cannot be compared, so each value \
      carries the name of its detector.

      Examples:
        stylegan detector train --data fashion-mnist --test fashion-mnist-test \\
            --out fashion.safetensors
        stylegan metrics --network runs/00000-stylegan-fashion-mnist-32 \\
            --data fashion-mnist --metrics fid50k --detector fashion.safetensors
      """)

  @Option(help: "Labeled data, as for 'stylegan train'.", completion: .data) var data: String
  @Option(
    help: "Labeled data for measuring the accuracy (default: every tenth picture, left out of the training).",
    completion: .data)
  var test: String?
  @Option(help: "The file to write; its name becomes the name of the detector.", completion: .network) var out: String
  @Option(parsing: .unconditional, help: "Crop and resize the pictures to this side (default: no change).")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Number of passes over the data.") var epochs: Int = 8
  @Option(parsing: .unconditional, help: "Seed of the weights and of the order of the data.") var seed: UInt64 = 0
  @Flag(inversion: .prefixedNo, help: "Mirror half of the minibatches horizontally.") var mirror = true
  @OptionGroup var compute: ComputeArguments
  @OptionGroup var output: OutputArguments

  mutating func validate() throws {
    try requireRange("--epochs", epochs, 1...1000)
    if !out.hasSuffix(".safetensors") { throw ValidationError("--out is '\(out)', but must end in .safetensors") }
  }

  func run() throws {
    try StyleGANTool.run {
      let device = try compute.apply()
      try requirePlace(for: out, inputs: [data] + (test.map { [$0] } ?? [])) { _ in false }
      let (data, test) = (try open(data), try test.map(open))
      var trainer = ClassifierTrainer(epochs: epochs, seed: seed)
      trainer.mirror = mirror
      let signals = StopSignals()
      var line = ProgressLine(unit: "pictures", quiet: output.quiet)
      let name = FileSystem.stem(of: out)
      let classifier = try trainer(
        data, test: test, name: name, device: device,
        progress: { done, total, _ in line.show(done, of: total) },
        shouldStop: { signals.received != nil })
      line.clear()
      guard let classifier else { throw ExitCode(128 + (signals.received ?? SIGINT)) }
      try classifier.write(to: out)
      let accuracy = classifier.description.accuracy
      if let accuracy {
        output.say(String(format: "accuracy %.2f %%", accuracy * 100) + " on \(test?.name ?? "every tenth picture")")
      }
      output.say(out)
      try output.finish(Results(path: out, accuracy: accuracy, test: test?.name))
    }
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// The written file.
    let path: String
    /// The share of test pictures that are classified correctly, 0…1.
    let accuracy: Double?
    /// The test data; nil for every tenth picture.
    let test: String?
  }

  private func open(_ spec: String) throws -> any ImageDataset {
    try DatasetSource.open(spec, resolution: resolution, notice: output.note)
  }
}
