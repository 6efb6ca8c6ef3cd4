/// A parser and the way in which bytes reach it.
struct Target: Sendable {
  let name: String
  /// Reads one input. A trap is a finding.
  let read: @Sendable (UnsafeRawBufferPointer) -> Void
  /// The chosen one, for the callback of libFuzzer, which has no context.
  nonisolated(unsafe) static var read: (@Sendable (UnsafeRawBufferPointer) -> Void)?

  /// The bytes are the file.
  init(_ name: String, bytes read: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
    (self.name, self.read) = (name, read)
  }

  /// The bytes are decisions that make the file.
  init(_ name: String, choices read: @escaping @Sendable (inout Choices) -> Void) {
    self.init(name) { bytes in
      var choices = Choices(bytes)
      read(&choices)
    }
  }
}

let targets =
  safetensorsTargets + archiveTargets + pixelTargets + imageTargets + optionTargets + recordTargets + argumentTargets
