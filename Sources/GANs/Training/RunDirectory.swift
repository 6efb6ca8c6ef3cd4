import Files
import Foundation
import Images
import Torch

/// The folder of one training run: `runs/00003-stylegan-fashion-mnist-32/`.
public struct RunDirectory: Sendable, Equatable {
  /// Its path.
  public let path: String

  /// An existing run folder.
  public init(path: String) { self.path = path }

  /// Makes the next numbered folder in `parent`; concurrent processes get different folders.
  /// - Throws: `FileError` where it cannot be created.
  public static func create(in parent: String, name: String) throws -> RunDirectory {
    try createUndoably(in: parent, name: name).directory
  }

  /// Makes the next numbered folder; `undo` removes it with its content.
  static func createUndoably(in parent: String, name: String) throws -> (directory: RunDirectory, undo: () -> Void) {
    let name = fileName(name)
    let parents = try Folder.make(parent)
    // Only folders created here, and only empty ones.
    func removeParents() { for folder in parents.reversed() { rmdir(folder) } }
    var number = (existing(in: parent).map(\.number).max() ?? -1) + 1
    while true {
      let path = "\(parent)/\(String(format: "%05d", number))-\(name)"
      if mkdir(path, 0o777) == 0 {
        return (
          RunDirectory(path: path),
          {
            try? FileSystem.remove(path)
            removeParents()
          }
        )
      }
      guard errno == EEXIST else {
        let error = FileError(.write, path: path)
        removeParents()
        throw error
      }
      number += 1
    }
  }

  /// A name without characters that are unsafe in file names, at most 128 bytes long.
  private static func fileName(_ name: String) -> String {
    var text = name.map { $0.isLetter || $0.isNumber || "._-+@".contains($0) ? String($0) : "_" }.joined()
    while text.utf8.count > 128 { text.removeFirst() }
    return text
  }

  /// The newest run folder in `parent` with a training state.
  public static func latest(in parent: String) -> RunDirectory? {
    existing(in: parent).sorted { $0.number < $1.number }.map { RunDirectory(path: "\(parent)/\($0.name)") }
      .last { FileSystem.exists($0.state) }
  }

  private static func existing(in parent: String) -> [(number: Int, name: String)] {
    ((try? Folder.names(in: parent)) ?? []).compactMap { name in
      guard let digits = name.split(separator: "-").first, (5...12).contains(digits.utf8.count),
        let number = Int(digits)
      else { return nil }
      return (number, name)
    }
  }

  // MARK: Files

  /// The resolved configuration.
  public var options: String { "\(path)/options.json" }
  /// The log.
  public var log: String { "\(path)/log.txt" }
  /// One JSON object per tick.
  public var statistics: String { "\(path)/stats.jsonl" }
  /// A grid of real images as input of the network.
  public var reals: String { "\(path)/reals.png" }
  /// A plot of losses, scores, penalties, path lengths and estimates against kimg.
  public var losses: String { "\(path)/loss.png" }
  /// The files of the data.
  public var dataRecord: String { "\(path)/data.json" }
  /// The numbers of the held-out images.
  public var validationRecord: String { "\(path)/validation.json" }
  /// A grid of the first fakes, until the first snapshot.
  public var preview: String { "\(path)/preview.png" }
  /// Everything for an exact resume.
  public var state: String { "\(path)/training-state.safetensors" }

  /// A grid of fakes after `kimg` thousand images.
  public func fakes(kimg: Int) -> String { fakes(padded(kimg)) }
  /// A grid of a training batch's fakes after `steps` steps.
  public func batch(steps: Int) -> String { "\(path)/batch\(padded(steps)).png" }
  /// The networks after `kimg` thousand images.
  public func network(kimg: Int) -> String { network(padded(kimg)) }

