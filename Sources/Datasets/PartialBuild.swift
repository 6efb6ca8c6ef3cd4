import Files
import Foundation

/// The working folder of a dataset build: the growing archive, a journal with a line for each image (`ok` or `skip`),
/// and the key with the source and the options.
///
/// An image is written before its line, so each line has its image. Resuming verifies all checksums.
final class PartialBuild {
  private let folder: String
  private let destination: String
  private let writer: ZIPWriter
  private let journal: Int32
  private let lock: FolderLock

  /// The number of finished images of the source, including skipped ones.
  private(set) var done = 0
  /// The indices in the source of the images in the archive.
  private(set) var kept: [Int] = []
  /// The number of images in the archive.
  var images: Int { kept.count }

  /// Resumes the build in `folder` if its key is equal, else starts again.
  /// - Throws: `FileError`, ``DatasetError/badOutput(path:reason:)``.
  init(folder: String, key: String, destination: String) throws {
    (self.folder, self.destination) = (folder, destination)
    let isNew = mkdir(folder, 0o777) == 0
    guard isNew || errno == EEXIST else { throw FileError(.write, path: folder) }
    guard let lock = try FolderLock(folder) else {
      throw DatasetError.badOutput(path: destination, reason: "another process is building it; wait for it or stop it")
    }
    self.lock = lock
    do { writer = try ZIPWriter(folder + "/archive") } catch {
      if isNew { rmdir(folder) }
      throw error
    }
    let old = try? WholeFile.bytes(of: folder + "/key")
    var lines: [Substring] = []
    if old == Array(key.utf8), let text = try? WholeFile.bytes(of: folder + "/journal") {
      // An incomplete last line is dropped.
      lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    } else {
      _ = try writer.recover(atMost: 0, named: Self.name)
      unlink(folder + "/journal")
      try AtomicFile.write(key, to: folder + "/key")
    }
    let intact = try writer.recover(atMost: lines.count { $0 == "ok" }, named: Self.name)
    var text = ""
    for line in lines {
      if line == "ok" {
        if kept.count == intact { break }
        kept.append(done)
      }
      done += 1
      text += line + "\n"
    }
    try AtomicFile.write(text, to: folder + "/journal")
    journal = open(folder + "/journal", O_WRONLY | O_APPEND | O_CLOEXEC)
    guard journal >= 0 else { throw FileError(.write, path: folder + "/journal") }
  }

  deinit { close(journal) }

  /// Removes the folder and its files.
  func abandon() {
    for name in ["archive", "journal", "key"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  /// Adds the next image.
  /// - Throws: `FileError`.
  func append(_ png: [UInt8]) throws {
    try writer.append(png, name: Self.name(of: images))
    kept.append(done)
    try note("ok")
  }

  /// Skips the next image.
  /// - Throws: `FileError`.
  func skip() throws { try note("skip") }

  /// Adds `dataset.json`, moves the archive to its destination and removes the folder.
  /// - Parameter labels: one for each image in the archive, or nil.
  /// - Throws: `FileError`.
  func finish(labels: [Int]?, labelNames: [String]) throws {
    var json = "{\"labels\": "
    if let labels {
      json += "[\n\(labels.enumerated().map { "[\"\(Self.name(of: $0))\", \($1)]" }.joined(separator: ",\n"))\n]"
      if !labelNames.isEmpty { json += ",\n\"label_names\": \(try Labels.json(labelNames))" }
    } else {
      json += "null"
    }
    try writer.append(Array((json + "}\n").utf8), name: "dataset.json")
    try writer.finish()
    guard rename(folder + "/archive", destination) == 0 else { throw FileError(.write, path: destination) }
    Folder.synchronize(Folder.of(destination))
    for name in ["journal", "key"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  /// NVIDIA's name of image `number`; a folder has 1000 images.
  private static func name(of number: Int) -> String {
    let digits = String(number).leftPadded(to: 8)
    return "\(digits.prefix(5))/img\(digits).png"
  }

  private func note(_ line: String) throws {
    try Array((line + "\n").utf8).withUnsafeBytes {
      try AtomicFile.writeAll($0, to: journal, path: folder + "/journal")
    }
    done += 1
  }
}
