import Foundation
import GANs

// The output of `train --json`.

/// A training that ended or was stopped.
struct TrainingResults: Encodable {
  /// The folder of the run, and its training state, from which it resumes.
  let run, state: String
  /// The last network file, if the training reached its end in this process.
  let network: String?
  /// The network that --keep-best keeps; nil without it, or before its metric has a value.
  let bestNetwork: String?
  /// Images shown, and the length of the training, in thousands of images.
  let kimg, totalKimg: Double
  /// Whether the training has reached its end.
  let finished: Bool

  init(_ trainer: Trainer, network: String?) {
    (run, state, self.network) = (trainer.directory.path, trainer.directory.state, network)
    bestNetwork = trainer.bestNetwork?.network
    (kimg, totalKimg) = (Double(trainer.imagesShown) / 1000, trainer.options.totalKimg)
    finished = trainer.imagesShown >= trainer.totalImages
  }
}

/// A training that `--dry-run` resolved.
struct DryRun: Encodable {
  /// All options, as in `options.json`.
  let options: TrainingOptions
  /// The sizes of the networks.
  let generatorParameters, discriminatorParameters: Int
  let forecast: TrainingForecast.Values
}

/// A recipe of `--cfg list`.
struct RecipeSummary: Encodable {
  /// The name, and a sentence about it.
  let name, summary: String
  /// The sizes of its networks at 32×32, with one channel and the default width.
  let generatorParameters, discriminatorParameters: Int
}
