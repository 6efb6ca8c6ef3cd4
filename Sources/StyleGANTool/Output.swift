import ArgumentParser
import Foundation
import GANs
import Images

/// A number with leading zeros.
func padded(_ value: some BinaryInteger, _ width: Int) -> String {
  let text = "\(value)"
  return String(repeating: "0", count: max(0, width - text.count)) + text
}

/// Makes a folder with those above it, unless it is there.
func makeFolder(_ path: String) throws {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
    guard isFolder.boolValue else { throw FileError(.write, path: path, code: ENOTDIR) }
    return
  }
  let parent = AtomicFile.folder(of: path)
  if parent != path, !FileManager.default.fileExists(atPath: parent) { try makeFolder(parent) }
  guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError(.write, path: path) }
}

/// Writes a picture and prints its path.
func write(_ image: Image, to path: String) throws {
  try image.write(to: path)
  print(path)
}

/// The file itself, or the newest network in a run's folder.
func newestNetwork(at path: String) throws -> String {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return path }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  guard
    let newest = names.filter({ $0.hasPrefix("network-snapshot-") && $0.hasSuffix(".safetensors") }).max()
  else { throw MissingNetwork(path: path) }
  return "\(path)/\(newest)"
}

/// A folder without a network.
struct MissingNetwork: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path) is a folder without a network-snapshot file; name a network file" }
}
