import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// Networks with alpha and with padding: outlines have no halo, and the padding is cropped.
@Suite struct PictureFormatTests {
  /// Orange discs on nothing, with black hidden under alpha 0.
  private struct Discs: ImageDataset {
    var resolution = 16
    let name = "discs"
    let fingerprint = "discs"
    let channels = 4
    let count = 8
    let labelCount = 0
    let labelNames: [String] = []
    var shown: PictureSize?

    func label(at index: Int) -> Int? { nil }

    func image(at index: Int) -> [UInt8] {
      let (centre, radius) = (Double(resolution) / 2 - 0.5, Double(resolution) * (0.25 + 0.02 * Double(index)))
      return (0..<4).flatMap { channel in
        (0..<resolution * resolution).map { i in
          let (x, y) = (Double(i % resolution) - centre, Double(i / resolution) - centre)
          return (x * x + y * y).squareRoot() < radius ? [240, 140, 20, 255][channel] : 0
        }
      }
    }
  }

  private func batch(_ discs: Discs) -> Tensor {
    ImageBatch(pixels: (0..<discs.count).flatMap { discs.image(at: $0) }, labels: [], count: discs.count)
      .tensor(channels: 4, resolution: discs.resolution)
  }

  /// The largest difference of a visible pixel from orange.
  private func worstHalo(_ images: [Image]) -> (difference: Int, partial: Int) {
    var (worst, partial) = (0, 0)
    for image in images {
      for at in stride(from: 0, to: image.pixels.count, by: 4) where image.pixels[at + 3] > 0 {
        if image.pixels[at + 3] < 255 { partial += 1 }
        for (channel, wanted) in [240, 140, 20].enumerated() {
          worst = max(worst, abs(Int(image.pixels[at + channel]) - wanted))
        }
      }
    }
    return (worst, partial)
  }

  /// What a network draws is a blend of pixels. Of premultiplied pixels it has the color of the disc everywhere; of
  /// straight ones its edge is dark.
  @Test func blendedOutlinesHaveNoHalo() throws {
    let discs = Discs()
    let data = batch(discs)
    var format = PictureFormat(of: discs)
    #expect(format.isPremultiplied)
    func blended(_ premultiplied: Bool) -> Tensor {
      Growth(resolution: 16).prepared(data, premultiplied: premultiplied).averagePooled()
    }
    let right = worstHalo(try format.pictures(of: blended(true), side: 16))
    #expect(right.difference <= 2 && right.partial > 20, "\(right)")
    format.isPremultiplied = false
    let wrong = worstHalo(try format.pictures(of: blended(false), side: 16))
    #expect(wrong.difference > 100 && wrong.partial == right.partial, "\(wrong)")
    // The lower resolutions of a growing network, within a fade too.
    format.isPremultiplied = true
    for growth in [Growth(resolution: 8), Growth(resolution: 8, alpha: 0.3), Growth(resolution: 16, alpha: 0.5)] {
      let images = try format.pictures(of: growth.prepared(data, premultiplied: true), side: 16)
      #expect(worstHalo(images).difference <= 4, "\(growth)")
    }
  }

  /// Alpha outside of 0…1, as networks draw it: no color under it, no other pixel changed.
  @Test func clippedAlphaHasNoColor() throws {
    var format = PictureFormat()
    format.isPremultiplied = true
    // [1, 4, 1, 3]: α −0.1, 0.5, 1.2; color 0.25·α in each.
    let samples: [Double] = [-1.05, -0.75, -0.4] + [-1.05, -0.75, -0.4] + [-1.05, -0.75, -0.4] + [-1.2, 0, 1.4]
    let image = try #require(try format.pictures(of: Tensor(samples, shape: [1, 4, 1, 3]), side: 3).first)
    #expect(image.pixels == [0, 0, 0, 0] + [64, 64, 64, 128] + [77, 77, 77, 255])
  }

