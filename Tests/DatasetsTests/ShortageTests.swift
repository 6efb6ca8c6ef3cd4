import Datasets
import Files
import Foundation
import Images
import Synchronization
import Testing
import _TestSupport

/// A shortage of memory, descriptors, threads, disk or time is never called damage, and nothing is skipped for it.
@Suite struct ShortageTests {
  @Test(arguments: [ENOMEM, EMFILE, ENFILE, EAGAIN, EIO, ETIMEDOUT, ESTALE, ENOSPC, EDQUOT, EINTR])
  func troubleOfTheMachineIsNotSkipped(code: Int32) {
    let error = FileError(.read, path: "a.png", code: code)
    #expect(!DatasetBuilder.isSkippable(error))
    #expect(!error.description.contains("damaged") && error.description.contains("; "))
    #expect(error.isShortage == [ENOMEM, EMFILE, ENFILE, EAGAIN].contains(code))
    #expect(!DatasetBuilder.isSkippable(FileError(.write, path: "a.zip", code: code)))
  }

  @Test(arguments: [ENOENT, EACCES, ELOOP, ENAMETOOLONG, ESPIPE])
  func troubleOfAFileIsSkipped(code: Int32) {
    #expect(DatasetBuilder.isSkippable(FileError(.read, path: "a.png", code: code)))
    #expect(!DatasetBuilder.isSkippable(FileError(.write, path: "a.zip", code: code)))
  }

  @Test func damageIsSkipped() {
    #expect(DatasetBuilder.isSkippable(ImageError.truncated(name: "a.png")))
    #expect(DatasetBuilder.isSkippable(DatasetError.malformed(path: "a.zip:b.png", reason: "CRC")))
    #expect(!DatasetBuilder.isSkippable(DatasetError.badOutput(path: "a.zip", reason: "exists")))
  }

  /// Work that needs `cost` of 4 units is refused where too much of other work runs. By itself it fits: all of it
  /// ends well, for any mixture of threads.
  @Test(arguments: [1, 2, 4]) func workIsTriedAgainAlone(cost: Int) throws {
    let resources = ScarceResources()
    let used = Atomic(0)
    let results = try OrderedPipeline.map(200, threads: 8) { index in
      try resources.run {
        let now = used.add(cost, ordering: .sequentiallyConsistent).newValue
        defer { used.subtract(cost, ordering: .sequentiallyConsistent) }
        usleep(200)
        guard now <= 4 else {
          throw FileError(.read, path: "\(index)", code: EMFILE)
        }
        return index
      }
    }
    #expect(results == Array(0..<200))
  }

  @Test func whatFailsAloneFails() throws {
    let resources = ScarceResources()
    let calls = Atomic(0)
    #expect(throws: FileError(.read, path: "7", code: ENOMEM)) {
      try OrderedPipeline.map(20, threads: 4) { index in
        try resources.run {
          if index == 7 {
            calls.add(1, ordering: .relaxed)
            throw FileError(.read, path: "7", code: ENOMEM)
          }
        }
      }
    }
    #expect(calls.load(ordering: .relaxed) == 2)
    // Other errors are not tried again.
    #expect(throws: FileError.self) {
      try resources.run {
        calls.add(1, ordering: .relaxed)
        throw FileError(.read, path: "8", code: ENOENT)
      }
    }
    #expect(calls.load(ordering: .relaxed) == 3)
  }
}
