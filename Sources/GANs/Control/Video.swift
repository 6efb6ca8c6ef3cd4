import Files
import Foundation
import Images

/// Writes videos with the program `ffmpeg`.
public enum Video {
  /// Writes frames as H.264 in an MP4 file. The write is atomic. An MP4 has no alpha, so frames with alpha are composited
  /// on `background`.
  /// - Parameters:
  ///   - frames: at least one, all with the same size and channels; an odd side gets one black line.
  ///   - framesPerSecond: 0.1…1000
  ///   - background: red, green and blue, 0…255; white by default.
  ///   - searchPath: folders to search for `ffmpeg`, separated by colons; nil: the PATH.
  /// - Throws: ``VideoError`` where `ffmpeg` is not on the PATH or fails, `FileError`.
  public static func writeMP4(
    _ frames: [Image], to path: String, framesPerSecond: Double, background: [UInt8] = [255, 255, 255],
    searchPath: String? = nil
  ) throws {
    guard let first = frames.first?.composited(on: background) else {
      throw ImageError.badGeometry("a video needs at least one frame")
    }
    let program = try ffmpeg(searchPath: searchPath)
    let folder = Folder.of(path)
    let prefix = "\(folder)/\(AtomicFile.temporaryPrefix)\(UUID().uuidString)"
    let (raw, unfinished) = ("\(prefix).raw", "\(prefix).mp4")
    defer { for file in [raw, unfinished] { unlink(file) } }
    // A file, not a pipe: a write to a closed pipe would end this process.
    try AtomicFile.write(to: raw) { descriptor in
      for frame in frames.lazy.map({ $0.composited(on: background) }) {
        precondition((frame.width, frame.height, frame.channels) == (first.width, first.height, first.channels))
        try frame.pixels.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: raw) }
      }
    }
    let format = first.channels == 1 ? "gray" : "rgb24"
    let arguments = [
      "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", format, "-s", "\(first.width)x\(first.height)", "-r",
      "\(framesPerSecond)", "-i", raw, "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-crf", "18",
      "-pix_fmt", "yuv420p", "-movflags", "+faststart", unfinished,
    ]
    guard let (status, words) = try? Subprocess.run(program, arguments) else {
      throw VideoError("\(program) cannot be run; write webp, gif or png instead")
    }
    guard status == 0, FileSystem.exists(unfinished) else {
      let reason = words.split(separator: "\n").last.map(String.init) ?? "status \(status)"
      throw VideoError("ffmpeg could not write \(path): \(reason)")
    }
    guard rename(unfinished, path) == 0 else { throw FileError(.write, path: path) }
  }

  /// The path of `ffmpeg`.
  /// - Throws: ``VideoError`` where it is not on the PATH.
  @discardableResult public static func ffmpeg(searchPath: String? = nil) throws -> String {
    let folders = (searchPath ?? getenv("PATH").map { String(path: $0) } ?? "").split(separator: ":")
    for folder in folders where access("\(folder)/ffmpeg", X_OK) == 0 {
      return "\(folder)/ffmpeg"
    }
    throw VideoError("an MP4 needs the program ffmpeg, which is not on the PATH; install it, or write webp, gif or png")
  }
}

/// A video could not be written.
public struct VideoError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the problem and the remedy.
  public let description: String

  init(_ description: String) { self.description = description }
}
