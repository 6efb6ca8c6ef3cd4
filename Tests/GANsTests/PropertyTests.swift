import GANs
import Testing
import Torch
import _TestSupport

/// What must hold of pictures whatever the weights are.
@Suite struct PropertyTests {
  private let generator: StyleGANGenerator
  private let z: Tensor

  init() {
    generator = StyleGANGenerator(
      StyleGANConfiguration(
        resolution: 16, imageChannels: 3, zSize: 16, wSize: 16, mappingLayers: 2, fmapBase: 128, fmapMax: 16), seed: 4)
    let random = RandomStream(seed: 8)
    generator.mapping.wAverage.set(random.normal([16]) * 0.3)
    for parameter in generator.store.parameters where parameter.name.hasSuffix("noise_strength") {
      parameter.set(random.normal(parameter.value.shape) * 0.3)
    }
    z = .latents(seeds: [1, 2, 3, 4], size: 16)
  }

  /// Truncated styles of the latents, `[4, 6, 16]`.
  private func styles(_ truncation: Truncation = .none) -> Tensor {
    withoutGradients { truncation(generator.broadcast(generator.map(z)), average: generator.wAverage.value) }
  }

  private func images(_ ws: Tensor, _ noise: NoiseMode = .constant) -> Tensor {
    withoutGradients { generator.synthesis(ws, noise: noise, growth: Growth(resolution: 16)) }
  }

  @Test func mixingAllLayersOrNone() {
    let ws = Styles(styles())
    let (a, b) = (ws[0..<2], ws[2..<4])
    func images(_ styles: Styles) -> Tensor { self.images(styles.tensor) }
    let (imageA, imageB) = (images(a).bytes, images(b).bytes)
    #expect(imageA != imageB)
    #expect(images(a.copying(Set(0..<6), from: b)).bytes == imageB)
    #expect(images(a.copying([], from: b)).bytes == imageA)
    #expect(images(a.mixed(with: b, crossover: 0)).bytes == imageB)
    #expect(images(a.mixed(with: b, crossover: 6)).bytes == imageA)
    // Each layer counts, and a crossover is the copying of all layers from it on.
    for layer in 0..<6 {
      #expect(images(a.copying([layer], from: b)).bytes != imageA)
      #expect(
        a.mixed(with: b, crossover: layer).tensor.bytes == a.copying(Set(layer..<6), from: b).tensor.bytes)
    }
  }

  /// Nine batches of ten are mixed, at any layer but the first: each active layer gets both latents.
  @Test func samplesAreMixedAsOftenAndWhereTheyShould() {
    let random = SamplingStreams(seed: 6)
    var crossovers: [Int: Int] = [:]
    let count = 2000
    for _ in 0..<count {
      let sample = generator.sample(
        count: 2, condition: nil, growth: Growth(resolution: 8), mixingProbability: 0.9, random: random)
      #expect(sample.z.shape == [2, 16])
      #expect(sample.noise.map(\.?.shape) == [[2, 1, 4, 4], [2, 1, 4, 4], [2, 1, 8, 8], [2, 1, 8, 8]])
      guard let mixing = sample.mixing else { continue }
      crossovers[mixing.crossover, default: 0] += 1
      #expect(mixing.z.bytes != sample.z.bytes)
    }
    // Five deviations of a binomial distribution.
    #expect(abs(crossovers.values.reduce(0, +) - 1800) < 68)
    #expect(crossovers.keys.sorted() == [1, 2, 3])
    for (_, times) in crossovers { #expect(abs(times - 600) < 103) }
  }

  @Test func truncationToTheAverageAndNone() {
    let average = generator.images(z, truncation: Truncation(psi: 0))
    for i in 1..<4 { #expect(average[i].bytes == average[0].bytes) }
    let ws = styles()
    #expect(styles(Truncation(psi: 1)).bytes == ws.bytes)
    // Half way, only before the cutoff; and beyond the average for ψ < 0.
    let half = styles(Truncation(psi: 0.5, cutoff: 2))
    let center = generator.mapping.wAverage.value
    expectClose(half.sliced(0..<2, along: 1), (ws.sliced(0..<2, along: 1) + center) * 0.5)
    #expect(half.sliced(2..<6, along: 1).bytes == ws.sliced(2..<6, along: 1).bytes)
    let opposite = styles(Truncation(psi: -1))
    expectClose(opposite, 2 * center - ws)
    #expect(styles(Truncation(psi: 0.5, cutoff: 0)).bytes == ws.bytes)
  }

  @Test func noiseModes() {
    let ws = styles()
    let constant = images(ws).bytes
    #expect(images(ws).bytes == constant)
    #expect(images(ws, .none).bytes == images(ws, .none).bytes && images(ws, .none).bytes != constant)
    let stream = RandomStream(seed: 1)
    let first = images(ws, .random(stream)).bytes
    #expect(images(ws, .random(stream)).bytes != first)
    #expect(images(ws, .random(RandomStream(seed: 1))).bytes == first)
    // Fresh noise differs from sample to sample.
    let same = images(ws[0..<1].expanded([2, -1, -1]), .random(stream))
    #expect(same[0].bytes != same[1].bytes)
    #expect(images(ws[0..<1].expanded([2, -1, -1]))[0].bytes == images(ws[0..<1].expanded([2, -1, -1]))[1].bytes)
  }

  /// A picture does not depend on those beside it: nothing in the generator mixes samples.
  @Test func picturesAreIndependent() {
    expectClose(generator.images(z[1..<2]), generator.images(z)[1..<2])
  }

  @Test(arguments: Array(stride(from: 4, through: 18, by: 2)))
  func bandsPartitionTheLayers(count: Int) {
    let ranges = StyleBand.allCases.map { $0.layers(of: count) }
    #expect(ranges.flatMap { Array($0) } == Array(0..<count))
    for range in ranges { #expect(range.lowerBound % 2 == 0 && range.upperBound % 2 == 0) }
    #expect(!ranges[0].isEmpty && !ranges[1].isEmpty)
    if count >= 6 { #expect(!ranges[2].isEmpty) }
    if count == 18 { #expect(ranges == [0..<4, 4..<8, 8..<18]) }
  }

  @Test func slerpKeepsToTheSphere() {
    let random = RandomStream(seed: 2)
    let (a, b) = (random.normal([5, 16]) * 3, random.normal([5, 16]))
    func unit(_ x: Tensor) -> Tensor { x / x.squared().sum(over: [1], keepingDimensions: true).squareRoot() }
    func angle(_ x: Tensor, _ y: Tensor) -> Tensor {
      (unit(x) * unit(y)).sum(over: [1]).clamped(minimum: -1, maximum: 1).arcCosine()
    }
    // The arc cosine has lost half of the digits where it is near 0: 1e-3 there.
    expectClose(a.slerp(to: b, 0), unit(a))
    expectClose(a.slerp(to: b, 1), unit(b))
    for t in [0.1, 0.5, 0.9] {
      let x = a.slerp(to: b, t)
      expectClose(x.squared().sum(over: [1]), .ones([5]))
      expectClose(angle(a, x), angle(a, b) * t, relative: 1e-3, "the speed is even")
    }
    // Equal and opposite ends make no NaN.
    #expect(a.slerp(to: a, 0.5).isAllFinite && a.slerp(to: -a, 0.5).isAllFinite)
    expectClose(a.slerp(to: a, 0.5), unit(a), relative: 1e-3)
  }
}
