import Files

/// New values of options when a run is resumed. None of them changes the mathematics of the training.
public struct RunChanges {
  /// A new end, in thousands of images, also for a training of a given time; nil for the old one. So it is with the other
  /// options, too.
  public var totalKimg: Double?
  /// A new path of the data.
  public var data: String?
  /// Ticks between two snapshots.
  public var snapshotTicks: Int?
  /// Steps between two grids of a batch's fakes.
  public var batchGridSteps: Int?
  /// Threads per operation. The last bits of results depend on their number.
  public var threads: Int?
  /// Changes which networks of snapshots are kept.
  public var keeping: (inout SnapshotKeeping?) throws -> Void = { _ in }
  /// Changes the metrics.
  public var measures: (inout MeasureOptions?) -> Void
  /// Whether the run continues with data that differ from those of its start.
  public var acceptsChangedData = false

  /// No changes but these.
  public init(
    totalKimg: Double? = nil, data: String? = nil, measures: @escaping (inout MeasureOptions?) -> Void = { _ in }
  ) { (self.totalKimg, self.data, self.measures) = (totalKimg, data, measures) }

  /// Options with these changes.
  /// - Parameter images: images that the run has shown.
  /// - Throws: ``ConfigurationError``, also for a length that the run has passed; errors of `keeping`.
  func applied(to options: TrainingOptions, afterImages images: Int) throws -> TrainingOptions {
    var options = options
    if let totalKimg {
      let shown = Double(images) / 1000
      guard totalKimg * 1000 >= Double(images) || totalKimg == options.totalKimg else {
        throw ConfigurationError(
          "the run has trained \(shown) kimg already, and \(field: .totalKimg) is \(totalKimg): give more than \(shown)"
        )
      }
      (options.totalKimg, options.totalSeconds) = (totalKimg, nil)
    }
    if let data { options.data = data }
    if let snapshotTicks { options.snapshotTicks = snapshotTicks }
    if let batchGridSteps { options.batchGridSteps = batchGridSteps }
    if let threads { options.threads = threads }
    try keeping(&options.keeping)
    measures(&options.measures)
    try options.validate()
    return options
  }
}
