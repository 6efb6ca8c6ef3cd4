import ArgumentParser
import GANs

/// The kernels of a training.
enum TrainingKernels: String, ExpressibleByArgument, CaseIterable { case auto, fast, libtorch, reference }

/// The choice of kernels.
struct KernelArguments: ParsableArguments {
  @Option(
    help: """
      Kernels of the convolutions: auto (the fastest on this machine, measured once and kept in the cache), fast (minimal \
      filtering), libtorch, or reference (plain operations; --precision auto is then fp32) (default: auto).
      """)
  var kernels: TrainingKernels?
}

extension Train {
  /// Whether the precision is to be measured: with `--precision auto`, and with `--hours` by default.
  var isPrecisionOpen: Bool {
    compute.precisionChoice == .auto || (place.hours != nil && compute.precisionChoice == nil)
  }

  /// Sets the precision and the kernels, measured where that is open. On other devices than the CPU an open precision is
  /// float32.
  func chooseKernels(for options: inout TrainingOptions) throws {
    switch machine.kernels ?? .auto {
    case .auto: break
    case .fast: options.convolutions = ConvolutionChoices(usual: .minimalFiltering)
    case .libtorch: options.convolutions = ConvolutionChoices(usual: .libtorch)
    case .reference: options.kernels = .reference
    }
    if options.convolutions != nil && !isPrecisionOpen { return }
    if KernelTuning.isOff {
      if isPrecisionOpen, options.kernels == .fast { options.precision = .fastest }
      return
    }
    let precisions = isPrecisionOpen ? Benchmark.precisions : [options.precision]
    let result = try KernelTuning.fastest(for: options, precisions: precisions) {
      tell("measuring which kernels are the fastest here; the result is kept for later trainings")
    }
    if let result {
      options.use(result)
    } else if options.device == "cpu", options.kernels == .fast {
      notice(
        "note: nothing can be kept in \(KernelTuning.defaultFolder.shown), so the fastest kernels are not measured: "
          + "precision \(options.precision.rawValue)")
    }
  }
}
