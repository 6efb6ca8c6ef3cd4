import Foundation
import Testing
import Torch
import _TestSupport

/// Which kernels run is the processor's matter and the user's; a wish that cannot be met is refused.
@Suite struct KernelChoiceTests {
  @Test func theGenericKernelsAreAlwaysThere() {
    #expect(Processor.availableKernels.last == "generic")
    #expect(Set(Processor.availableKernels).count == Processor.availableKernels.count)
    #expect(Processor.availableKernels.contains(Processor.fusedKernels))
  }

  @Test func everyOneCanBeChosen() {
    let before = Processor.fusedKernels
    for name in Processor.availableKernels {
      Processor.with(kernels: name) {
        #expect(Processor.fusedKernels == name)
        // Other threads have their own choice.
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
          #expect(Processor.fusedKernels == before)
          done.signal()
        }
        done.wait()
      }
    }
    #expect(Processor.fusedKernels == before)
  }

  /// NNPACK prints a warning in every convolution where the processor lacks AVX2.
  @Test func nnpackIsOff() { #expect(!Processor.usesNNPACK) }

  /// Filters that one instruction set has packed are not read by another.
  @Test func filtersBelongToOneInstructionSet() {
    let (x, weight) = (
      RandomStream(seed: 1).normal([1, 40, 6, 6]), RandomStream(seed: 2).normal([40, 40, 3, 3])
    )
    let filters = TransformedFilters()
    let expected = x.conv2d(weight, padding: 1)
    withoutGradients {
      for name in Processor.availableKernels + Processor.availableKernels.reversed() {
        Processor.with(kernels: name) { expectClose(x.convolvedFused(weight, filters: filters), expected, name) }
      }
    }
  }
}
