import CTorch

// Which of the fused kernels run, and on whose threads.

extension Processor {
  /// The instruction sets that this processor has fused kernels for, best first: of "avx512bf16", "avx512", "avx2" and
  /// "generic".
  public static var availableKernels: [String] {
    var names: [String] = []
    while let name = ct_kernels_available(Int32(names.count)) { names.append(String(cString: name)) }
    return names
  }

  /// The instruction set of the fused kernels: the best, or what the environment's `STYLEGAN_KERNELS` names.
  ///
  /// Traps where ``checkKernels()`` throws.
  public static var fusedKernels: String {
    var name: UnsafePointer<CChar>?
    perform(#fileID, #line) { ct_kernels_in_use(&name, $0) }
    return String(cString: name!)
  }

  /// Refuses a `STYLEGAN_KERNELS` that names no kernels of this processor. For the start of a program: the first fused
  /// operation would trap.
  /// - Throws: ``KernelsError``.
  public static func checkKernels() throws(KernelsError) {
    var (name, message): (UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?)
    if ct_kernels_in_use(&name, &message) != 0 { throw KernelsError(description: takeMessage(message)) }
  }

  /// Whose threads the fused kernels run on.
  public enum ThreadPool: String, Sendable, CaseIterable {
    /// Those of the OpenMP runtime that libtorch has loaded, called directly.
    case openMP = "OpenMP"
    /// Those that libtorch gives to its own operations (`at::parallel_for`): where there is no such OpenMP runtime.
    case libtorch
  }

  /// Whose threads the fused kernels run on.
  public static var threadPool: ThreadPool { ct_thread_pool() == CT_POOL_OPENMP ? .openMP : .libtorch }

  /// Runs `body`, whose operations use these kernels and these threads if this thread starts them: for tests.
  package static func with<Value>(
    kernels: String? = nil, threads: ThreadPool? = nil, _ body: () throws -> Value
  ) rethrows -> Value {
    perform(#fileID, #line) { ct_kernels_use(kernels, $0) }
    ct_thread_pool_use(Int32(threads == .libtorch ? CT_POOL_LIBTORCH : CT_POOL_DEFAULT))
    defer {
      perform(#fileID, #line) { ct_kernels_use(nil, $0) }
      ct_thread_pool_use(Int32(CT_POOL_DEFAULT))
    }
    return try body()
  }
}

/// Why the fused kernels that were asked for cannot run.
public struct KernelsError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the names that can be asked for.
  public let description: String
}

extension Tensor {
  /// Self, by a loop over `count` indices shared out to threads, which runs out of memory at index `bad`, forward or
  /// backward: for tests.
  package func runningOutOfMemory(at bad: Int, of count: Int, backward: Bool) -> Tensor {
    makeTensor(#fileID, #line) { ct_test_parallel(pointer, Int64(count), Int64(bad), backward, nil, nil, $0, $1) }
  }
}
