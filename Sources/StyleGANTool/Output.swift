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
  guard !path.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
  let parent = AtomicFile.folder(of: path)
  if parent != path, !FileManager.default.fileExists(atPath: parent) { try makeFolder(parent) }
  guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError(.write, path: path) }
}

/// Where and how pictures are written: shared by every command that draws.
struct PictureArguments: ParsableArguments {
  @Option(help: "The folder to write to; made where it is missing.") var outdir: String = "out"
  @Option(parsing: .unconditional, help: "Enlarge the pictures by this whole factor, pixels staying sharp squares.")
  var scale: Int = 1

  mutating func validate() throws {
    if !(1...32).contains(scale) { throw ValidationError("--scale is \(scale), but must be 1 to 32") }
  }

  /// Makes the folder.
  func prepare() throws { try makeFolder(outdir) }

  /// Writes a picture into the folder and prints its path, and a note where there is one.
  func write(_ image: Image, as name: String, enlarging: Bool = true, note: String = "") throws {
    let path = "\(outdir)/\(name)"
    try (enlarging ? enlarged(image) : image).write(to: path)
    print(note.isEmpty ? path : "\(path)  \(note)")
  }

  /// The picture, enlarged.
  func enlarged(_ image: Image) throws -> Image {
    scale == 1
      ? image : try image.resized(width: image.width * scale, height: image.height * scale, kernel: .nearest)
  }
}

/// The file itself, or the newest network in a run's folder: its training state, which is never older than a snapshot.
func newestNetwork(at path: String) throws -> String {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return path }
  let state = RunDirectory(path: path).state
  if FileManager.default.fileExists(atPath: state) { return state }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  // Numbers of more than six digits are longer.
  guard
    let newest = names.filter({ $0.hasPrefix("network-snapshot-") && $0.hasSuffix(".safetensors") })
      .max(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) })
  else { throw MissingNetwork(path: path) }
  return "\(path)/\(newest)"
}

/// A folder without a network.
struct MissingNetwork: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path) is a folder without a network-snapshot file; name a network file" }
}
