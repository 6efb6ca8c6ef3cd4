import ArgumentParser
import Files
import Foundation
import GANs
import Images
import Torch

/// A number with leading zeros.
func padded(_ value: some BinaryInteger, _ width: Int) -> String { "\(value)".leftPadded(to: width) }

/// Text as one word of a shell's command line, in quotes where it needs them.
func shellWord(_ text: String) -> String {
  let isPlain = text.unicodeScalars.allSatisfy {
    $0.properties.isAlphabetic || "0123456789-_./+:,@%=".unicodeScalars.contains($0)
  }
  return isPlain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
}

/// A number with a noun in the singular or plural: "1 image", "2 images".
func counted(_ number: Int, _ noun: String) -> String { counted(number, noun, noun + "s") }

/// A number with a noun that has a plural of its own: "1 class", "2 classes".
func counted(_ number: Int, _ one: String, _ several: String) -> String { "\(number) \(number == 1 ? one : several)" }

/// Prints text for people or programs. It takes the place of Swift's `print` in this module: control characters of names
/// never reach the terminal (see `String.shown`); a name of several lines stays on one where it was made safe before.
func print(_ text: some Any = "", terminator: String = "\n") {
  Swift.print("\(text)".shown(keeping: "\n\t"), terminator: terminator)
}

/// Checks that a file can be written at a path, before long work starts.
/// - Parameters:
///   - inputs: files that the command reads.
///   - mayReplace: whether an existing file may be replaced.
/// - Throws: `OutputError`, `FileError`.
func requirePlace(for path: String, inputs: [String], mayReplace: (String) -> Bool) throws {
  if FileSystem.isFolder(path) {
    throw FileError(.write, path: path, code: EISDIR)
  }
  let folder = Folder.of(path)
  guard FileSystem.exists(folder) else {
    throw FileError(.write, path: path, code: ENOENT)
  }
  guard FileSystem.isFolder(folder) else { throw FileError(.write, path: path, code: ENOTDIR) }
  try Outputs(inputs: inputs).check([path], mayReplace: mayReplace)
  try AtomicFile.probe(in: folder)
}

/// The output folder, the scale and the listing of pictures. All commands that draw share these options.
struct PictureArguments: ParsableArguments {
  @Option(help: "The output folder; it is created if it does not exist.", completion: .directory)
  var outdir: String = "out"
  @Option(
    name: .customLong("scale"), parsing: .unconditional,
    help: """
      Enlarge the pictures by this whole factor, without smoothing (default: 1; in strips and animations small \
      pictures get about 96 pixels).
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

  /// Checks the files that a command is going to write, and makes the folder. An existing picture is replaced only if
  /// this program drew it and nobody changed it since.
  /// - Parameters:
  ///   - names: the names of the files in the folder.
  ///   - inputs: files that the command reads.
  ///   - data: a data set that the command reads; no picture is written into its folder.
  ///   - pixels: the pixels of all pictures together, for the room on the disk.
  ///   - mayReplace: whether another existing file, by its path, may be replaced.
  /// - Throws: `OutputError`, `FileError`.
  func prepare(
    _ names: [String], inputs: [String], data: String? = nil, pixels: Int = 0,
    mayReplace: (String) -> Bool = PictureMark.isTrue(at:)
  ) throws {
    guard !outdir.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
    // Compressed pictures of one color have about a fiftieth of the bytes.
    try Outputs(inputs: inputs, data: data.map { [$0] } ?? [])
      .check(names.map(path), leastBytes: pixels * scale * scale / 50, mayReplace: mayReplace)
    try Folder.makeWritable(outdir)
  }

  /// The path of a file in the folder.
  func path(_ name: String) -> String { "\(outdir)/\(name)" }

  /// Writes a picture into the folder and prints its path and the note.
  @discardableResult
  func write(_ image: Image, as name: String, enlarging: Bool = true, note: String = "") throws -> WrittenFile {
    let path = path(name)
    let image = try enlarging ? enlarged(image) : image
    var format = try Image.Format(path: path)
    if case .webp = format { format = .losslessWebP }
    try AtomicFile.write(PictureMark.marked(try image.data(format)), to: path)
    output.say(note.isEmpty ? path.shown : "\(path.shown)  \(note)")
    return WrittenFile(path, width: image.width, height: image.height)
  }

  /// The picture, enlarged.
  func enlarged(_ image: Image) throws -> Image {
    scale == 1 ? image : try image.resized(width: image.width * scale, height: image.height * scale, kernel: .nearest)
  }
}

/// Whether a file is a safetensors file of ours with this format, such as "swift-stylegan latents".
func isSafetensors(_ path: String, format: String) -> Bool {
  ((try? SafetensorsFile(path: path))?.metadata["format"] ?? "").hasPrefix(format)
}

/// The path itself, or for the folder of a run its training state, or else its newest snapshot. The training state is
/// never older than a snapshot.
func newestNetwork(at path: String) throws -> String {
  if let sentence = ForeignOptions.addressSentence(path) { throw ValidationError(sentence) }
  guard FileSystem.isFolder(path) else { return path }
  let run = RunDirectory(path: path)
  if FileSystem.exists(run.state) { return run.state }
  guard let newest = run.networks.last else { throw MissingNetwork(path: path) }
  return newest
}

/// Opens the network file at a path, or the newest network of the run in that folder. Errors about what it can do name
/// the path as given.
func openNetwork(_ path: String, device: Device = .cpu) throws -> NetworkFile {
  try NetworkFile(path: try newestNetwork(at: path), device: device, name: path)
}

/// A folder without a network.
struct MissingNetwork: Error, CustomStringConvertible {
  let path: String
  var description: String {
    let remedy = RunDirectory.latest(in: path).map { "it has runs: name one, such as \($0.path)" }
    return "\(path) is a folder without a network-snapshot file; "
      + (remedy ?? "name a network file, or the folder of a run")
  }
}