  /// Padding is cropped when drawn, rounded outward while growing, and exactly black in metrics.
  @Test func paddingIsCropped() throws {
    var format = PictureFormat()
    format.shown = PictureSize(width: 12, height: 16)
    let images = Tensor([Double](repeating: 0.5, count: 2 * 16 * 16), shape: [2, 1, 16, 16])
    let drawn = try format.pictures(of: images, side: 16)
    #expect(drawn.map(\.width) == [12, 12] && drawn.map(\.height) == [16, 16])
    let small = Tensor([Double](repeating: 0.5, count: 16), shape: [1, 1, 4, 4])
    #expect(try format.pictures(of: small, side: 16)[0].width == 4)
    #expect(try format.pictures(of: small, scale: 4, side: 16)[0].width == 12)
    let measured = format.measured(images, side: 16)
    #expect(measured.shape == images.shape && abs(measured.mean().item - (0.5 * 0.75 - 0.25)) < 1e-6)
    #expect(measured[0][0][3].floats == [-1, -1] + [Float](repeating: 0.5, count: 12) + [-1, -1])
  }

  /// Files of earlier versions lack the record: straight colors, whole squares. Wrong ones are refused.
  @Test func oldConfigurationsStay() throws {
    for recipe in Families.recipes {
      let configuration = try recipe.configuration(resolution: 32, imageChannels: 4)
      let text = String(decoding: try JSONEncoder().encode(AnyCodable(configuration)), as: UTF8.self)
      #expect(!text.contains("premultiplied") && !text.contains("shown"), "\(recipe.name)")
      #expect(configuration.pictures == PictureFormat())
      var changed = configuration
      changed.pictures.isPremultiplied = true
      changed.pictures.shown = PictureSize(width: 12, height: 28)
      #expect(try AnyCodable(changed).again().pictures == changed.pictures, "\(recipe.name)")
    }
    var options = smallOptions()
    options.configuration.shownWidth = 12
    #expect(throws: ConfigurationError.self) { try options.validate() }
    options.configuration.shownHeight = 17
    #expect(throws: ConfigurationError.self) { try options.validate() }
  }

  /// From the data to the picture: the network file knows what its images mean.
  @Test func aTrainedNetworkDrawsPictures() throws {
    let folder = try TemporaryFolder()
    var discs = Discs()
    discs.shown = PictureSize(width: 10, height: 16)
    var options = smallOptions()
    options.stylegan.imageChannels = 4
    options.configuration.pictures = PictureFormat(of: discs)
    (options.totalKimg, options.mirror) = (0.3, false)
    let trainer = try Trainer(options, dataset: discs, in: folder.file("runs"))
    guard case .finished(let path) = try trainer.train() else { preconditionFailure("it was stopped") }
    let network = try NetworkFile(path: path)
    #expect(network.configuration.pictures == PictureFormat(of: discs))
    let images = Renderer(network).images(seeds: [0, 1, 2])
    #expect(images.allSatisfy { ($0.width, $0.height, $0.channels) == (10, 16, 4) })
    #expect(images == images.map { $0.withoutHiddenColors() })
    let grid = try ImageDecoder.decode(contentsOf: trainer.directory.reals)
    #expect(grid.width % 10 == 0 && grid.channels == 4)
    // Metrics see squares with transparent padding, on white.
    let subject = MetricSubject(network.generator, growth: network.growth, seed: 0)
    let seen = try subject.images(0..<2)
    #expect(seen.shape == [2, 3, 16, 16] && seen[0][0][5].floats.prefix(3) == [255, 255, 255])
  }
}

/// A configuration of any family, for JSON.
private struct AnyCodable: Encodable {
  let value: any NetworkConfiguration
  init(_ value: any NetworkConfiguration) { self.value = value }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  /// Written and read again.
  func again() throws -> any NetworkConfiguration {
    func read<Value: NetworkConfiguration>(_: Value.Type) throws -> any NetworkConfiguration {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(self))
    }
    return try read(type(of: value))
  }
}
