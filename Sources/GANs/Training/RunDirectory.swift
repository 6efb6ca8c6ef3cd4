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

  /// Makes the next numbered folder in `parent`; two processes at once get two folders.
  /// - Throws: `FileError` where it cannot be made.
  public static func create(in parent: String, name: String) throws -> RunDirectory {
    try createUndoably(in: parent, name: name).directory
  }

  /// Makes the next numbered folder, and gives what takes it away again with everything in it.
  static func createUndoably(in parent: String, name: String) throws -> (directory: RunDirectory, undo: () -> Void) {
    let name = fileName(name)
    let parents = try Folder.make(parent)
    // Only folders that were made here, and only while they are empty.
    func removeParents() { for folder in parents.reversed() { rmdir(folder) } }
    var number = (existing(in: parent).map(\.number).max() ?? -1) + 1
    while true {
      let path = "\(parent)/\(String(format: "%05d", number))-\(name)"
      if mkdir(path, 0o777) == 0 {
        return (
          RunDirectory(path: path),
          {
            try? FileManager.default.removeItem(atPath: path)
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

  /// A name without what a file's name cannot have, or that would make it too long.
  private static func fileName(_ name: String) -> String {
    var text = name.map { $0.isLetter || $0.isNumber || "._-+@".contains($0) ? String($0) : "_" }.joined()
    while text.utf8.count > 128 { text.removeFirst() }
    return text
  }

  /// The newest run folder in `parent` that has a state to resume from.
  public static func latest(in parent: String) -> RunDirectory? {
    existing(in: parent).sorted { $0.number < $1.number }.map { RunDirectory(path: "\(parent)/\($0.name)") }
      .last { FileManager.default.fileExists(atPath: $0.state) }
  }

  private static func existing(in parent: String) -> [(number: Int, name: String)] {
    ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).compactMap { name in
      guard let digits = name.split(separator: "-").first, (5...12).contains(digits.utf8.count),
        let number = Int(digits)
      else { return nil }
      return (number, name)
    }
  }

  // MARK: Files

  /// The resolved configuration.
  public var options: String { "\(path)/options.json" }
  /// Lines for people.
  public var log: String { "\(path)/log.txt" }
  /// One JSON object a tick.
  public var statistics: String { "\(path)/stats.jsonl" }
  /// Real images as the network sees them.
  public var reals: String { "\(path)/reals.png" }
  /// Losses, scores, penalties and estimates against kimg.
  public var losses: String { "\(path)/loss.png" }
  /// All that an exact restart needs.
  public var state: String { "\(path)/training-state.safetensors" }

  /// Generated images after so many thousand images.
  public func fakes(kimg: Int) -> String { fakes(padded(kimg)) }
  /// Images of a training batch after so many steps.
  public func batch(steps: Int) -> String { "\(path)/batch\(String(format: "%06d", steps)).png" }
  /// The networks after so many thousand images.
  public func network(kimg: Int) -> String { network(padded(kimg)) }

  private func fakes(_ label: String) -> String { "\(path)/fakes\(label).png" }
  private func network(_ label: String) -> String { "\(path)/network-snapshot-\(label).safetensors" }
  private func padded(_ kimg: Int) -> String { String(format: "%06d", kimg) }

  /// The files of the snapshot after so many images and steps.
  ///
  /// They are named by whole thousands, or to the image ("000150.204") where the whole thousand is another step's: no
  /// snapshot takes another's place, and a step that is done again has the names that it had.
  func snapshot(images: Int, steps: Int) -> (network: String, fakes: String) {
    let kimg = images / 1000
    let taken = network(kimg: kimg)
    var label = padded(kimg)
    if FileManager.default.fileExists(atPath: taken) {
      let history = try? SafetensorsFile(path: taken).decoded("training", as: NetworkFile.History.self)
      if history?.steps != steps { label += String(format: ".%03d", images % 1000) }
    }
    return (network(label), fakes(label))
  }

  /// The thousands of images in the name of a snapshot's network or grid; nil where it is no such name.
  public static func kimg(ofSnapshot name: String) -> Double? {
    for (prefix, suffix) in [("network-snapshot-", ".safetensors"), ("fakes", ".png")]
    where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let label = name.dropFirst(prefix.count).dropLast(suffix.count)
      return label.allSatisfy { $0.isNumber || $0 == "." } ? Double(label) : nil
    }
    return nil
  }

  // MARK: Growing files

  /// Adds a line to the log.
  public func appendToLog(_ line: String) throws { try Self.append(line, to: log) }

  /// Adds a line of statistics, on the disk when this returns.
  func appendStatistics(_ line: String) throws { try Self.append(line, to: statistics, synchronised: true) }

  /// Forgets the statistics of work that has to be done again: all but the first lines.
  ///
  /// Lines are counted, not bytes: timings differ from run to run, and the state of a run must not depend on them.
  func truncateStatistics(toLines count: Int) throws {
    guard FileManager.default.fileExists(atPath: statistics) else { return }
    let bytes = try WholeFile.bytes(of: statistics)
    var size = 0
    for _ in 0..<count {
      guard let end = bytes[size...].firstIndex(of: UInt8(ascii: "\n")) else { break }
      size = end + 1
    }
    guard size < bytes.count else { return }
    guard truncate(statistics, off_t(size)) == 0 else { throw FileError(.write, path: statistics) }
  }

  /// Makes the folder this process's own, as long as the lock lives.
  /// - Throws: ``TrainingError/inUse(_:)`` where another process has it; `FileError` where there is no such folder.
  func lock() throws -> FolderLock {
    guard let lock = try FolderLock(path) else { throw TrainingError.inUse(path) }
    return lock
  }

  /// Removes temporary files of a process that was killed.
  func removeStaleTemporaries() { AtomicFile.removeStale(in: path) }

  /// Adds a line to a file, which is made where it is missing, or leaves the file as it was.
  public static func append(_ line: String, to path: String, synchronised: Bool = false) throws {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    defer { close(descriptor) }
    let size = lseek(descriptor, 0, SEEK_END)
    do {
      try Array((line + "\n").utf8).withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: path) }
      if synchronised, fsync(descriptor) != 0 { throw FileError(.write, path: path) }
    } catch {
      if size >= 0 { _ = ftruncate(descriptor, size) }
      throw error
    }
  }
}
