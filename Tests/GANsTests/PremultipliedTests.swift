import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// Networks with alpha: what they blend has no halo, and their files say what their colors mean.
@Suite struct PremultipliedTests {
  /// Orange discs on nothing, with black hidden under alpha 0.
  private struct Discs: ImageDataset {
    let resolution = 16
    let name = "discs"
    let fingerprint = "discs"
    let channels = 4
    let count = 8
    let labelCount = 0
    let labelNames: [String] = []

    func label(at index: Int) -> Int? { nil }

    func image(at index: Int) -> [UInt8] {
      let color: [UInt8] = [240, 140, 20, 255]
      let radius = 4 + 0.32 * Double(index)
      return (0..<4).flatMap { channel in
        (0..<256).map { i in
          let (x, y) = (Double(i % 16) - 7.5, Double(i / 16) - 7.5)
          return (x * x + y * y).squareRoot() < radius ? color[channel] : 0
        }
      }
    }
  }

  /// An architecture that is or is not premultiplied.
  private func architecture(_ premultiplied: Bool) -> StyleGANConfiguration {
    var configuration = smallOptions().stylegan
    configuration.imageChannels = 4
    configuration.premultiplied = premultiplied ? true : nil
    return configuration
  }

  private func batch() -> Tensor {
    let discs = Discs()
    return ImageBatch(pixels: (0..<discs.count).flatMap { discs.image(at: $0) }, labels: [], count: discs.count)
      .tensor(channels: 4, resolution: 16)
  }

  /// The largest difference of a visible pixel from orange, and the number of pixels that are partly transparent.
  private func halo(_ images: Tensor) -> (difference: Int, partial: Int) {
    var (worst, partial) = (0, 0)
    for image in Image.images(of: images) {
      for at in stride(from: 0, to: image.pixels.count, by: 4) where image.pixels[at + 3] > 0 {
        if image.pixels[at + 3] < 255 { partial += 1 }
        for (channel, wanted) in [240, 140, 20].enumerated() {
          worst = max(worst, abs(Int(image.pixels[at + channel]) - wanted))
        }
      }
    }
    return (worst, partial)
  }

  /// A network blends pixels. Blends of premultiplied ones have the color of the disc; of straight ones they are dark.
  @Test func blendedOutlinesHaveNoHalo() {
    func blended(_ premultiplied: Bool) -> Tensor {
      architecture(premultiplied).straight(
        Growth(resolution: 16).prepared(batch(), premultiplied: premultiplied).averagePooled())
    }
    let (right, wrong) = (halo(blended(true)), halo(blended(false)))
    #expect(right.difference <= 2 && right.partial > 20, "\(right)")
    #expect(wrong.difference > 100 && wrong.partial == right.partial, "\(wrong)")
    // The lower resolutions of a growing network, within a fade too.
    for growth in [Growth(resolution: 8), Growth(resolution: 8, alpha: 0.3), Growth(resolution: 16, alpha: 0.5)] {
      #expect(halo(architecture(true).straight(growth.prepared(batch(), premultiplied: true))).difference <= 2)
    }
  }

  /// Alpha outside of 0…1, as networks draw it: no color under it, no other pixel changed.
  @Test func clippedAlphaHasNoColor() throws {
    // [1, 4, 1, 3]: α −0.1, 0.5, 1.2; weighted colors 0.125, 0.125, 0.3.
    let color = [-0.75, -0.75, -0.4]
    let images = Tensor(color + color + color + [-1.2, 0, 1.4], shape: [1, 4, 1, 3])
    let image = try #require(Image.images(of: architecture(true).straight(images)).first)
    #expect(image.pixels == [0, 0, 0, 0] + [64, 64, 64, 128] + [77, 77, 77, 255])
    #expect(architecture(false).straight(images).bytes == images.bytes)
  }

