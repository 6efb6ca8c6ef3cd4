import Foundation
import Testing

/// The built program, run as a user runs it.
enum Program {
  /// How a run ended and what it printed.
  struct Outcome {
    /// The exit code, or nil where a signal ended it.
    let exitCode: Int32?
    /// The signal that ended it, or nil.
    let signal: Int32?
    let output, errors: String
    /// What was printed on stderr, line by line.
    var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  /// Where it lies: beside the tests.
  static let path: String = {
    let beside = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
    return beside.appendingPathComponent("stylegan").path
  }()

  /// The root of the package.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Runs it to its end.
  /// - Parameters:
  ///   - shell: a command line of bash in which "$@" is the program with its arguments; nil to run it by itself.
  ///   - seconds: after which it is killed.
  static func run(
    _ arguments: [String], in folder: String, shell: String? = nil, environment: [String: String] = [:],
    seconds: Double = 120
  ) throws -> Outcome {
    let process = Process()
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    // The choice of kernels is pinned: two runs that are compared could have measured differently.
    process.environment = ProcessInfo.processInfo.environment.merging(["STYLEGAN_TUNING": "off"]) { $1 }
      .merging(environment) { $1 }
    let command = [path] + arguments
    if let shell {
      // Not sh: dash waits for a signal that may be blocked on the thread this runs on.
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", shell, "bash"] + command
    } else {
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
    }
    // Files, which no amount of output can block.
    let prefix = FileManager.default.temporaryDirectory.appendingPathComponent("stylegan-\(UUID().uuidString)").path
    let files = ["\(prefix).out", "\(prefix).err"]
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    try process.run()
    let end = Date(timeIntervalSinceNow: seconds)
    while process.isRunning, Date() < end { usleep(5000) }
    if process.isRunning {
      Issue.record("\(arguments.joined(separator: " ")) did not end within \(seconds) s")
      kill(process.processIdentifier, SIGKILL)
    }
    process.waitUntilExit()
    func text(_ path: String) -> String {
      String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
    let isExit = process.terminationReason == .exit
    return Outcome(
      exitCode: isExit ? process.terminationStatus : nil, signal: isExit ? nil : process.terminationStatus,
      output: text(files[0]), errors: text(files[1]))
  }
}

/// The paths of everything in a folder, at any depth, hidden files too; links are not followed.
func listing(_ folder: String) -> [String] {
  (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).sorted()
}

/// Arguments that train a network of a few thousand parameters in a second.
let smallTraining = [
  "--width", "tiny", "--fmap-max", "4", "--z-dim", "8", "--w-dim", "8", "--map-depth", "1", "--batch", "4",
  "--fade-kimg", "0.008", "--stable-kimg", "0.008", "--threads", "1",
]

/// An IDX file of pictures that differ.
func idx(count: Int, side: Int) -> Data {
  var bytes: [UInt8] = [0, 0, 8, 3]
  for number in [count, side, side] { for shift in [24, 16, 8, 0] { bytes.append(UInt8(number >> shift & 255)) } }
  var state: UInt32 = 1
  for _ in 0..<count * side * side {
    state = state &* 1_664_525 &+ 1_013_904_223
    bytes.append(UInt8(state >> 24))
  }
  return Data(bytes)
}
