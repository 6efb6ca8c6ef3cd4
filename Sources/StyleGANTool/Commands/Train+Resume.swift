import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Torch

// Resumed runs.

extension Train {
  /// Refuses options that would change the training of a resumed run.
  func requireSameTraining() throws {
    let given =
      network.all + training.fixed
      + given([
        ("--precision", compute.precisionChoice), ("--kernels", machine.kernels), ("--device", compute.deviceName),
        ("--cfg", place.recipe),
        ("--desc", place.desc),
      ])
    guard let option = given.first else { return }
    let why =
      switch option {
      case "--tick": "the lines of statistics are counted in ticks"
      case "--desc": "its folder has a name already"
      case "--precision", "--device", "--kernels": "its results would be others"
      default: "it would be another training"
      }
    throw ValidationError(
      "--resume continues a run exactly and cannot change \(option), because \(why): leave out "
        + "\(given.joined(separator: ", ")); it takes --kimg, --data, --snap, --keep, --keep-best, --sample-interval, "
        + "--threads, --minutes and metrics")
  }

  /// The given options that a resumed run takes.
  private var changes: RunChanges {
    var changes = RunChanges(totalKimg: training.kimg, data: place.data.map(Self.place)) { measures.apply(to: &$0) }
    changes.snapshotTicks = training.snap
    changes.batchGridSteps = training.sampleInterval
    changes.threads = compute.threads
    changes.keeping = { try keeping.apply(to: &$0) }
    changes.acceptsChangedData = place.dataChanged
    return changes
  }

  func resume(_ target: String) throws {
    let state = try stateFile(target)
    let before = try Trainer.options(resuming: state)
    let options = try Trainer.options(resuming: state, with: changes)
    try measures.requireEffect(on: options.measures, isResumed: true)
    if place.dryRun {
      if try Trainer.imagesShown(resuming: state) >= Int(options.totalKimg * 1000) {
        tell("\(target) has reached its \(options.totalKimg.plain) kimg; extend it with --kimg")
      }
      let data = measures.areGiven ? try dataset(of: options) : nil
      return try describe(
        options, data, afterImages: try Trainer.imagesShown(resuming: state),
        secondsLeft: try Trainer.secondsLeft(resuming: state))
    }
    let signals = StopSignals()
    let trainer = try Trainer(resuming: state, with: changes) { try dataset(of: $0) }
    let path = trainer.directory.path
    if let change = trainer.dataChange {
      let note = "the data changed: \(change.what); \(path)/options.json records it"
      tell(note)
      try trainer.directory.appendToLog(note)
    }
    if before.threads != options.threads {
      notice(
        "warning: \(path) was trained with \(counted(before.threads, "thread")); with \(options.threads) the last bits of "
          + "its results will differ")
    }
    guard trainer.imagesShown < trainer.totalImages || trainer.isWorkLeft || SnapshotMetrics.missed(trainer) != nil
    else {
      tell("\(path) has reached its \(options.totalKimg.plain) kimg; extend it with --kimg")
      return try place.output.finish(TrainingResults(trainer, network: nil))
    }
    try train(trainer, signals)
  }

  /// The data of a resumed run.
  private func dataset(of options: TrainingOptions) throws -> any ImageDataset {
    do {
      let dataset = try openDataset(
        options.data, resolution: options.configuration.dataResolution, channels: options.configuration.imageChannels)
      // Metrics that the run had before are not checked: a missing detector is reported at a snapshot.
      if measures.areGiven { try SnapshotMetrics.requireMeasurable(options, dataset) }
      return dataset
    } catch DatasetError.notFound(let path) where place.data == nil { throw MovedData(path: path) }
  }

  private func stateFile(_ target: String) throws -> String {
    if let sentence = ForeignOptions.addressSentence(target) { throw ValidationError(sentence) }
    try NetworkFile.requireOwnFormat(target)
    if target == "latest" {
      guard let run = RunDirectory.latest(in: place.outdir) else { throw NothingToResume(path: place.outdir) }
      return run.state
    }
    if FileSystem.isFolder(target) {
      let run = RunDirectory(path: target)
      guard FileSystem.exists(run.state) else { throw NothingToResume(path: target) }
      return run.state
    }
    return target
  }
}

/// There is no training state to resume from.
struct NothingToResume: Error, CustomStringConvertible {
  let path: String
  var description: String {
    "\(path) has no training state to resume from; start a run with: stylegan train --data … --outdir \(path)"
  }
}

/// The data of a run is no longer at its path.
struct MovedData: UserFacingError {
  let path: String
  var exitCode: Int32 { 66 }
  var sentence: String { "\(path), the data of this run, does not exist; give its new path with --data" }
}
