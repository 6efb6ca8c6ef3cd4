import CLibzip
import Files

/// The files of a ZIP archive.
///
/// Names are normalized: `./a.png`, as some programs write, is `a.png`. Of several entries with one name the last
/// counts, as when the archive is unpacked.
struct ZIPStore: FileStore {
  let kind = "ZIP"
  let name: String
  let files: [StoredFile]
  let hidden: Int
  let others: [String] = []
  let notes: [String]
  private let archive: ZIPArchive
  private let entries: [ZIPArchive.Entry]

  /// - Throws: `FileError`, ``DatasetError``.
  init(_ path: String) throws {
    name = FileSystem.stem(of: path)
    archive = try ZIPArchive(path)
    var (places, hidden): ([[UInt8]: Int], Int) = ([:], 0)
    var (files, entries): ([StoredFile], [ZIPArchive.Entry]) = ([], [])
    var replaced: [String] = []
    for entry in archive.entries {
      // Backslashes separate only where nothing else does: on Linux they may be part of a name.
      let name = StoredFile.normalized(entry.name, usesBackslashes: !entry.name.utf8.contains(UInt8(ascii: "/")))
      if name.isEmpty { continue }
      if StoredFile.isHidden(name) {
        hidden += 1
        continue
      }
      if let method = entry.problem { throw DatasetError.unusable(path: path, reason: method) }
      let stamp = UInt64(entry.checksum) << 32 | UInt64(truncatingIfNeeded: entry.size) & 0xffff_ffff
      let file = StoredFile(name: name, stamp: stamp)
      if let place = places.updateValue(files.count, forKey: Array(name.utf8)) {
        // Keep the earlier place, so that indices stay.
        places[Array(name.utf8)] = place
        (files[place], entries[place]) = (file, entry)
        replaced.append(name)
      } else {
        files.append(file)
        entries.append(entry)
      }
    }
    (self.files, self.entries, self.hidden) = (files, entries, hidden)
    notes =
      replaced.isEmpty
      ? []
      : ["\(path) holds several entries of one name (\(DatasetOmissions.list(replaced))); the last of each is used"]
  }

  func path(of index: Int) -> String { "\(archive.path):\(files[index].name)" }
  func bytes(of index: Int, limit: Int?) throws -> [UInt8] {
    try archive.bytes(of: entries[index], limit: limit ?? .max)
  }
  func tail(of index: Int, _ count: Int) throws -> (bytes: [UInt8], size: Int)? {
    try archive.tail(of: entries[index], count)
  }
}
