import Foundation
import Images

/// The folder of one training run: `runs/00003-stylegan-fashion-mnist-32/`.
public struct RunDirectory: Sendable, Equatable {
  /// Its path.
  public let path: String

  /// An existing run folder.
  public init(path: String) { self.path = path }

  /// Makes the next numbered folder in `parent`.
  /// - Throws: `FileError` where it cannot be made.
  public static func create(in parent: String, name: String) throws -> RunDirectory {
    try makeFolder(parent, intermediate: true)
    var number = (existing(in: parent).map(\.number).max() ?? -1) + 1
    while true {
      let path = "\(parent)/\(String(format: "%05d", number))-\(name)"
      if mkdir(path, 0o777) == 0 { return RunDirectory(path: path) }
      guard errno == EEXIST else { throw FileError(.write, path: path) }
      number += 1
    }
  }

  /// The newest run folder in `parent` that has a state to resume from.
  public static func latest(in parent: String) -> RunDirectory? {
    existing(in: parent).sorted { $0.number < $1.number }.map { RunDirectory(path: "\(parent)/\($0.name)") }
      .last { FileManager.default.fileExists(atPath: $0.state) }
  }

  private static func existing(in parent: String) -> [(number: Int, name: String)] {
    ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).compactMap { name in
      guard let digits = name.split(separator: "-").first, digits.count >= 5, let number = Int(digits) else {
        return nil
      }
      return (number, name)
    }
  }

  private static func makeFolder(_ path: String, intermediate: Bool) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw FileError(.write, path: path, code: ENOTDIR) }
      return
    }
    let parent = AtomicFile.folder(of: path)
    if intermediate, !FileManager.default.fileExists(atPath: parent) { try makeFolder(parent, intermediate: true) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError(.write, path: path) }
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
  /// All that an exact restart needs.
  public var state: String { "\(path)/training-state.safetensors" }

  /// Generated images after so many thousand images.
  public func fakes(kimg: Int) -> String { "\(path)/fakes\(String(format: "%06d", kimg)).png" }
  /// The networks after so many thousand images.
  public func network(kimg: Int) -> String { "\(path)/network-snapshot-\(String(format: "%06d", kimg)).safetensors" }

  // MARK: Growing files

  /// Adds a line to the log.
  public func appendToLog(_ line: String) throws { try Self.append(line, to: log) }

  /// Adds a line of statistics, on the disk when this returns.
  func appendStatistics(_ line: String) throws { try Self.append(line, to: statistics, synchronised: true) }

  /// Keeps the first lines of the statistics: forgets those of work that has to be done again, and a torn one.
  func truncateStatistics(toLines count: Int) throws {
    var status = stat()
    guard stat(statistics, &status) == 0 else {
      if errno == ENOENT { return }
      throw FileError(.read, path: statistics)
    }
    guard let data = FileManager.default.contents(atPath: statistics) else { throw FileError(.read, path: statistics) }
    let ends = data.indices.filter { data[$0] == UInt8(ascii: "\n") }.prefix(count)
    guard truncate(statistics, off_t(ends.last.map { $0 + 1 } ?? 0)) == 0 else {
      throw FileError(.write, path: statistics)
    }
  }

  /// Adds a line to a file, which is made where it is missing.
  public static func append(_ line: String, to path: String, synchronised: Bool = false) throws {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    defer { close(descriptor) }
    try (line + "\n").utf8.withContiguousStorageIfAvailable {
      try AtomicFile.writeAll(UnsafeRawBufferPointer($0), to: descriptor, path: path)
    }!
    if synchronised, fsync(descriptor) != 0 { throw FileError(.write, path: path) }
  }
}
