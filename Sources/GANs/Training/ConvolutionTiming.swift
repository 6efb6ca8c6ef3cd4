import Torch

/// Times a 3×3 convolution as a training step uses it: forward, with bias and leaky ReLU, and its gradients.
package struct ConvolutionTiming {
  private let layer: EqualizedConv2d
  private let activation: BiasActivation
  private let input: Tensor
  private let clock = ContinuousClock()

  /// A layer of this shape with random weights, and a batch.
  package init(_ shape: ConvolutionChoices.Shape, images: Int) {
    let store = ParameterStore(seed: 1)
    layer = EqualizedConv2d(
      store.root / "conv", inputs: shape.inputs, outputs: shape.outputs, resampling: shape.resampling)
    activation = BiasActivation(store.root / "activation", channels: shape.outputs)
    // At most 16 million values and 16 billion operations, for large networks and pictures.
    let values = shape.inputs * shape.side * shape.side
    let operations = 18 * values * shape.outputs * (shape.resampling == .up ? 4 : 1)
    let count = max(1, min(images, (16 << 20) / max(1, values), 16_000_000_000 / max(1, operations)))
    input = RandomStream(seed: 2).normal([count, shape.inputs, shape.side, shape.side])
  }

  /// The least seconds of each way to compute it. They are timed in turn, so that a busy machine disturbs all alike.
  package func seconds(_ ways: [Compute]) -> [Double] {
    let inputs = ways.map { $0.activations(input) }
    func seconds(_ way: Int) -> Double {
      clock.measure {
        let x = inputs[way].withoutGraph.requiringGradient(true)
        let y = layer(x, then: activation, ways[way])
        _ = gradients(of: y.to(.float32).sum(), withRespectTo: [x, layer.weight.value, activation.bias.value])
      } / .seconds(1)
    }
    // The first call prepares kernels and memory.
    let first = ways.indices.map(seconds)
    var least = ways.map { _ in Double.infinity }
    for round in 0..<(first.reduce(0, +) > 1 ? 2 : 6) {
      for way in ways.indices { least[way] = min(least[way], seconds(way)) }
      // So clear a difference needs no more rounds.
      if round > 0, least.max()! > 2 * least.min()! { break }
    }
    return least
  }

  /// The shapes of G's and D's 3×3 convolutions at the final resolution, sorted.
  package static func shapes(of options: TrainingOptions) -> [ConvolutionChoices.Shape] {
    var options = options
    (options.precision, options.kernels, options.convolutions) = (.float32, .fast, nil)
    let networks = TrainingNetworks(options)
    let growth = Growth(resolution: options.configuration.resolution)
    let labels = options.configuration.labelSize
    let condition = labels > 0 ? Condition(classes: [0, 0], of: labels, device: .cpu) : nil
    return ConvolutionChoices.shapes {
      withoutGradients {
        let sample = networks.generator.sample(
          count: 2, condition: condition, growth: growth, mixingProbability: 0,
          random: SamplingStreams(seed: 1, device: .cpu))
        let fakes = networks.generator.trainingImages(sample, growth: growth, updatingAverage: false, options.compute)
        _ = networks.judge(fakes, condition, growth: growth)
      }
    }.sorted()
  }
}