  /// The networks of all snapshots, oldest first.
  public var networks: [String] {
    let names = (try? Folder.names(in: path)) ?? []
    let found = names.filter { $0.hasPrefix("network-snapshot-") }.compactMap { name in
      Self.kimg(ofSnapshot: name).map { (kimg: $0, name: name) }
    }
    return found.sorted { $0.kimg < $1.kimg }.map { "\(path)/\($0.name)" }
  }

  private func fakes(_ label: String) -> String { "\(path)/fakes\(label).png" }
  private func network(_ label: String) -> String { "\(path)/network-snapshot-\(label).safetensors" }
  private func padded(_ number: Int) -> String { String(format: "%06d", number) }

  /// The files of the snapshot after `images` images and `steps` steps.
  ///
  /// Their names have whole thousands, or the exact number ("000150.204") below one thousand, where another step uses the
  /// whole thousand, and where snapshots are less than a thousand images apart. So no snapshot replaces another, also where
  /// older networks were removed, and a repeated step gets the same names.
  /// - Parameter interval: thousands of images between two snapshots.
  func snapshot(images: Int, steps: Int, interval: Double) -> (network: String, fakes: String) {
    let kimg = images / 1000
    let (taken, exact) = (network(kimg: kimg), padded(kimg) + String(format: ".%03d", images % 1000))
    var label = kimg == 0 || interval < 1 ? exact : padded(kimg)
    if label != exact, FileSystem.exists(taken) {
      let history = try? SafetensorsFile(path: taken).decoded("training", as: NetworkFile.History.self)
      if history?.steps != steps { label = exact }
    }
    return (network(label), fakes(label))
  }

  /// The thousands of images in the name of a snapshot's network or grid; nil for other names.
  public static func kimg(ofSnapshot name: String) -> Double? {
    for (prefix, suffix) in [("network-snapshot-", ".safetensors"), ("fakes", ".png")]
    where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let label = name.dropFirst(prefix.count).dropLast(suffix.count)
      return label.allSatisfy { $0.isNumber || $0 == "." } ? Double(label) : nil
    }
    return nil
  }

  // MARK: Growing files

  /// Appends a line to the log.
  public func appendToLog(_ line: String) throws { try Self.append(line, to: log) }

  /// Appends a line of statistics and synchronizes the file to disk.
  func appendStatistics(_ line: String) throws { try Self.append(line, to: statistics, synchronized: true) }

  /// Keeps the first `count` lines of the statistics; a resumed run writes the others again.
  ///
  /// The state has the number of lines, not of bytes, because timings in the lines differ from run to run.
  func truncateStatistics(toLines count: Int) throws {
    guard FileSystem.exists(statistics) else { return }
    let bytes = try WholeFile.bytes(of: statistics)
    var size = 0
    for _ in 0..<count {
      guard let end = bytes[size...].firstIndex(of: UInt8(ascii: "\n")) else { break }
      size = end + 1
    }
    guard size < bytes.count else { return }
    guard repeatingInterrupted({ truncate(statistics, off_t(size)) }) == 0 else {
      throw FileError(.write, path: statistics)
    }
  }

  /// Locks the folder for this process while the lock exists.
  /// - Throws: ``TrainingError/inUse(_:)`` where another process has the lock; `FileError` where the folder is missing.
  func lock() throws -> FolderLock {
    guard let lock = try FolderLock(path) else { throw TrainingError.inUse(path) }
    return lock
  }

  /// Removes temporary files of a killed process.
  func removeStaleTemporaries() { AtomicFile.removeStale(in: path) }

  /// Appends a line to a file, and creates a missing file. On an error the file stays unchanged.
  public static func append(_ line: String, to path: String, synchronized: Bool = false) throws {
    let descriptor = repeatingInterrupted { open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    defer { close(descriptor) }
    let size = lseek(descriptor, 0, SEEK_END)
    do {
      try Array((line + "\n").utf8).withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
      if synchronized, repeatingInterrupted({ fsync(descriptor) }) != 0 { throw FileError(.write, path: path) }
    } catch {
      if size >= 0 { repeatingInterrupted { ftruncate(descriptor, size) } }
      throw error
    }
  }
}
