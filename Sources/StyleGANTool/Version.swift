import Images
import Torch

/// The program, its libraries and the processor, for `--version`. All of it decides about speed and last bits.
struct Version: Encodable {
  /// The program's version.
  static let number = "0.1.0"

  let version = number
  let libtorch = Processor.libtorchVersion
  let libvips = ImageDecoder.libvipsVersion
  /// The fused kernels in use; nil if `STYLEGAN_KERNELS` names none of this processor.
  let kernels: String?
  /// The processor's kernels, best first.
  let availableKernels = Processor.availableKernels
  /// The processor's name.
  let processor = Processor.name
  /// The number of CPU threads without --threads.
  let threads = Processor.threadCount

  init() {
    do {
      try Processor.checkKernels()
      kernels = Processor.fusedKernels
    } catch { kernels = nil }
  }

  /// One line each.
  var text: String {
    let choice = availableKernels.joined(separator: ", ")
    return """
      stylegan \(version)
      libtorch \(libtorch), libvips \(libvips)
      kernels: \(kernels.map { "\($0) of \(choice)" } ?? "none; STYLEGAN_KERNELS can be \(choice)")
      processor: \(processor), \(counted(threads, "thread"))
      """
  }
}
