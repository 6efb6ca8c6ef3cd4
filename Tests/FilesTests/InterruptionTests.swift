import Files
import Foundation
import Testing

@Suite struct InterruptionTests {
  /// A call returns EINTR a few times, then its result.
  @Test(arguments: [0, 1, 5], [Int32(3), 0, -1]) func interruptedCallsAreRepeated(interruptions: Int, result: Int32) {
    var calls = 0
    let found = repeatingInterrupted {
      calls += 1
      errno = calls <= interruptions ? EINTR : EIO
      return calls <= interruptions ? -1 : result
    }
    #expect(found == result && calls == interruptions + 1)
  }

  @Test func closingTellsErrors() {
    let pipe = Pipe()
    let copy = dup(pipe.fileHandleForWriting.fileDescriptor)
    #expect(closeWritten(copy))
    #expect(!closeWritten(copy))
  }
}
