import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

/// An error for users: one sentence that says what to do, and an exit code for scripts (sysexits.h).
protocol UserFacingError: Error {
  /// 64 usage, 65 bad data, 66 missing input, 71 short of memory, threads or file descriptors, 73 output cannot be made,
  /// 74 input/output error.
  var exitCode: Int32 { get }
  /// What is wrong and what to do.
  var sentence: String { get }
}

extension UserFacingError {
  var exitCode: Int32 { 65 }
  var sentence: String { "\(self)" }
}

extension FileError: UserFacingError {
  var exitCode: Int32 {
    if isShortage { return 71 }
    if isDeviceTrouble || !isAboutThisFile && operation == .read { return 74 }
    if isWrongKind { return 65 }
    return operation == .read ? 66 : 73
  }
}

extension OutputError: UserFacingError { var exitCode: Int32 { 73 } }

extension ImageError: UserFacingError {
  var exitCode: Int32 {
    switch self {
    case .unsupportedExtension, .badGeometry: 64
    case .notEncoded, .noVectorGraphics: 73
    case .shortage: 71
    default: 65
    }
  }
}

extension DatasetError: UserFacingError {
  var exitCode: Int32 {
    switch self {
    case .badResolution, .badChannels: 64
    case .notFound, .notFetched: 66
    case .badOutput: 73
    default: 65
    }
  }
}

/// Runs the body of a command. A ``UserFacingError`` becomes a line `error: …` on stderr and an exit code.
///
/// A closed output pipe (`| head`) does not end the command. A limit on file sizes is an error, like a full disk.
///
/// - Throws: `ExitCode`, or what `body` throws if it is no ``UserFacingError``.
func run<Value>(_ body: () throws -> Value) throws -> Value {
  prepareProcess()
  do {
    try Processor.checkKernels()
    let value = try body()
    try flushOutput()
    return value
  } catch let error as ValidationError {
    printError("error: \(error.message)")
    throw ExitCode(64)
  } catch let error as any UserFacingError {
    printError("error: \(error.sentence.shown)")
    throw ExitCode(error.exitCode)
  }
}

/// Flushes the standard output, so that a full disk behind `> FILE` is an error. A closed pipe is not an error.
///
/// - Throws: `FileError`.
private func flushOutput() throws {
  errno = 0
  guard fflush(nil) != 0, errno != EPIPE else { return }
  throw FileError(.write, path: "the standard output")
}

/// Makes closed pipes, limits and closed descriptors lead to errors, not to signals.
private func prepareProcess() {
  signal(SIGPIPE, SIG_IGN)
  #if os(Linux)
    signal(SIGXFSZ, SIG_IGN)
  #endif
  // If a standard descriptor is closed, the next opened file gets its number, and output would go into that file.
  for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
    _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
  }
  Processor.keepFreedMemory()
  OutOfMemory.handler = { _ in
    printError("error: there is not enough memory; choose a smaller batch, width or resolution, or fewer pictures")
    // Not exit(): other threads may still run, so no destructors may run.
    _exit(71)
  }
}

/// Writes a line to stderr, without control characters of names (see ``print(_:terminator:)``).
func printError(_ line: String) {
  try? Array((line.shown(keeping: "\n\t") + "\n").utf8).withUnsafeBytes {
    try AtomicFile.writeAll($0, to: STDERR_FILENO, path: "stderr")
  }
}

extension DetectorError: UserFacingError {}
extension TorchScriptError: UserFacingError {}
extension SafetensorsError: UserFacingError {}
extension LoadError: UserFacingError {}
extension NetworkFileError: UserFacingError { var sentence: String { message.sentence } }
extension SavedLatentsError: UserFacingError {}

extension TrainingError: UserFacingError {
  var exitCode: Int32 { if case .inUse = self { 73 } else { 65 } }
  var sentence: String { message.sentence }
}

extension ConfigurationError: UserFacingError {
  var exitCode: Int32 { 64 }
  var sentence: String { message.sentence }
}

extension MetricError: UserFacingError {
  var exitCode: Int32 { 64 }
  var sentence: String { message.sentence }
}

extension DeviceError: UserFacingError { var exitCode: Int32 { 64 } }
extension VideoError: UserFacingError { var exitCode: Int32 { 73 } }
extension MissingNetwork: UserFacingError { var exitCode: Int32 { 66 } }
extension NothingToResume: UserFacingError { var exitCode: Int32 { 66 } }
extension KernelsError: UserFacingError { var exitCode: Int32 { 64 } }
