import Files
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The engines of convolutions: both compute the same, and a choice is kept.
@Suite struct KernelChoiceTests {
  /// y, ∂y/∂x, ∂y/∂w and the gradient of ‖∂y/∂x‖² of a layer with bias and leaky ReLU.
  private func results(_ resampling: Resampling, _ engine: ConvolutionChoices.Engine) -> [Tensor] {
    let store = ParameterStore(seed: 1)
    let layer = EqualizedConv2d(store.root / "conv", inputs: 5, outputs: 7, resampling: resampling)
    let activation = BiasActivation(store.root / "activation", channels: 7)
    let compute = Compute(convolutions: ConvolutionChoices(usual: engine))
    let x = compute.activations(RandomStream(seed: 2).normal([3, 5, 8, 8])).requiringGradient(true)
    let y = layer(x, then: activation, compute)
    let weights = RandomStream(seed: 3).normal(y.shape)
    let first = gradients(
      of: (y * y * weights).sum(), withRespectTo: [x, layer.weight.value, activation.bias.value], createGraph: true)
    let second = gradients(of: (first[0] * first[0]).sum(), withRespectTo: [x, layer.weight.value])
    return [y] + first + second
  }

  @Test(arguments: [Resampling.none, .up, .down]) func bothEnginesComputeTheSame(resampling: Resampling) {
    let (a, b) = (results(resampling, .minimalFiltering), results(resampling, .libtorch))
    for (a, b) in zip(a, b) {
      let (a, b) = (a.withoutGraph.floats, b.withoutGraph.floats)
      let scale = b.map(abs).max()!
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 2e-5 * scale })
    }
  }

  /// Shapes are recorded, and an exception takes the other engine for its shape only.
  @Test func exceptionsAreOfOneShape() throws {
    let options = smallOptions()
    let shapes = ConvolutionTiming.shapes(of: options)
    #expect(shapes.count >= 4 && shapes == shapes.sorted() && Set(shapes).count == shapes.count)
    let choices = ConvolutionChoices(usual: .minimalFiltering, exceptions: [shapes[1]])
    #expect(choices.engine(of: shapes[0]) == .minimalFiltering && choices.engine(of: shapes[1]) == .libtorch)
    let text = try JSON.compact(choices)
    #expect(text.contains("→"))
    #expect(try JSONDecoder().decode(ConvolutionChoices.self, from: Data(text.utf8)) == choices)
    for bad in ["none 3→4 at", "none 3 4 5", "left 3→4 at 8", "none x→4 at 8"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([ConvolutionChoices.Shape].self, from: Data("[\"\(bad)\"]".utf8))
      }
    }
  }

  /// Without kernels for the processor, libtorch computes float32.
  @Test func withoutKernelsOfItsOwnLibtorchIsUsed() {
    Processor.with(kernels: "generic") {
      #expect(ConvolutionChoices.unmeasured(.float32) == .libtorch)
      #expect(ConvolutionChoices.unmeasured(.bfloat16) == .minimalFiltering)
    }
  }

  /// What was measured is kept, for each network; a damaged file is measured again; without a cache nothing is chosen.
  @Test func theChoiceIsKept() throws {
    try withFolder { folder in
      var options = smallOptions()
      options.threads = Processor.threadCount
      var measurements = 0
      func choose(_ options: TrainingOptions) throws -> KernelTuning.Result? {
        try KernelTuning.fastest(
          for: options, precisions: [.float32, .bfloat16], folder: folder, measuring: { measurements += 1 })
      }
      let first = try #require(try choose(options))
      #expect(first.secondsPerImage.count == 2 && measurements == 1)
      #expect(try choose(options) == first && measurements == 1)
      options.schedule.batchSizes = [4: 7]
      _ = try choose(options)
      #expect(measurements == 2)
      for name in try Folder.names(in: folder) { try AtomicFile.write("{", to: "\(folder)/\(name)") }
      _ = try choose(options)
      #expect(measurements == 3)
      options.kernels = .reference
      #expect(try choose(options) == nil)
      options.kernels = .fast
      // Where the result cannot be kept, nothing is measured, and that is no error.
      for name in try Folder.names(in: folder) where name.hasSuffix(".json") {
        unlink("\(folder)/\(name)")
        _ = try Folder.make("\(folder)/\(name)")
      }
      #expect(try choose(options) == nil && measurements == 3)
      try AtomicFile.write("", to: "\(folder)/file")
      #expect(
        try KernelTuning.fastest(for: options, precisions: [.float32], folder: "\(folder)/file/kernels") == nil)
    }
  }

  /// The precision of drawing is measured once.
  @Test func thePrecisionOfDrawingIsKept() throws {
    try withFolder { folder in
      let first = KernelTuning.precisionOfDrawing(folder: folder)
      #expect(KernelTuning.precisionOfDrawing(folder: folder) == first)
      #expect(try Folder.names(in: folder).isEmpty == (Processor.fusedKernels != "avx512bf16"))
      try AtomicFile.write("", to: "\(folder)/file")
      #expect(KernelTuning.precisionOfDrawing(folder: "\(folder)/file/kernels") == .float32)
    }
  }

  /// The choice is a part of the options, and old options have none.
  @Test func theChoiceIsAnOption() throws {
    var options = smallOptions()
    #expect(try !options.text().contains("convolutions"))
    options.convolutions = ConvolutionChoices(
      usual: .libtorch, exceptions: [.init(resampling: .up, inputs: 2, outputs: 3, side: 4)])
    #expect(try TrainingOptions(text: try options.text(), path: "options.json") == options)
    #expect(options.compute.convolutions == options.convolutions)
  }
}
