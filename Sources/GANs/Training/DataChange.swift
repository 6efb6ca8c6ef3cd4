import Datasets
import Files
import Foundation

/// A change of the data during a run. The run's options have all of them.
public struct DataChange: Codable, Sendable, Equatable {
  /// Thousands of images that the run had shown.
  public var kimg: Double
  /// The data before and after.
  public var before, after: TrainingOptions.DatasetIdentity
  /// The changed files, in words: "1 file changed (a.png)".
  public var what: String
}

/// The files of a run's data: `data.json` in its folder. It tells what changed when a run is resumed.
struct DataRecord: Codable {
  /// The fingerprint of the data with these files.
  var fingerprint: String
  /// The files.
  var files: DatasetContents

  /// The record of a data set.
  init(_ dataset: any ImageDataset) throws { (fingerprint, files) = (dataset.fingerprint, try dataset.contents()) }

  /// The record in a run's folder for data with this fingerprint; nil where it is missing, damaged, or of other data.
  init?(in directory: RunDirectory, fingerprint: String) {
    guard let bytes = try? WholeFile.bytes(of: directory.dataRecord),
      let record = try? JSONDecoder().decode(DataRecord.self, from: Data(bytes)), record.fingerprint == fingerprint
    else { return nil }
    self = record
  }

  func write(to directory: RunDirectory) throws {
    try AtomicFile.write(try JSON.compact(self), to: directory.dataRecord)
  }

  /// The name of an image's file; nil where one file has all images.
  func name(ofImage index: Int) -> String? { files.names.indices.contains(index) ? files.names[index] : nil }
}

extension TrainingOptions {
  /// Adopts the data of a resumed run.
  ///
  /// Data with another content are refused, with two exceptions: they are accepted by the user, or only those files were
  /// repaired or removed that could not be read and so ended the training.
  /// - Parameters:
  ///   - directory: the run's folder, with the record of its files.
  ///   - progress: the progress of the run.
  ///   - acceptsChanges: whether the user accepts any change.
  /// - Returns: the change; nil for equal data.
  /// - Throws: ``TrainingError/dataChanged(_:_:)``.
  mutating func adopt(
    _ dataset: any ImageDataset, in directory: RunDirectory, after progress: TrainingProgress,
    acceptingChanges acceptsChanges: Bool
  ) throws -> DataChange? {
    guard dataset.fingerprint != self.dataset.fingerprint else { return nil }
    let record = DataRecord(in: directory, fingerprint: self.dataset.fingerprint)
    let changes = try record.map { try dataset.changes(since: $0.files) }
    let what = changes?.description ?? "its content differs"
    let unreadable = Set(progress.unreadable ?? [])
    let isRepair = changes.map {
      !$0.isEmpty && $0.added.isEmpty && $0.relabeled.isEmpty && unreadable.isSuperset(of: $0.changed + $0.missing)
    }
    guard acceptsChanges || isRepair == true else { throw TrainingError.dataChanged(data, what) }
    let change = DataChange(
      kimg: Double(progress.images) / 1000, before: self.dataset,
      after: DatasetIdentity(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
      what: what)
    self.dataset = change.after
    dataChanges.append(change)
    return change
  }
}

extension ImageDataset {
  /// The numbers of images that cannot be read, as far as they are found in some seconds.
  /// - Parameters:
  ///   - first: the images to try first.
  ///   - seconds: when to stop.
  func unreadableImages(first: [Int], seconds: Double = 10) -> [Int] {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    func isBad(_ index: Int) -> Bool {
      do { _ = try image(at: index) } catch { return true }
      return false
    }
    var bad = Set(first.filter(isBad))
    for index in 0..<count where clock.now < end && !bad.contains(index) && isBad(index) { bad.insert(index) }
    return bad.sorted()
  }
}
