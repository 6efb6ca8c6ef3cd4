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
    case .badResolution, .badChannels, .subsetTooLarge: 64
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
    try StandardOutput.check()
    return value
  } catch let error as ValidationError {
    printError("error: \(error.message)")
    throw ExitCode(64)
  } catch let error as any UserFacingError {
    printError("error: \(error.sentence.shown)")
    throw ExitCode(error.exitCode)
  }
}

/// The standard output: a full disk behind `> FILE` is an error, a closed pipe or terminal is none.
enum StandardOutput {
  /// The first error, of `errno`; 0 for none. The C library drops what it could not write, and its error with it.
  nonisolated(unsafe) private static var failure: Int32 = 0

  /// Writes what is buffered. `check` reports an error.
  static func flush() {
    errno = 0
    guard fflush(nil) != 0, errno != EPIPE, failure == 0 else { return }
    let reason = errno
    // A terminal that was closed answers every request with EIO; a file is never asked what only terminals know.
    if reason == EIO, isatty(STDOUT_FILENO) == 0, errno == EIO { return }
    failure = reason
  }

  /// Writes what is buffered, at the end of a command.
  /// - Throws: `FileError` if something could not be written.
  static func check() throws {
    flush()
    guard failure == 0 else { throw FileError(.write, path: "the standard output", code: failure) }
  }
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
  // libtorch counts processors, but not the quota of a control group. A number that the user set stays.
  if getenv("OMP_NUM_THREADS") == nil, UsableProcessors.count < Processor.threadCount {
    Processor.threadCount = UsableProcessors.count
  }
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
extension NotARun: UserFacingError { var exitCode: Int32 { 66 } }
extension KernelsError: UserFacingError { var exitCode: Int32 { 64 } }
