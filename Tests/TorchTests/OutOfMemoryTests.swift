import Testing
import Torch

@Suite struct OutOfMemoryTests {
  @Test(
    arguments: [
      "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
      "std::bad_alloc", "CUDA out of memory. Tried to allocate 2.00 GiB", "Cannot allocate memory",
    ])
  func clearMessages(text: String) { #expect(OutOfMemory.isMeant(by: text) { false }) }

  /// oneDNN and threads give no reason, and the same words can mean a mistake of the programmer.
  @Test(
    arguments: [
      "could not create a primitive", "could not create a memory object", "could not execute a primitive",
      "Resource temporarily unavailable",
    ])
  func vagueMessages(text: String) {
    #expect(OutOfMemory.isMeant(by: text) { true })
    #expect(!OutOfMemory.isMeant(by: text) { false })
    #expect(!OutOfMemory.isMeant(by: text))
  }

  @Test func othersAreMistakes() {
    #expect(!OutOfMemory.isMeant(by: "mat1 and mat2 shapes cannot be multiplied (3x2 and 3x2)") { true })
  }
}
