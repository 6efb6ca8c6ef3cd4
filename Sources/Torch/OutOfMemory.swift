import Foundation

/// The reaction to a lack of memory for a tensor: a program can set a handler that prints its own message.
public enum OutOfMemory {
  /// Receives libtorch's message; nil means a trap. Set it once, before making a tensor.
  nonisolated(unsafe) public static var handler: ((String) -> Never)?

  /// Whether a message of libtorch, oneDNN or C++ reports a lack of memory. oneDNN and threads only say that they failed;
  /// then `isShort` decides.
  package static func isMeant(by message: String, isShort: () -> Bool = refusesMemory) -> Bool {
    let clear = ["not enough memory", "allocate memory", "out of memory", "bad_alloc"]
    let vague = ["could not create a ", "could not execute a primitive", "Resource temporarily unavailable"]
    return clear.contains(where: message.contains) || vague.contains(where: message.contains) && isShort()
  }

  /// Whether the system refuses 64 MiB.
  package static func refusesMemory() -> Bool {
    let size = 64 << 20
    guard let place = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), place != MAP_FAILED else {
      return true
    }
    munmap(place, size)
    return false
  }
}
