import CTorch

/// A network from a TorchScript file (`torch.jit.save`): a function of one tensor and named switches.
public final class TorchScript: @unchecked Sendable {
  private let pointer: ct_script
  /// The file.
  public let path: String

  /// Loads a file, in evaluation mode.
  /// - Throws: ``TorchScriptError`` where it is no such file.
  public init(path: String, device: Device = .cpu) throws(TorchScriptError) {
    var (out, message): (ct_script?, UnsafeMutablePointer<CChar>?)
    guard ct_script_load(path, device.code, &out, &message) == 0, let out else {
      throw TorchScriptError(path: path, problem: "it is no TorchScript module (\(firstLine(takeMessage(message))))")
    }
    pointer = out
    self.path = path
  }

  deinit { ct_script_free(pointer) }

  /// Whether `forward` has an argument of this name.
  public func takes(_ argument: String) -> Bool { ct_script_takes(pointer, argument) }

  /// forward(x, …) with those switches set.
  /// - Throws: ``TorchScriptError`` where the module fails or gives anything but one tensor.
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

/// The line of a libtorch message that says what happened: the last of a Python-like traceback, or the first.
private func firstLine(_ message: String) -> Substring {
  let lines = message.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
  if message.hasPrefix("The following operation failed"), let last = lines.last { return last }
  return lines.first ?? "no reason given"
}

/// A TorchScript file that cannot be used.
public struct TorchScriptError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong with it.
  public let problem: String

  /// A sentence naming both.
  public var description: String { "\(path) cannot be used as a detector: \(problem)" }

  package init(path: String, problem: String) { (self.path, self.problem) = (path, problem) }
}
