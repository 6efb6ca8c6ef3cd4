import Foundation
import Testing
import _TestSupport

/// The built program, as its users run it.
struct TrainingProcess {
  /// Beside the test bundle, where the build puts both.
  static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/stylegan"

  let process = Process()
  private let errors = Pipe()

  /// Starts the program.
  init(_ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: Self.path)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
  }

  /// Waits for its end.
  /// - Returns: what it wrote to stderr.
  @discardableResult
  func finish() -> String {
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }
}

/// A data set of 8×8 or larger gray images in an IDX file.
func writeIDX(count: Int, resolution: Int, to path: String) throws {
  var bytes: [UInt8] = [0, 0, 8, 3]
  for number in [count, resolution, resolution] { bytes += withUnsafeBytes(of: UInt32(number).bigEndian, Array.init) }
  for index in 0..<count {
    bytes += (0..<resolution * resolution).map { UInt8(truncatingIfNeeded: $0 * 3 + index * 29 + $0 / 5 * index) }
  }
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
