import Files
import Foundation
import Images

/// Videos, through the program `ffmpeg`.
public enum Video {
  /// Writes frames as H.264 in an MP4 file, at once or not at all.
  /// - Parameters:
  ///   - frames: at least one, all of one size and number of channels; an odd side gets a line of black.
  ///   - framesPerSecond: 0.1…1000
  ///   - searchPath: folders in which `ffmpeg` is looked for, with colons; nil: the PATH.
  /// - Throws: ``VideoError`` where there is no `ffmpeg` on the PATH or it fails, `FileError`.
  public static func writeMP4(_ frames: [Image], to path: String, framesPerSecond: Double, searchPath: String? = nil)
    throws
  {
    guard let first = frames.first else { throw ImageError.badGeometry("a video needs at least one frame") }
    let program = try ffmpeg(searchPath: searchPath)
    let folder = Folder.of(path)
    let prefix = "\(folder)/\(AtomicFile.temporaryPrefix)\(UUID().uuidString)"
    let (raw, unfinished) = ("\(prefix).raw", "\(prefix).mp4")
    defer { for file in [raw, unfinished] { unlink(file) } }
    // A file, not a pipe: a program that ends early must not take this one with it.
    try AtomicFile.write(to: raw) { descriptor in
      for frame in frames {
        precondition((frame.width, frame.height, frame.channels) == (first.width, first.height, first.channels))
        try frame.pixels.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: raw) }
      }
    }
    let format = [1: "gray", 3: "rgb24", 4: "rgba"][first.channels]!
    let arguments = [
      "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", format, "-s", "\(first.width)x\(first.height)", "-r",
      "\(framesPerSecond)", "-i", raw, "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-crf", "18",
      "-pix_fmt",
      "yuv420p", "-movflags", "+faststart", unfinished,
    ]
    guard let (status, words) = try? Subprocess.run(program, arguments) else {
      throw VideoError("\(program) cannot be run; write .webp or PNG frames instead")
    }
    guard status == 0, FileManager.default.fileExists(atPath: unfinished) else {
      let reason = words.split(separator: "\n").last.map(String.init) ?? "status \(status)"
      throw VideoError("ffmpeg could not write \(path): \(reason)")
    }
    guard rename(unfinished, path) == 0 else { throw FileError(.write, path: path) }
  }

  /// Where `ffmpeg` is.
  /// - Throws: ``VideoError`` where it is not on the PATH.
  @discardableResult public static func ffmpeg(searchPath: String? = nil) throws -> String {
    let folders = (searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/ffmpeg") {
      return "\(folder)/ffmpeg"
    }
    throw VideoError("an MP4 needs the program ffmpeg, which is not on the PATH; install it, or write webp or png")
  }
}

/// A video that could not be made.
public struct VideoError: Error, Equatable, CustomStringConvertible {
  /// A sentence saying what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
