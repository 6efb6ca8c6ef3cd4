import CTorch
import Foundation
import Testing
import Torch
import _TestSupport

/// The loops of the kernels: what happens when memory runs out in one, and whose threads they run on.
@Suite struct ParallelLoopTests {
  /// What a loop does to an index, and whom it tells.
  private final class Indices {
    var reached: [Int32]
    let condition = NSCondition()
    var present = 0

    init(_ count: Int) { reached = [Int32](repeating: 0, count: count) }
  }

  /// A loop that runs out of memory at index `bad`: its status and message.
  private func loop(
    _ indices: Indices, bad: Int, backward: Bool = false,
    body: @convention(c) (UnsafeMutableRawPointer?, Int64) -> Void = { context, i in
      let indices = Unmanaged<Indices>.fromOpaque(context!).takeUnretainedValue()
      indices.condition.withLock { indices.reached[Int(i)] += 1 }
    }
  ) -> (status: Int32, message: String) {
    var (x, y, gradient): (ct_tensor?, ct_tensor?, ct_tensor?)
    var message: UnsafeMutablePointer<CChar>?
    let cpu = ct_device(kind: Int32(CT_CPU), index: 0)
    let made = ct_full([1], 1, 1, Int32(CT_FLOAT32), cpu, &x, &message)
    let recorded = ct_set_requires_grad(x!, true, &message)
    precondition(made == 0 && recorded == 0)
    let context = Unmanaged.passUnretained(indices).toOpaque()
    var status = ct_test_parallel(
      x!, Int64(indices.reached.count), Int64(bad), backward, body, context, &y, &message)
    if status == 0 { status = withUnsafePointer(to: x!) { ct_gradients(y!, nil, $0, 1, false, &gradient, &message) } }
    for tensor in [x, y, gradient] { if let tensor { ct_tensor_free(tensor) } }
    defer { if let message { ct_message_free(message) } }
    return (status, message.map { String(cString: $0) } ?? "")
  }

  @Test(arguments: Processor.ThreadPool.allCases, [false, true])
  func everyIndexIsReachedOnce(threads: Processor.ThreadPool, backward: Bool) {
    Processor.with(threads: threads) {
      for count in [1, 2, 3, 1000] {
        let indices = Indices(count)
        #expect(loop(indices, bad: -1, backward: backward).status == 0)
        #expect(indices.reached == [Int32](repeating: 1, count: count))
      }
    }
  }

  /// The exception of a worker arrives where the loop was started, and ends the loop; the next loop is sound.
  @Test(arguments: Processor.ThreadPool.allCases, [false, true])
  func memoryThatRunsOutInAWorkerIsAnError(threads: Processor.ThreadPool, backward: Bool) {
    Processor.with(threads: threads) {
      for bad in [0, 1, 500, 99_999] {
        let indices = Indices(100_000)
        let (status, message) = loop(indices, bad: bad, backward: backward)
        #expect(status == 1 && message.contains("bad_alloc"), "\(message)")
        #expect(indices.reached[bad] == 1 && indices.reached.allSatisfy { $0 <= 1 })
        #expect(bad > 500 || indices.reached.contains(0), "the indices that are left are skipped")
      }
      #expect(loop(Indices(100), bad: -1, backward: backward).status == 0)
    }
  }

  /// The program's choice is asked, not `terminate`.
  @Test func aWorkerWithoutMemoryEndsTheProgramInItsOwnWords() async {
    await #expect(processExitsWith: .exitCode(71)) {
      OutOfMemory.handler = { _ in exit(71) }
      Processor.threadCount = 2
      _ = Tensor.ones([1]).runningOutOfMemory(at: 7, of: 100, backward: false)
    }
    await #expect(processExitsWith: .exitCode(71)) {
      OutOfMemory.handler = { _ in exit(71) }
      Processor.threadCount = 2
      let x = Tensor.ones([1]).requiringGradient()
      _ = gradients(of: x.runningOutOfMemory(at: 7, of: 100, backward: true).sum(), withRespectTo: [x])
    }
  }

  @Test func threadsCanBeLibtorchs() {
    #expect(Processor.with(threads: .libtorch) { Processor.threadPool } == .libtorch)
  }

  /// All of them are at work at once: it is no plain loop.
  @Test(arguments: Processor.ThreadPool.allCases) func loopsUseEveryThread(threads: Processor.ThreadPool) {
    let indices = Indices(Processor.threadCount)
    Processor.with(threads: threads) {
      // Each waits until all are there.
      let (status, _) = loop(indices, bad: -1) { context, i in
        let indices = Unmanaged<Indices>.fromOpaque(context!).takeUnretainedValue()
        indices.condition.withLock {
          indices.present += 1
          indices.condition.broadcast()
          let end = Date(timeIntervalSinceNow: 60)
          while indices.present < indices.reached.count, indices.condition.wait(until: end) {}
          indices.reached[Int(i)] = Int32(indices.present)
        }
      }
      #expect(status == 0)
    }
    #expect(indices.reached == [Int32](repeating: Int32(indices.reached.count), count: indices.reached.count))
  }
}
