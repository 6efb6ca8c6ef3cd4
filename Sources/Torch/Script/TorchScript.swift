import CTorch
import Files

/// A network in a TorchScript file (`torch.jit.save`): a function of one tensor and named Boolean arguments. Its module
/// does not change after loading, so threads may share it.
public final class TorchScript: @unchecked Sendable {
  private let pointer: ct_script
  /// The path of the file.
  public let path: String

  /// Loads a file in evaluation mode.
  /// - Throws: ``TorchScriptError`` if it is not a TorchScript file.
  public init(path: String, device: Device = .cpu) throws(TorchScriptError) {
    var (out, message): (ct_script?, UnsafeMutablePointer<CChar>?)
    let status = path.withPath { ct_script_load($0, device.code, &out, &message) }
    guard status == 0, let out else {
      throw TorchScriptError(path: path, problem: "it is not a TorchScript module (\(firstLine(takeMessage(message))))")
    }
    pointer = out
    self.path = path
  }

  deinit { ct_script_free(pointer) }

  /// Whether `forward` has an argument of this name.
  public func takes(_ argument: String) -> Bool { ct_script_takes(pointer, argument) }

  /// Calls forward(x, …) with these Boolean arguments.
  /// - Throws: ``TorchScriptError`` if the module fails or does not return one tensor.
  public func callAsFunction(_ x: Tensor, _ switches: KeyValuePairs<String, Bool> = [:]) throws(TorchScriptError)
    -> Tensor
  {
    let names = switches.map { Array($0.key.utf8CString) }
    let values = switches.map(\.value)
    var (out, message): (ct_tensor?, UnsafeMutablePointer<CChar>?)
    var status: ct_status = 1
    func call(_ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>]) {
      guard let first = rest.first else {
        status = ct_script_forward(pointer, x.pointer, pointers, values, Int64(pointers.count), &out, &message)
        return
      }
      first.withUnsafeBufferPointer { call(rest.dropFirst(), pointers + [$0.baseAddress!]) }
    }
    call(names[...], [])
    guard status == 0, let out else {
      throw TorchScriptError(path: path, problem: "it fails on images \(x.shape) (\(firstLine(takeMessage(message))))")
    }
    return Tensor(owning: out)
  }
}

/// The informative line of a libtorch message: the last of a Python traceback, else the first.
private func firstLine(_ message: String) -> Substring {
  let lines = message.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
  if message.hasPrefix("The following operation failed"), let last = lines.last { return last }
  return lines.first ?? "no reason given"
}

/// A TorchScript file cannot be used.
public struct TorchScriptError: Error, Equatable, CustomStringConvertible {
  /// The path of the file.
  public let path: String
  /// The problem.
  public let problem: String

  /// One sentence with the file and the problem.
  public var description: String { "\(path) cannot be used as a detector: \(problem)" }

  package init(path: String, problem: String) { (self.path, self.problem) = (path, problem) }
}