  /// D sees augmented colors as if they were changed before they were multiplied by alpha.
  @Test(arguments: [[AugmentationStep.brightness, .contrast, .lumaFlip, .hue, .saturation], [.noise]])
  func augmentationChangesStraightColors(steps: [AugmentationStep]) {
    let random = RandomStream(seed: 5)
    let images = random.uniform([6, 4, 16, 16]) * 2 - 1
    let draws = AugmentationDraws(steps, count: 6, random: random)
    let parameters = AugmentationParameters(draws, steps, p: 0.9, channels: 4, width: 16, height: 16)
    let noise = random.normal([6, 3, 16, 16])
    func premultiplied(_ images: Tensor) -> Tensor { Growth(resolution: 16).prepared(images, premultiplied: true) }
    let expected = premultiplied(parameters.applied(to: images, noise: noise))
    let found = parameters.applied(to: premultiplied(images), noise: noise, premultiplied: true)
    #expect((found - expected).magnitude().maximum().item < 1e-5)
    #expect((found - premultiplied(images)).magnitude().maximum().item > 0.1)
    // Nothing is drawn where nothing is visible.
    let hidden = Tensor([-1], shape: [1, 1, 1, 1]).expanded([6, 4, 16, 16]).copied()
    #expect((parameters.applied(to: hidden, noise: noise, premultiplied: true) + 1).magnitude().maximum().item < 1e-6)
  }

  /// Colors where nothing is visible have no bound, and no part in the deviation over noise.
  @Test func deviationIsOfWhatIsVisible() throws {
    let network = architecture(true)
    let renderer = Renderer(
      network.makeGenerator(seed: 3, device: .cpu) as! any StyleBasedGenerator, growth: network.grown)
    for parameter in renderer.style.store.parameters {
      if parameter.name.hasSuffix("noise_strength") { parameter.set(.zeros(parameter.value.shape) + 2) }
      // Alpha about 0 in all pictures.
      if parameter.name.hasSuffix("to_rgb.bias") { parameter.set(Tensor([0, 0, 0, -1], shape: [4])) }
    }
    let deviation = renderer.deviation(renderer.styles(renderer.codes(seeds: [1])), realizations: 20)
    #expect(deviation.maximum().item < 255 && deviation.maximum().item > 0)
  }

  /// Files of earlier versions lack the record, and a network without it has none.
  @Test func oldConfigurationsStay() throws {
    func json(_ configuration: some NetworkConfiguration) throws -> Data { try JSONEncoder().encode(configuration) }
    func again<Value: NetworkConfiguration>(_ configuration: Value) throws -> Value {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(configuration))
    }
    for recipe in Families.recipes {
      var configuration = try recipe.configuration(resolution: 32, imageChannels: 4)
      #expect(!String(decoding: try json(configuration), as: UTF8.self).contains("premultiplied"), "\(recipe.name)")
      #expect(!configuration.isPremultiplied)
      configuration.premultiplied = true
      #expect(try again(configuration).isPremultiplied, "\(recipe.name)")
    }
    var color = architecture(true)
    color.imageChannels = 3
    #expect(!color.isPremultiplied)
  }

  /// From the data to the picture: the network file knows what its colors mean.
  @Test func aTrainedNetworkDrawsStraightColors() throws {
    let folder = try TemporaryFolder()
    var options = smallOptions()
    options.configuration = architecture(true)
    let trainer = try Trainer(options, dataset: Discs(), in: folder.file("runs"))
    guard case .finished(let path) = try trainer.train() else { preconditionFailure("it was stopped") }
    let network = try NetworkFile(path: path)
    #expect(network.configuration.isPremultiplied)
    let renderer = Renderer(network)
    let styles = renderer.styles(renderer.codes(seeds: [0, 1, 2]))
    let raw = renderer.style.synthesize(styles.tensor, noise: .constant, growth: network.growth, renderer.compute)
    let images = renderer.images(styles)
    #expect(images == Image.images(of: architecture(true).straight(raw)) && images != Image.images(of: raw))
    #expect(images == images.map { $0.withoutHiddenColors() })
  }
}
