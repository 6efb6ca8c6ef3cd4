import ArgumentParser

/// One number for all resolutions, "32", or numbers by resolution: "8:64,16:32,32:16". A number also holds for higher
/// resolutions, up to the next one in the list.
struct ByResolution<Value: LosslessStringConvertible & Sendable>: ExplainingArgument, Sendable {
  /// Numbers by resolution. A single number has the key 4, the lowest resolution.
  let values: [Int: Value]

  init(reading text: String) throws(Unreadable) {
    if let value = Value(text) {
      values = [4: value]
      return
    }
    var values: [Int: Value] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2, let resolution = Int(pair[0]), (4...1024).contains(resolution),
        resolution.nonzeroBitCount == 1, let value = Value(String(pair[1])), values[resolution] == nil
      else {
        throw Unreadable(
          reason:
            "'\(part)' cannot be read; write one number, or numbers by resolution (powers of two from 4 to 1024) as "
            + "in 8:64,32:16")
      }
      values[resolution] = value
    }
    self.values = values
  }
}
