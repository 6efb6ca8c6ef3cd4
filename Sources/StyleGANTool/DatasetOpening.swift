import Datasets

/// Opens a dataset for long work: says on stderr what is left out, and shows the progress of the first look at all files.
/// - Parameter quiet: say and show nothing.
/// - Throws: the errors of `DatasetSource.open`.
func openDataset(_ spec: String, resolution: Int?, channels: Int?, quiet: Bool) throws -> any ImageDataset {
  var line = ProgressLine(unit: "files")
  defer { line.clear() }
  func show(_ done: Int, _ total: Int) { if !quiet { line.show(done, of: total) } }
  func say(_ sentence: String) { if !quiet { printError(sentence) } }
  return try DatasetSource.open(spec, resolution: resolution, channels: channels, notice: say, progress: show)
}
