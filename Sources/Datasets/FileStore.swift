import Files
import Foundation
import Images

/// A file of a folder or an archive.
struct StoredFile: Sendable {
  /// The relative path without `.`, `..` and empty parts.
  let name: String
  /// A number that changes with the content, as far as known without reading it: the size, or checksum and size.
  let stamp: UInt64
  /// The reason why it cannot be read, if known without trying: a broken link, a folder without permission.
  var failure: FileError?
  /// Whether it is a folder that cannot be read, so that nobody knows its files.
  var isFolder = false

  /// The names of the folders above it.
  var folders: [String] { isFolder ? parts : parts.dropLast() }
  /// The parts of the path.
  var parts: [String] { name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) } }

  /// The extension in lower case; empty without one.
  var fileExtension: String {
    let last = parts.last ?? ""
    guard let dot = last.utf8.lastIndex(of: UInt8(ascii: ".")) else { return "" }
    return String(last[last.index(after: dot)...]).lowercased()
  }

  /// Whether a part of a relative path is hidden or macOS's `__MACOSX`.
  static func isHidden(_ path: String) -> Bool {
    path.utf8.split(separator: UInt8(ascii: "/")).contains {
      $0.first == UInt8(ascii: ".") || $0.elementsEqual("__MACOSX".utf8)
    }
  }

  /// A relative path without `.`, `..` and empty parts. It never leads out of its folder: `..` at the top is dropped.
  /// - Parameter usesBackslashes: whether `\` separates too, as some Windows programs write.
  static func normalized(_ path: String, usesBackslashes: Bool = false) -> String {
    var parts: [Substring.UTF8View] = []
    let isSeparator = { (byte: UInt8) in
      byte == UInt8(ascii: "/") || usesBackslashes && byte == UInt8(ascii: "\\")
    }
    for part in path.utf8.split(whereSeparator: isSeparator) {
      if part.elementsEqual("..".utf8) {
        _ = parts.popLast()
      } else if !part.elementsEqual(".".utf8) {
        parts.append(part)
      }
    }
    return parts.map { String(Substring($0)) }.joined(separator: "/")
  }
}

/// The files of a folder or an archive.
protocol FileStore: Sendable {
  /// The kind in reports: "folder" or "ZIP".
  var kind: String { get }
  /// The name of the dataset.
  var name: String { get }
  /// Its files, without hidden ones.
  var files: [StoredFile] { get }
  /// The number of hidden files and folders, which are never looked at.
  var hidden: Int { get }
  /// The paths of entries that are not regular files, such as pipes.
  var others: [String] { get }
  /// What the store itself leaves out, one sentence each.
  var notes: [String] { get }

  /// The full path of `files[index]`, for messages.
  func path(of index: Int) -> String
  /// The content of `files[index]`; with a limit, at most its first `limit` bytes.
  func bytes(of index: Int, limit: Int?) throws -> [UInt8]
  /// The last `count` bytes of `files[index]`; nil if reading them means reading all.
  func tail(of index: Int, _ count: Int) throws -> (bytes: [UInt8], size: Int)?
}

/// The files of a folder; links are followed, except loops.
struct FolderStore: FileStore {
  let kind = "folder"
  let name: String
  let notes: [String] = []
  private(set) var files: [StoredFile] = []
  private(set) var hidden = 0
  private(set) var others: [String] = []
  private let root: String

  /// - Throws: `FileError`.
  init(_ path: String) throws {
    root = path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    name = FileSystem.name(of: path)
    try visit(root, prefix: "", ancestors: [])
  }

  func path(of index: Int) -> String { "\(root)/\(files[index].name)" }

  func bytes(of index: Int, limit: Int?) throws -> [UInt8] {
    if let failure = files[index].failure { throw failure }
    if let limit { return try WholeFile.prefix(of: path(of: index), limit) }
    return try ImageDecoder.file(at: path(of: index))
  }

  func tail(of index: Int, _ count: Int) throws -> (bytes: [UInt8], size: Int)? {
    if let failure = files[index].failure { throw failure }
    return try WholeFile.suffix(of: path(of: index), count)
  }

  /// - Parameter ancestors: device and inode of the parent folders; one of them again is a loop and is left out.
  private mutating func visit(_ folder: String, prefix: String, ancestors: Set<[UInt64]>) throws {
    var status = stat()
    guard stat(folder, &status) == 0 else { throw FileError(.read, path: folder) }
    let identity = [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
    guard !ancestors.contains(identity) else { return }
    for name in try Folder.names(in: folder) {
      if StoredFile.isHidden(name) {
        hidden += 1
        continue
      }
      let path = folder + "/" + name
      var status = stat()
      guard stat(path, &status) == 0 else {
        // A broken link or a file without permission is listed, so that nothing is lost without a word.
        let failure = FileError(.read, path: path)
        guard !failure.isShortage else { throw failure }
        files.append(StoredFile(name: prefix + name, stamp: 0, failure: failure))
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG: files.append(StoredFile(name: prefix + name, stamp: UInt64(status.st_size)))
      case S_IFDIR:
        do {
          try visit(path, prefix: prefix + name + "/", ancestors: ancestors.union([identity]))
        } catch let failure as FileError where failure.path == path && failure.isAboutThisFile {
          files.append(StoredFile(name: prefix + name, stamp: 0, failure: failure, isFolder: true))
        }
      default: others.append(prefix + name)
      }
    }
  }
}
