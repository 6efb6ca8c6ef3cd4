import ArgumentParser
import Files
import Foundation

@testable import StyleGANTool

/// Runs a parser. An error must be one that the program explains to users; any other error is a finding.
@discardableResult func attempt<Value>(_ body: () throws -> Value) -> Value? {
  do { return try body() } catch let error as any UserFacingError {
    require(!error.sentence.isEmpty, "an error without a sentence")
  } catch let error as ValidationError {
    require(!error.message.isEmpty, "an error without a sentence")
  } catch is Unreadable {
  } catch { fatalError("an error that users would not understand: \(error)") }
  return nil
}

/// Runs what cannot fail.
func must<Value>(_ body: () throws -> Value) -> Value {
  do { return try body() } catch { fatalError("finding: \(error)") }
}

/// Traps where a parser broke its promise.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) {
  if !condition { fatalError("finding: \(promise())") }
}

/// A folder for readers that take only files; in memory where the system has /dev/shm.
enum Scratch {
  static let folder: String = {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    let path = "\(parent)/stylegan-fuzz-\(getpid())"
    _ = mkdir(path, 0o700)
    return path
  }()

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Writes a file.
  /// - Returns: its path.
  @discardableResult static func write(_ bytes: UnsafeRawBufferPointer, _ name: String) -> String {
    let path = path(name)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    require(descriptor >= 0, "the scratch file \(path) opens")
    defer { close(descriptor) }
    must { try AtomicFile.writeAll(bytes, to: descriptor, path: path) }
    return path
  }

  @discardableResult static func write(_ bytes: [UInt8], _ name: String) -> String {
    bytes.withUnsafeBytes { write($0, name) }
  }
  @discardableResult static func write(_ text: String, _ name: String) -> String { write(Array(text.utf8), name) }

  static func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

/// Little-endian bytes of a number.
func little(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: number >> min(8 * $0, 63)) }
}

/// Big-endian bytes of a number.
func big(_ number: Int, _ count: Int) -> [UInt8] { little(number, count).reversed() }

/// `count` bytes that repeat `pattern`; zeros for an empty one.
func filled(_ count: Int, _ pattern: [UInt8]) -> [UInt8] {
  (0..<max(0, count)).map { pattern.isEmpty ? 0 : pattern[$0 % pattern.count] }
}
