import ArgumentParser
import Files
import Foundation
import GANs
import Images

/// A number with leading zeros.
func padded(_ value: some BinaryInteger, _ width: Int) -> String { "\(value)".leftPadded(to: width) }

/// A number with a noun in the singular or plural: "1 image", "2 images".
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// Prints text for people or programs. It takes the place of Swift's `print` in this module: control characters of names
/// never reach the terminal (see `String.shown`); a name of several lines stays on one where it was made safe before.
func print(_ text: some Any = "", terminator: String = "\n") {
  Swift.print("\(text)".shown(keeping: "\n\t"), terminator: terminator)
}

/// Checks that a file can be written at a path, before long work starts.
/// - Throws: `FileError`.
func requirePlace(for path: String) throws {
  if FileSystem.isFolder(path) {
    throw FileError(.write, path: path, code: EISDIR)
  }
  let folder = Folder.of(path)
  guard FileSystem.exists(folder) else {
    throw FileError(.write, path: path, code: ENOENT)
  }
  guard FileSystem.isFolder(folder) else { throw FileError(.write, path: path, code: ENOTDIR) }
  guard access(folder, W_OK | X_OK) == 0 else { throw FileError(.write, path: folder) }
}

/// The output folder, the scale and the listing of pictures. All commands that draw share these options.
struct PictureArguments: ParsableArguments {
  @Option(help: "The output folder; it is created if it does not exist.", completion: .directory)
  var outdir: String = "out"
  @Option(
    name: .customLong("scale"), parsing: .unconditional,
    help: """
      Enlarge the pictures by this whole factor, without smoothing (default: 1; interpolate and directions enlarge \
      small pictures to about 96 pixels).
      """)
  var scaleChoice: Int?
  @OptionGroup var output: OutputArguments

  /// The given value, or 1.
  var scale: Int { scaleChoice ?? 1 }

  /// Without --scale, small pictures are enlarged to about 96 pixels, as in the figures.
  mutating func enlargeSmall(_ renderer: Renderer) {
    scaleChoice = scaleChoice ?? max(1, 96 / renderer.growth.resolution)
  }

  mutating func validate() throws { try requireRange("--scale", scale, 1...32) }

  /// Creates the folder.
  func prepare() throws { try Folder.make(outdir) }

  /// Writes a picture into the folder and prints its path and the note.
  @discardableResult
  func write(_ image: Image, as name: String, enlarging: Bool = true, note: String = "") throws -> WrittenFile {
    let path = "\(outdir)/\(name)"
    let image = try enlarging ? enlarged(image) : image
    try image.write(to: path)
    output.say(note.isEmpty ? path.shown : "\(path.shown)  \(note)")
    return WrittenFile(path, width: image.width, height: image.height)
  }

  /// The picture, enlarged.
  func enlarged(_ image: Image) throws -> Image {
    scale == 1 ? image : try image.resized(width: image.width * scale, height: image.height * scale, kernel: .nearest)
  }
}

/// The path itself, or for the folder of a run its training state, or else its newest snapshot. The training state is
/// never older than a snapshot.
func newestNetwork(at path: String) throws -> String {
  guard FileSystem.isFolder(path) else { return path }
  let state = RunDirectory(path: path).state
  if FileSystem.exists(state) { return state }
  let names = (try? Folder.names(in: path)) ?? []
  let snapshots = names.filter { $0.hasPrefix("network-snapshot-") }.compactMap { name in
    RunDirectory.kimg(ofSnapshot: name).map { (kimg: $0, name: name) }
  }
  guard let newest = snapshots.max(by: { $0.kimg < $1.kimg }) else { throw MissingNetwork(path: path) }
  return "\(path)/\(newest.name)"
}

/// A folder without a network.
struct MissingNetwork: Error, CustomStringConvertible {
  let path: String
  var description: String { "\(path) is a folder without a network-snapshot file; name a network file" }
}
