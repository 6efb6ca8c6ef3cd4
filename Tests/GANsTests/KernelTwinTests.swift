import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The fast kernels compute what the plain ones compute, on random networks of every size up to 64×64.
@Suite struct KernelTwinTests {
  private static func networks(_ resolution: Int) -> (StyleGANGenerator, StyleGANDiscriminator) {
    let configuration = StyleGANConfiguration(
      resolution: resolution, imageChannels: 3, zSize: 16, wSize: 16, mappingLayers: 2, fmapBase: 128, fmapMax: 12)
    let generator = StyleGANGenerator(configuration, seed: UInt64(resolution))
    let discriminator = StyleGANDiscriminator(configuration, seed: UInt64(resolution) + 1)
    // What starts at 0 or 1 is moved away from there, or half of the network would not be seen.
    let random = RandomStream(seed: 3)
    for parameter in generator.store.parameters + discriminator.store.parameters
    where ["bias", "noise_strength", "constant"].contains(parameter.name.split(separator: ".").last) {
      parameter.set(random.normal(parameter.value.shape) * 0.3)
    }
    return (generator, discriminator)
  }

  @Test(arguments: [8, 16, 32, 64], [1, 0.35])
  func valuesAndGradientsAgree(resolution: Int, alpha: Double) throws {
    let (generator, discriminator) = Self.networks(resolution)
    let growth = Growth(resolution: resolution, alpha: alpha)
    let random = SamplingStreams(seed: 7)
    let sample = generator.sample(
      count: 4, condition: nil, growth: growth, mixingProbability: 1, random: random)
    let reals = random.tensors.normal([4, 3, resolution, resolution])
    let objective = Objective(gamma: 10)

    /// Everything a training step computes, by name.
    func results(_ kernels: Compute.Kernels) -> [(name: String, value: Tensor)] {
      let compute = Compute(kernels: kernels)
      var out: [(String, Tensor)] = []
      func add(_ what: String, _ loss: Tensor, _ parameters: [Parameter]) {
        out.append((what, loss))
        let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
        out += zip(parameters, found).map { ("\(what).d.\($0.name)", $1) }
      }
      let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
      out.append(("fakes", fakes))
      let drawn = withoutGradients {
        generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
      }
      out.append(("drawn", drawn))
      let scores = discriminator(fakes, growth: growth, compute)
      out.append(("scores", scores))
      add("g_loss", objective.generatorLoss(fakeScores: scores), generator.store.parameters)
      let x = growth.prepared(reals).requiringGradient()
      let realScores = discriminator(x, growth: growth, compute)
      let fakeScores = discriminator(fakes.withoutGraph, growth: growth, compute)
      add(
        "d_loss", objective.discriminatorLoss(realScores: realScores, fakeScores: fakeScores),
        discriminator.store.parameters)
      add(
        "r1", objective.r1Penalty(reals: x, realScores: discriminator(x, growth: growth, compute)),
        discriminator.store.parameters)
      return out
    }

    let plain = results(.reference)
    for kernels in Processor.availableKernels {
      let compare = Comparison("twins \(resolution), alpha \(alpha), \(kernels)")
      for (expected, found) in zip(plain, Processor.with(kernels: kernels) { results(.fast) }) {
        // As in the golden tests: gradients are judged on the scale of all gradients of their loss.
        let loss = expected.name.split(separator: ".")[0]
        let scale = plain.filter { $0.name.hasPrefix("\(loss).d.") }.reduce(0) {
          max($0, $1.value.magnitude().maximum().item)
        }
        compare(
          found.value, expected.value, expected.name, absolute: expected.name.contains(".d.") ? 1e-5 * scale : 0)
      }
      compare.report()
    }
  }

  /// Drawing at 512×512, where statistics are taken with the convolutions.
  @Test func largeDrawingsAgree() {
    let configuration = StyleGANConfiguration(
      resolution: 512, imageChannels: 3, zSize: 16, wSize: 16, mappingLayers: 2, fmapBase: 8192, fmapMax: 24)
    let generator = StyleGANGenerator(configuration, seed: 4)
    let random = RandomStream(seed: 5)
    for parameter in generator.store.parameters
    where ["bias", "noise_strength", "constant"].contains(parameter.name.split(separator: ".").last) {
      parameter.set(random.normal(parameter.value.shape) * 0.3)
    }
    let z = random.normal([2, 16])
    let plain = generator.images(z, Compute(kernels: .reference))
    expectClose(generator.images(z), plain, relative: 1e-4, "fp32")
    // In bfloat16 they are as far from float32 as plain operations in bfloat16 are.
    func error(_ kernels: Compute.Kernels) -> Double {
      let half = generator.images(z, Compute(precision: .bfloat16, kernels: kernels))
      return ((half - plain).squared().mean().item / plain.squared().mean().item).squareRoot()
    }
    let (found, usual) = (error(.fast), error(.reference))
    #expect(found < 1.5 * usual && usual < 0.1, "bf16: \(found), plain operations \(usual)")
  }

  /// The fused kernels by themselves: sums of the plain ones over shifts, so that no weight is lost.
  @Test func fusedKernelsKeepTheSumOfWeights() {
    let weight = RandomStream(seed: 1).normal([5, 3, 3, 3])
    let (up, down) = (upsamplingKernel(weight), downsamplingKernel(weight))
    #expect(up.shape == [3, 5, 4, 4] && down.shape == [5, 3, 4, 4])
    expectClose(up.sum(over: [2, 3]).transposed, weight.sum(over: [2, 3]) * 4)
    expectClose(down.sum(over: [2, 3]), weight.sum(over: [2, 3]))
  }

  /// Tasks may draw with one snapshot: what its layers keep between uses is made by the first and shared.
  @Test func tasksShareASnapshot() async {
    let configuration = StyleGANConfiguration(
      resolution: 16, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 1, fmapBase: 64, fmapMax: 8)
    let generator = StyleGANGenerator(configuration, seed: 3)
    let expected = (0..<4).map { Renderer(generator, growth: configuration.grown).images(seeds: [$0])[0].pixels }
    #expect(Set(expected).count == 4)
    for _ in 0..<20 {
      let snapshot = NetworkSnapshot(generator, growth: configuration.grown)
      let found = await withTaskGroup(of: (Int, [UInt8]).self) { group in
        for seed in 0..<4 {
          group.addTask { (seed, snapshot.renderer().images(seeds: [UInt32(seed)])[0].pixels) }
        }
        return await group.reduce(into: [[UInt8]](repeating: [], count: 4)) { $0[$1.0] = $1.1 }
      }
      #expect(found == expected)
    }
    // The snapshot is of its moment: training on changes nothing in it.
    let snapshot = NetworkSnapshot(generator, growth: configuration.grown)
    for parameter in generator.store.parameters { parameter.set(parameter.value.withoutGraph * 2) }
    #expect(snapshot.renderer().images(seeds: [1])[0].pixels == expected[1])
  }
}
