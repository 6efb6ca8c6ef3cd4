import Files
import Foundation

/// The space that a run takes on the disk, estimated from the sizes of its networks.
public struct DiskUse: Sendable, Equatable {
  /// Bytes of the network file of a snapshot.
  public let network: Int
  /// Bytes of a snapshot's grid of fakes, at most.
  public let grid: Int
  /// Bytes of the training state.
  public let state: Int
  /// Snapshots still to be written, and the largest number of their networks on the disk at once.
  public let snapshots, networks: Int

  /// Bytes of all files. A state is written beside the old one, so it counts twice.
  public var total: Int { networks * network + snapshots * grid + 2 * state }

  /// The use of a run's remaining training.
  /// - Parameter images: images shown already.
  public init(_ options: TrainingOptions, afterImages images: Int = 0) {
    let (configuration, size) = (options.configuration, NetworkSize(of: options.configuration))
    network = 4 * (2 * (size.generator + size.generatorBuffers) + size.discriminator)
    let moments = options.optimizer == .adam ? 2 : 1
    state = network + 4 * moments * (size.generator + size.discriminator)
    let (columns, rows) = gridSize(resolution: configuration.resolution)
    grid = columns * rows * configuration.resolution * configuration.resolution * configuration.imageChannels
    snapshots = options.snapshots(from: images, to: options.totalImages)
    networks = min(snapshots, options.keeping.map { $0.newest + ($0.best == nil ? 1 : 2) } ?? snapshots)
  }

  /// The free bytes of the volume of a path, or of its nearest existing folder; nil where they are unknown.
  public static func free(at path: String) -> Int? {
    var folder = path
    while !FileSystem.exists(folder), folder != "/", folder != "." { folder = Folder.of(folder) }
    return FileSystem.freeBytes(at: folder)
  }
}

extension TrainingOptions {
  /// Images to show in all.
  public var totalImages: Int { Int((totalKimg * 1000).rounded(.up)) }

  /// Images between two snapshots; a step is the least interval.
  private var snapshotImages: Double {
    max(tickKimg * 1000 * Double(snapshotTicks), Double(schedule.batchSize(at: schedule.finalResolution)))
  }

  /// The number of snapshots after `from` images up to `to` images: after every `snapshotTicks` ticks, and at the end.
  public func snapshots(from: Int, to: Int) -> Int {
    guard from < to else { return 0 }
    func count(_ images: Int) -> Double { (Double(images) / snapshotImages).rounded(.down) }
    let isLastExtra = to >= totalImages && count(to) * snapshotImages < Double(to)
    return Int(count(to) - count(from)) + (isLastExtra ? 1 : 0)
  }

  /// The images shown at the first snapshot after `images` images.
  public func nextSnapshot(afterImages images: Int) -> Int {
    let next = ((Double(images) / snapshotImages).rounded(.down) + 1) * snapshotImages
    return next < Double(totalImages) ? Int(next.rounded(.up)) : totalImages
  }

  /// The networks kept by default: all where they take at most 10 GB together, else as many of the newest as fit into 10 GB,
  /// but at least 5.
  public var usualKeeping: SnapshotKeeping? {
    let use = DiskUse(self)
    let limit = SnapshotKeeping.usualBytes
    guard use.snapshots > limit / max(use.network, 1) else { return nil }
    return SnapshotKeeping(newest: max(5, limit / max(use.network, 1)))
  }
}
