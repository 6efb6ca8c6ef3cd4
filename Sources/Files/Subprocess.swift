import Foundation

/// Other programs.
public enum Subprocess {
  /// Runs a program to its end; it reads nothing.
  ///
  /// - Parameter program: a path, or a name that is looked for on the PATH.
  /// - Parameter folder: where it runs; nil: here.
  /// - Returns: its exit status (127 where there is no such program), and what it wrote, errors included.
  /// - Throws: what `Process` throws where nothing can be run.
  public static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["LC_ALL=C", program] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
