import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// The network of Fixtures/garments.safetensors: width tiny with 256/64 feature maps and latents of 64, trained on 51 thousand
/// pictures of Fashion-MNIST at 32×32; only its averaged generator is kept.
func garments() throws -> NetworkFile {
  let url = try #require(Bundle.module.url(forResource: "Fixtures/garments", withExtension: "safetensors"))
  return try NetworkFile(path: url.path)
}

/// What scale-specific control promises, on a trained network.
@Suite struct ControlTests {
  private let renderer: Renderer

  init() throws { renderer = Renderer(try garments()) }

  private func pixels(_ ws: Styles) -> [[UInt8]] { renderer.images(ws).map(\.pixels) }

  @Test func mixingAllStylesGivesTheSourceAndNoneTheBase() {
    let (a, b) = (renderer.styles(renderer.codes(seeds: [1, 2])), renderer.styles(renderer.codes(seeds: [5, 6])))
    let grid = { (layers: Set<Int>) in renderer.styleMixing(rows: a, columns: b, layers: layers).map(\.pixels) }
    let (imagesA, imagesB) = (pixels(a), pixels(b))
    let (all, none) = (grid(Set(0..<8)), grid([]))
    #expect(Array(all[1...2]) == imagesB && [all[3], all[6]] == imagesA)
    #expect(Array(all[4...5]) == imagesB && Array(all[7...8]) == imagesB)
    #expect(Array(none[4...5]) == [imagesA[0], imagesA[0]] && Array(none[7...8]) == [imagesA[1], imagesA[1]])
    // Each band by itself changes the picture, into something that is neither.
    for band in StyleBand.allCases {
      let mixed = grid(renderer.layers(of: band))[4]
      #expect(mixed != imagesA[0] && mixed != imagesB[0])
    }
  }

  @Test func truncationToTheMeanImageAndNone() {
    let codes = renderer.codes(seeds: Array(0..<8))
    let mean = renderer.styles(renderer.codes(w: renderer.style.wAverage.value.unsqueezed(at: 0)))
    let collapsed = renderer.with(truncation: Truncation(psi: 0))
    #expect(Set(collapsed.images(codes).map(\.pixels)) == [pixels(mean)[0]])
    #expect(
      renderer.with(truncation: Truncation(psi: 1)).styles(codes).tensor.bytes == renderer.styles(codes).tensor.bytes)
    // ψ shrinks the distance to the mean in proportion.
    let half = renderer.with(truncation: Truncation(psi: 0.5)).styles(codes).tensor
    expectClose(half - mean.tensor, (renderer.styles(codes).tensor - mean.tensor) * 0.5)
  }

  @Test func constantNoiseRepeatsBytes() {
    let ws = renderer.styles(renderer.codes(seeds: [3, 4]))
    #expect(pixels(ws) == pixels(ws))
    #expect(renderer.with(noise: renderer.noise(in: Set(0..<8))).images(ws).map(\.pixels) == pixels(ws))
    #expect(renderer.with(noise: renderer.noise(in: [])).images(ws) == renderer.with(noise: .none).images(ws))
    // Moving noise is of one kind and does not repeat.
    let moving = renderer.images(ws[0..<1].repeated(4), movingNoise: 1)
    #expect(Set(moving.map(\.pixels)).count == 4)
    #expect(moving == renderer.images(ws[0..<1].repeated(4), movingNoise: 1))
  }

  /// What is left of a change at 8×8 shows how coarse it is: 16 pairs of seeds, mean squared difference in units of 0…255.
  @Test func fineStylesMoveTheCoarseImageLess() {
    let count = 16
    let a = renderer.styles(renderer.codes(seeds: Array(0..<UInt32(count))))
    let b = renderer.styles(renderer.codes(seeds: Array(100..<100 + UInt32(count))))
    func small(_ styles: Styles) -> Tensor { renderer.tensor(styles).averagePooled(by: 4) * 127.5 }
    let base = small(a)
    let change = StyleBand.allCases.map { band in
      (small(a.copying(renderer.layers(of: band), from: b)) - base).squared().mean().item.squareRoot()
    }
    print("root mean square change at 8×8 — coarse \(change[0]), middle \(change[1]), fine \(change[2])")
    #expect(change[2] < 0.9 * change[0])
  }

  @Test func noiseMovesPixelsWhereItsStrengthIsNotZero() throws {
    let ws = renderer.styles(renderer.codes(seeds: [2]))
    let deviation = renderer.deviation(ws, realizations: 50)
    #expect(deviation.shape == [32, 32])
    #expect(deviation.minimum().item > 0)
    print("standard deviation over noise: mean \(deviation.mean().item), largest \(deviation.maximum().item) of 255")
    // The slow way, from the pictures themselves.
    let stream = RandomStream(seed: 0)
    let images = renderer.with(noise: .random(stream)).tensor(ws.repeated(50))
    let mean = images.mean(over: [0], keepingDimensions: true)
    let slow = ((images - mean).squared().sum(over: [0]) / 49).squareRoot().mean(over: [0]) * 127.5
    // Sums in another order.
    expectClose(deviation, slow, relative: 1e-3)
    // Without strengths there is none but that of rounding.
    let quiet = Renderer(try garments())
    for parameter in quiet.style.store.parameters where parameter.name.hasSuffix("noise_strength") {
      parameter.set(.zeros(parameter.value.shape))
    }
    #expect(quiet.deviation(ws, realizations: 5).maximum().item < 1e-3)
  }

  @Test func figuresHaveTheirPictures() throws {
    var cut = renderer
    cut.truncation = Truncation(psi: 0.7)
    let mixing = try cut.styleMixingFigure(seed: 3)
    let side = 96
    // The first row's source A and the first source B are where the paper has them.
    let (a, b) = (cut.images(seeds: [3])[0], cut.images(seeds: [9])[0])
    let shownA = try mixing.cropped(x: 96, y: 20 + side + 2 + 4, width: side, height: side)
    let shownB = try mixing.cropped(x: 96 + 4 + side + 2, y: 20, width: side, height: side)
    #expect(shownA == (try a.resized(width: side, height: side, kernel: .nearest).converted(toChannels: 3)))
    #expect(shownB == (try b.resized(width: side, height: side, kernel: .nearest).converted(toChannels: 3)))
    let samples = try cut.samplesFigure()
    #expect((samples.width, samples.height) == (128 + 64 + 32 + 32, 3 * 128))
    let truncation = try cut.truncationFigure()
    #expect(truncation.width >= 6 * side && truncation.height >= 4 * side)
    #expect(try cut.noiseFigure().width >= 4 * 2 * side)
    #expect(try cut.stochasticVariationFigure(realizations: 10).width >= 3 * 2 * side)
    let data = try datasetFigure(SyntheticDataset())
    #expect((data.width, data.height) == (12 * 64, 6 * 64))
  }

  /// Bands and figures of a network that has not grown to its full depth.
  @Test func figuresOfAHalfGrownNetwork() throws {
    let options = smallOptions()
    let generator = options.configuration.makeGenerator(seed: 1, device: .cpu)
    for resolution in [4, 8, 16] {
      let small = Renderer(generator, growth: Growth(resolution: resolution))
      #expect(StyleBand.allCases.map { small.layers(of: $0) }.reduce([]) { $0.union($1) } == Set(0..<small.layerCount))
      _ = try small.styleMixingFigure()
      _ = try small.noiseFigure()
      _ = try small.stochasticVariationFigure(seeds: [1], realizations: 3)
    }
  }
}
