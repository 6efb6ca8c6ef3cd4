import Foundation
import GANs
import Testing
import Torch
import _TestSupport

@Suite struct ProjectionTests {
  @Test func theDistanceOfEqualPicturesIsZero() {
    let random = RandomStream(seed: 1)
    let (a, b) = (random.normal([3, 2, 16, 16]), random.normal([3, 2, 16, 16]))
    let distance = PyramidDistance()
    #expect(distance(a, a).floats == [0, 0, 0])
    expectClose(distance(a, b), distance(b, a))
    // A constant difference d has no detail: d² at each of the three levels.
    expectClose(distance(a, a + 0.5), Tensor(repeating: 0.25, shape: [3]))
    // A checkerboard of ±d is seen at the finest of three levels only: (d² + λ·d)/3.
    let board = Tensor((0..<256).map { ($0 + $0 / 16) % 2 == 0 ? 0.5 : -0.5 }, shape: [1, 1, 16, 16])
    expectClose(PyramidDistance(detail: 0.1)(board, .zeros([1, 1, 16, 16])), Tensor([(0.25 + 0.05) / 3], shape: [1]))
    // Pictures of a batch do not influence each other.
    expectClose(distance(a, b)[1..<2], distance(a[1..<2], b[1..<2]))
  }

  @Test func peakSignalToNoise() {
    let a = Tensor.zeros([2, 1, 8, 8])
    let b = Tensor.concatenated([a[0..<1], a[1..<2] + 10.0 / 127.5])
    let ratios = peakSignalToNoiseRatio(a, b)
    #expect(ratios[0] == .infinity)
    #expect(abs(ratios[1] - 20 * log10(25.5)) < 1e-4)
  }

  /// White noise has no correlations, a smooth image has.
  @Test func noiseIsToldFromPictures() {
    let white = RandomStream(seed: 1).normal([1, 1, 64, 64])
    let smooth = RandomStream(seed: 1).normal([1, 1, 16, 16]).upsampledNearest(by: 4)
    #expect(noiseCorrelation(white).item < 0.15)
    #expect(noiseCorrelation(smooth).item > 1)
  }

  /// The generator's own picture is found again.
  @Test(arguments: Projector.Space.allCases) func ownPicturesAreFound(space: Projector.Space) throws {
    let renderer = Renderer(try garments())
    let ws = renderer.styles(renderer.codes(seeds: [1000, 1003]))
    let targets = renderer.tensor(ws)
    var options = Projector.Options()
    options.space = space
    options.steps = 300
    var steps: [Int] = []
    let result = Projector(renderer, options: options).project(targets) { done, _ in steps.append(done) }
    print("own pictures in \(space.rawValue): \(result.psnr) dB")
    #expect(result.psnr.min()! > (space == .w ? 30 : 33))
    #expect(steps == Array(1...300) && result.distances.count == 300)
    // What is saved draws what is reported.
    let drawn = renderer.tensor(Styles(result.latents.codes.tensor))
    #expect(drawn.bytes == result.images.bytes)
    if space == .w {
      expectClose(
        result.latents.codes.tensor[0..<2].sliced(0..<1, along: 1), result.latents.codes.tensor.sliced(7..<8, along: 1))
    }
  }

  /// However few the steps are, there is one result a picture, no worse than where it started.
  @Test(arguments: [1, 5, 12]) func fewStepsAreEnough(steps: Int) throws {
    let renderer = Renderer(try garments())
    let ws = renderer.styles(renderer.codes(seeds: [1000, 1003, 1004]))
    let targets = renderer.tensor(ws)
    var options = Projector.Options()
    (options.steps, options.candidates) = (steps, 50)
    let result = Projector(renderer, options: options).project(targets)
    #expect(result.latents.codes.tensor.shape == [3, 8, 64] && result.distances.count == steps)
    #expect(result.psnr.min()! > 8)
  }

  @Test func noiseIsSoughtToo() throws {
    let renderer = Renderer(try garments())
    let other = renderer.with(noise: .random(RandomStream(seed: 9)))
    let ws = renderer.styles(renderer.codes(seeds: [1000]))
    let targets = other.tensor(ws)
    var options = Projector.Options()
    options.steps = 150
    let fixed = Projector(renderer, options: options).project(targets)
    options.optimizesNoise = true
    let free = Projector(renderer, options: options).project(targets)
    print("a picture with other noise: \(fixed.psnr[0]) dB with the network's noise, \(free.psnr[0]) dB with its own")
    #expect(free.psnr[0] > fixed.psnr[0])
    let noise = try #require(free.latents.noise)
    #expect(noise.map { $0.size(3) } == [4, 4, 8, 8, 16, 16, 32, 32])
    for image in noise {
      #expect(abs(image.mean().item) < 1e-4 && abs(image.squared().mean().item - 1) < 1e-3)
    }
  }
}
