import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// Colors hidden under alpha 0 reach no average, no distance and no metric.
@Suite struct AlphaTests {
  /// Images `[2, 4, 8, 8]`, −1…1, half of their pixels transparent: over `hidden`.
  private func images(hidden: Double) -> Tensor {
    let random = RandomStream(seed: 5)
    let colors = random.uniform([2, 3, 8, 8]) * 2 - 1
    let isOpaque = Tensor([0.5], shape: [1, 1, 1, 1]).isLess(than: random.uniform([2, 1, 8, 8]))
    let one = Tensor([1], shape: [1, 1, 1, 1]).expanded([2, 1, 8, 8])
    return .concatenated(
      [.choose(isOpaque, colors, one.expanded([2, 3, 8, 8]) * hidden), .choose(isOpaque, one, -one)], along: 1)
  }

  /// A data set in memory.
  private struct Pictures: ImageDataset {
    let images: [[UInt8]]
    let name = "pictures"
    let fingerprint = "1"
    let channels = 4
    let resolution = 8
    let labelCount = 0
    let labelNames: [String] = []
    var count: Int { images.count }
    func label(at index: Int) -> Int? { nil }
    func image(at index: Int) -> [UInt8] { images[index] }
  }

  @Test(arguments: [(4, 1.0), (4, 0.3), (8, 0.5)]) func hiddenColorsReachNoAverage(resolution: Int, alpha: Double) {
    let growth = Growth(resolution: resolution, alpha: alpha)
    let black = growth.prepared(images(hidden: -1))
    for hidden in [1, 0.2] { expectClose(growth.prepared(images(hidden: hidden)), black) }
  }

  /// A green pixel beside transparent ones stays green; its alpha is the mean.
  @Test func averagesOfColorsAreWeightedByAlpha() {
    var samples = [Double](repeating: -1, count: 4 * 16)
    // [4, 4, 4]: green at (0, 0), hidden red at (1, 0).
    (samples[16], samples[48], samples[1]) = (1, 1, 1)
    let small = Growth(resolution: 2).prepared(Tensor(samples, shape: [1, 4, 4, 4]))
    expectClose(
      small[0].sliced(0..<1, along: 1).sliced(0..<1, along: 2).reshaped([4]), Tensor([-1, 1, -1, -0.5], shape: [4]))
  }

  /// A disc on transparent ground that hides another color, as a growing network gets it: pixels of its edge have its color.
  @Test(arguments: [(4, 1.0), (8, 1.0), (16, 1.0), (32, 0.5), (16, 0.3)]) func edgesHaveNoHalo(
    resolution: Int, alpha: Double
  ) throws {
    let color: [UInt8] = [230, 120, 10]
    for hidden: [UInt8] in [[0, 0, 0], [255, 255, 255], [0, 0, 255]] {
      let pixels = (0..<32 * 32).flatMap { at -> [UInt8] in
        let (x, y) = (Double(at % 32) - 15.5, Double(at / 32) - 15.5)
        return x * x + y * y < 110 ? color + [255] : hidden + [0]
      }
      let disc = Image(width: 32, height: 32, channels: 4, pixels: pixels)
      let reals = Tensor(disc.planar.map { Double($0) / 127.5 - 1 }, shape: [1, 4, 32, 32])
      let grown = Image.images(of: Growth(resolution: resolution, alpha: alpha).prepared(reals))[0]
      var edge = 0
      for at in stride(from: 0, to: grown.pixels.count, by: 4) where grown.pixels[at + 3] > 2 {
        if grown.pixels[at + 3] < 250 { edge += 1 }
        for channel in 0..<3 { #expect(abs(Int(grown.pixels[at + channel]) - Int(color[channel])) <= 1) }
      }
      #expect(edge >= 4)
    }
  }

  /// Without alpha, and without averages, images stay as they are, bit by bit.
  @Test func otherImagesStayAsTheyWere() {
    let image = images(hidden: 0.2)
    #expect(Growth(resolution: 8).prepared(image).bytes == image.bytes)
    let colors = image.sliced(0..<3, along: 1).laidOut(.contiguous)
    expectClose(Growth(resolution: 4).prepared(colors), colors.averagePooled())
  }

  @Test func hiddenColorsReachNoDistance() {
    let (a, b) = (images(hidden: -1), images(hidden: 1))
    #expect(PyramidDistance()(a, b).doubles == [0, 0])
    #expect(peakSignalToNoiseRatio(a, b) == [.infinity, .infinity])
    let other = a + Tensor([0, 0, 0, 0.5], shape: [1, 4, 1, 1])
    #expect(PyramidDistance()(a, other).doubles.allSatisfy { $0 > 0 })
  }

  /// Metrics see images on white, 3 channels, also where they are averaged first.
  @Test func metricsSeeImagesOnWhite() throws {
    let subjects = [-1, 1].map { hidden in
      let batch = Image.images(of: images(hidden: hidden))
      return (batch, MetricSubject(Pictures(images: batch.map(\.planar)), seed: 1))
    }
    for (batch, subject) in subjects {
      #expect(subject.channels == 3)
      let seen = try subject.images(0..<2)
      #expect(seen.shape == [2, 3, 8, 8])
      let wanted = Set(batch.map { $0.composited(on: [255, 255, 255]).planar })
      #expect(Set((0..<2).map { seen[$0].to(.uint8).laidOut(.contiguous).bytes }) == wanted)
    }
    #expect(try subjects[0].1.images(0..<2).bytes == subjects[1].1.images(0..<2).bytes)
  }

  @Test func detectorsSeeImagesOnWhite() {
    let detector = RandomVGG()
    let (a, b) = ((images(hidden: -1) + 1) * 127.5, (images(hidden: 1) + 1) * 127.5)
    for output in detector.outputs {
      #expect(detector(a, output).bytes == detector(b, output).bytes)
    }
    let white = Tensor([255], shape: [1, 1, 1, 1]).expanded([2, 3, 8, 8])
    let nothing = Tensor.concatenated([white * 0.3, (white * 0).sliced(0..<1, along: 1)], along: 1)
    expectClose(detector(nothing, .perceptual), detector(white, .perceptual))
  }

  /// An MP4 has no alpha: a chosen color is behind transparent frames.
  @Test func videosHaveABackground() throws {
    let folder = try TemporaryFolder()
    try fakeFFmpeg(in: folder)
    let clear = Image(width: 2, height: 2, filledWith: [9, 9, 9, 0])
    let half = Image(width: 2, height: 2, filledWith: [200, 0, 0, 128])
    try Video.writeMP4([clear, half], to: folder.file("a.mp4"), framesPerSecond: 9, searchPath: folder.path)
    try Video.writeMP4(
      [clear, half], to: folder.file("b.mp4"), framesPerSecond: 9, background: [0, 100, 0], searchPath: folder.path)
    func pixels(_ name: String) throws -> [UInt8] {
      Array(try #require(FileManager.default.contents(atPath: folder.file(name))))
    }
    #expect(
      try pixels("a.mp4") == [UInt8](repeating: 255, count: 12) + (0..<4).flatMap { _ in [227, 127, 127] as [UInt8] })
    #expect(
      try pixels("b.mp4") == (0..<4).flatMap { _ in [0, 100, 0] } + (0..<4).flatMap { _ in [100, 50, 0] as [UInt8] })
  }
}
