import Foundation

/// An existing file or folder itself (device and inode). All its paths have this identity: through links, `.` and `..`,
/// and in any spelling that the file system accepts.
public struct FileIdentity: Hashable, Sendable {
  private let device, inode: UInt64

  /// The file or folder at a path, after symbolic links; nil where there is none.
  public init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }
}

/// Checks the files that a command is going to write, before it starts to work.
///
/// An output never replaces an input, no two outputs are the same file, no output lies in a folder of data, and every
/// output can be written: its folder exists or can be made, its name is not too long, and the disk has room.
public struct Outputs: Sendable {
  /// The input files and their identities.
  private let inputs: [FileIdentity: String]
  /// The folders of data and their identities.
  private let data: [FileIdentity: String]

  /// - Parameters:
  ///   - inputs: files or folders that the command reads; missing ones are ignored.
  ///   - data: data sets that the command reads. If one is a folder, a new file in it would change the data set.
  public init(inputs: [String] = [], data: [String] = []) {
    func identified(_ paths: [String]) -> [FileIdentity: String] {
      Dictionary(paths.compactMap { path in FileIdentity(path).map { ($0, path) } }) { first, _ in first }
    }
    (self.inputs, self.data) = (identified(inputs + data), identified(data.filter { FileSystem.isFolder($0) }))
  }

  /// Checks outputs.
  /// - Parameters:
  ///   - paths: the files to write.
  ///   - leastBytes: a lower bound of their sizes together.
  ///   - mayReplace: whether an existing file may be replaced. It is not asked about inputs.
  /// - Throws: ``OutputError``, `FileError`.
  public func check(_ paths: [String], leastBytes: Int = 0, mayReplace: (String) -> Bool) throws {
    var places: [String: Place] = [:]
    var names: [[String]: Set<String>] = [:]
    // Outputs of one folder follow each other; there may be a million.
    var (lastFolder, lastPlace): (String, Place?) = ("", nil)
    for path in paths {
      let folder = Folder.of(path)
      if folder != lastFolder || lastPlace == nil {
        (lastFolder, lastPlace) = (folder, try places[folder] ?? Place(folder, for: path))
        places[folder] = lastPlace
      }
      let place = lastPlace!
      if let set = data.isEmpty ? nil : place.chain.lazy.compactMap({ data[$0] }).first {
        throw OutputError.insideData(path: path, data: set)
      }
      let name = Self.lastPart(of: path)
      guard name.pathBytes.count <= place.longestName, path.pathBytes.count < Int(PATH_MAX) else {
        throw FileError(.write, path: path, code: ENAMETOOLONG)
      }
      guard names[place.key, default: []].insert(Self.folded(name)).inserted else {
        throw OutputError.twice(path: path)
      }
      var status = stat()
      // A link that leads nowhere exists, too.
      guard lstat(path, &status) == 0 else { continue }
      if let identity = FileIdentity(path), let input = inputs[identity] {
        throw OutputError.isInput(path: path, input: input)
      }
      if FileSystem.isFolder(path) { throw FileError(.write, path: path, code: EISDIR) }
      guard mayReplace(path) else { throw OutputError.exists(path: path) }
    }
    for (folder, place) in places {
      if let free = place.freeBytes, free < leastBytes { throw FileError(.write, path: folder, code: ENOSPC) }
    }
  }

  /// A name for an output that is made from the name of an input; a name that is taken gets a number: `photo`, `photo-2`.
  public struct Names: Sendable {
    private var taken: Set<String> = []
    /// The next number to try for a name.
    private var next: [String: Int] = [:]

    /// No name is taken.
    public init() {}

    /// Takes and returns a name that no earlier output has, also without letter case.
    public mutating func take(_ name: String) -> String {
      if taken.insert(Outputs.folded(name)).inserted { return name }
      let key = Outputs.folded(name)
      while true {
        let number = next[key] ?? 2
        next[key] = number + 1
        let unique = "\(name)-\(number)"
        if taken.insert(Outputs.folded(unique)).inserted { return unique }
      }
    }
  }

  /// The part of a path after the last slash.
  private static func lastPart(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// Names of one folder that are equal on a file system without letter case.
  package static func folded(_ name: String) -> String {
    (name.utf8.allSatisfy { $0 < 0x80 } ? name : name.precomposedStringWithCanonicalMapping).lowercased()
  }

  /// A folder for outputs, which may not exist yet.
  private struct Place {
    /// The nearest existing folder (its device and inode), and the folders below it that will be made.
    let key: [String]
    /// The nearest existing folder, and all folders above it.
    let chain: [FileIdentity]
    /// The longest file name in bytes.
    let longestName: Int
    /// The free bytes of its file system; nil where they are unknown.
    let freeBytes: Int?

    init(_ folder: String, for path: String) throws {
      guard !folder.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
      var existing = folder
      var rest: [String] = []
      while FileIdentity(existing) == nil {
        guard errno == ENOENT || errno == ENOTDIR else { throw FileError(.write, path: existing) }
        let name = Outputs.lastPart(of: existing)
        if !name.isEmpty && name != "." { rest.insert(Outputs.folded(name), at: 0) }
        let parent = Folder.of(existing)
        guard parent != existing else { throw FileError(.write, path: path, code: ENOENT) }
        existing = parent
      }
      guard FileSystem.isFolder(existing) else { throw FileError(.write, path: existing, code: ENOTDIR) }
      guard access(existing, W_OK | X_OK) == 0 else { throw FileError(.write, path: existing) }
      let longestName = max(1, existing.withPath { pathconf($0, Int32(_PC_NAME_MAX)) })
      if let long = rest.first(where: { $0.pathBytes.count > longestName }) {
        throw FileError(.write, path: long, code: ENAMETOOLONG)
      }
      freeBytes = FileSystem.freeBytes(at: existing)
      var (chain, above): ([FileIdentity], String) = ([], existing)
      while let identity = FileIdentity(above), chain.last != identity {
        chain.append(identity)
        above += "/.."
      }
      (self.key, self.chain, self.longestName) = (["\(chain[0])"] + rest, chain, longestName)
    }
  }
}

/// An output that would destroy something.
public enum OutputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The output is an input of the same command.
  case isInput(path: String, input: String)
  /// The output exists, and it is not an earlier output of the same kind.
  case exists(path: String)
  /// The output would become part of a data set that the command reads.
  case insideData(path: String, data: String)
  /// Two outputs have the same name.
  case twice(path: String)

  /// One sentence with a remedy.
  public var description: String {
    switch self {
    case .isInput(let path, let input):
      "\(path) would be overwritten, but it is an input of this command"
        + (path == input ? "" : " (\(input))") + "; choose another place or name for the output"
    case .exists(let path):
      "\(path) exists already and is not a file that this command may replace; move it, or choose another place or name"
    case .insideData(let path, let data):
      "\(path) would become a part of the data set \(data); choose another place for the output"
    case .twice(let path): "two outputs would have the name \(path); rename one of the inputs"
    }
  }
}
