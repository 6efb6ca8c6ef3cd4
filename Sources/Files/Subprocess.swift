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

  /// A program that runs in the background.
  public final class Running {
    private let process = Process()

    /// Starts a program, without standard input; its output and errors are appended to a file.
    /// - Throws: ``FileError`` if the file cannot be written; the error of `Process`.
    public init(_ program: String, _ arguments: [String], log: String) throws {
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
      let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError(.write, path: log) }
      let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      (process.standardOutput, process.standardError, process.standardInput) = (file, file, FileHandle.nullDevice)
      try process.run()
    }

    /// Whether it runs.
    public var isRunning: Bool { process.isRunning }
    /// The exit status, after its end; 128 + the signal that ended it.
    public var status: Int32 {
      process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
    /// Whether a signal of the terminal reaches it as it reaches this process.
    public var sharesTerminal: Bool { getpgid(process.processIdentifier) == getpgrp() }
    /// Asks it to save and to end (SIGTERM).
    public func terminate() { process.terminate() }
  }
}
