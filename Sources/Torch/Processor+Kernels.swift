import CTorch

// The choice of the fused kernels and of their threads.

extension Processor {
  /// The processor's fused kernels by instruction set, best first: of "avx512bf16", "avx512", "avx2" and "generic".
  public static var availableKernels: [String] {
    var names: [String] = []
    while let name = ct_kernels_available(Int32(names.count)) { names.append(String(cString: name)) }
    return names
  }

  /// The fused kernels in use: those named by the environment variable `STYLEGAN_KERNELS`, else the best.
  ///
  /// Traps if ``checkKernels()`` throws.
  public static var fusedKernels: String {
    var name: UnsafePointer<CChar>?
    perform(#fileID, #line) { ct_kernels_in_use(&name, $0) }
    return String(cString: name!)
  }

  /// Checks `STYLEGAN_KERNELS`. Call it when a program starts; with a wrong name the first fused operation traps.
  /// - Throws: ``KernelsError`` if the processor does not have these kernels.
  public static func checkKernels() throws(KernelsError) {
    var (name, message): (UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?)
    if ct_kernels_in_use(&name, &message) != 0 { throw KernelsError(description: takeMessage(message)) }
  }

  /// The thread pool of the fused kernels.
  public enum ThreadPool: String, Sendable, CaseIterable {
    /// The OpenMP runtime of libtorch, called directly.
    case openMP = "OpenMP"
    /// libtorch's own pool (`at::parallel_for`), used if there is no such OpenMP runtime.
    case libtorch
  }

  /// Whether libtorch may try NNPACK, which warns in every convolution on processors without AVX2. The library turns it off.
  package static var usesNNPACK: Bool { ct_uses_nnpack() }

  /// The thread pool of the fused kernels.
  public static var threadPool: ThreadPool { ct_thread_pool() == CT_POOL_OPENMP ? .openMP : .libtorch }

  /// The seconds of the matrix products of a 3×3 convolution by minimal filtering, on this thread, for benchmarks.
  /// - Parameters:
  ///   - pairs: whether the operands are bfloat16.
  ///   - channels: of the input and of the output.
  ///   - tiles: 2×2 squares of the output.
  package static func secondsOfProducts(pairs: Bool, channels: Int, tiles: Int, repetitions: Int) -> Double {
    var seconds = 0.0
    perform(#fileID, #line) {
      ct_time_products(pairs, Int64(channels), Int64(tiles), Int64(repetitions), &seconds, $0)
    }
    return seconds
  }

  /// For tests: runs `body`; the operations that this thread starts use these kernels and threads.
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

/// The requested fused kernels cannot run.
public struct KernelsError: Error, Equatable, CustomStringConvertible {
  /// One sentence with the available names.
  public let description: String
}

extension Tensor {
  /// For tests: self, after a parallel loop over `count` indices that runs out of memory at index `bad`.
  package func runningOutOfMemory(at bad: Int, of count: Int, backward: Bool) -> Tensor {
    makeTensor(#fileID, #line) { ct_test_parallel(pointer, Int64(count), Int64(bad), backward, nil, nil, $0, $1) }
  }
}
