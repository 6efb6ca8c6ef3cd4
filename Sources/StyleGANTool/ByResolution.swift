import ArgumentParser

/// A number for all resolutions, "32", or one from each named resolution on: "8:64,16:32,32:16".
struct ByResolution<Value: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
  /// By resolution; a single number stands at 4.
  let values: [Int: Value]

  init?(argument: String) {
    if let value = Value(argument) {
      values = [4: value]
      return
    }
    var values: [Int: Value] = [:]
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2, let resolution = Int(pair[0]), (4...1024).contains(resolution),
        resolution.nonzeroBitCount == 1, let value = Value(String(pair[1])), values[resolution] == nil
      else { return nil }
      values[resolution] = value
    }
    self.values = values
  }
}
