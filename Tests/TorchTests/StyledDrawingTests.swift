import Testing
import Torch
import _TestSupport

/// Without a graph the epilogue blurs, sums and writes at once and in place: the results are those of its steps.
@Suite struct StyledDrawingTests {
  private let random = RandomStream(seed: 11)

  private func parameters(_ samples: Int, _ channels: Int) -> (bias: Tensor, style: Tensor, strength: Tensor) {
    (random.normal([channels]), random.normal([samples, 2 * channels]), random.normal([channels]))
  }

  private func onEveryInstructionSet(_ body: () -> Void) {
    for kernels in Processor.availableKernels { Processor.with(kernels: kernels) { withoutGradients(body) } }
  }

  @Test(arguments: [DType.float32, .bfloat16], [3, 16, 70]) func blurredInOnePass(type: DType, channels: Int) {
    let x = random.normal([2, channels, 37, 40]).to(type).laidOut(.channelsLast)
    let (bias, style, strength) = parameters(2, channels)
    let noise = (image: random.normal([2, 1, 37, 40]), strength: strength)
    onEveryInstructionSet {
      let expected = x.blurredFused().styledEpilogueFused(noise: noise, bias: bias, style: style)
      let found = x.styledEpilogueFused(noise: noise, bias: bias, style: style, blurred: true)
      #expect(found.to(.float32).floats == expected.to(.float32).floats)
    }
  }

  @Test func consumedOnlyWithoutAGraph() {
    let (bias, style, _) = parameters(1, 20)
    let x = random.normal([1, 20, 8, 8]).laidOut(.channelsLast)
    let before = x.floats
    let kept = x.styledEpilogueFused(noise: nil, bias: bias, style: style)
    #expect(x.floats == before)
    let variable = bias.requiringGradient()
    let recorded = x.styledEpilogueFused(noise: nil, bias: variable, style: style, consuming: true)
    #expect(x.floats == before)
    expectClose(recorded.withoutGraph, kept, "with a graph")
    let consumed = withoutGradients { x.styledEpilogueFused(noise: nil, bias: bias, style: style, consuming: true) }
    #expect(consumed.floats == kept.floats)
    #expect(x.floats == kept.floats)
  }

  /// Large enough that the statistics are taken with the convolution; blocks that begin in one sample and end in the next.
  @Test(arguments: [DType.float32, .bfloat16], [true, false]) func statisticsTakenWithTheConvolution(
    type: DType, hasNoise: Bool
  ) {
    let (samples, inputs, channels, size) = (3, 5, 40, 260)
    let x = random.normal([samples, inputs, size, size]).to(type).laidOut(.channelsLast)
    let weight = random.normal([channels, inputs, 3, 3])
    let (bias, style, strength) = parameters(samples, channels)
    let noise = hasNoise ? (image: random.normal([1, 1, size, size]), strength: strength) : nil
    let filters = TransformedFilters()
    onEveryInstructionSet {
      let found = x.convolvedAndStyledFused(
        weight, filters: filters, scale: 0.3, noise: noise, bias: bias, style: style)
      let expected = x.convolvedFused(weight, filters: filters, scale: 0.3)
        .styledEpilogueFused(noise: noise, bias: bias, style: style)
      expectClose(
        found.to(.float32), expected.to(.float32), relative: type == .float32 ? 1e-6 : 8e-3,
        "\(type), noise \(hasNoise)")
    }
  }

  /// Large for their channels, but with fewer squares than a block: their statistics are taken apart.
  @Test func fewPixelsOfManyChannels() {
    let (samples, channels) = (4, 16_384)
    let x = random.normal([samples, 3, 8, 8]).laidOut(.channelsLast)
    let weight = random.normal([channels, 3, 3, 3])
    let (bias, style, _) = parameters(samples, channels)
    withoutGradients {
      let filters = TransformedFilters()
      let found = x.convolvedAndStyledFused(weight, filters: filters, noise: nil, bias: bias, style: style)
      let expected = x.convolvedFused(weight, filters: filters)
        .styledEpilogueFused(noise: nil, bias: bias, style: style)
      #expect(found.floats == expected.floats)
    }
  }
}
