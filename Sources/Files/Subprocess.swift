import Foundation

/// Runs other programs.
public enum Subprocess {
  /// Runs a program to its end, without standard input and with LC_ALL=C.
  /// - Parameter program: a path, or a name on the PATH.
  /// - Parameter folder: the working directory; nil: the current one.
  /// - Returns: its exit status (127 if there is no such program), and its output with its errors.
  /// - Throws: the error of `Process`.
  public static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["LC_ALL=C", program] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let pipe = Pipe()
    (process.standardOutput, process.standardError, process.standardInput) = (pipe, pipe, FileHandle.nullDevice)
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
