import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Pictures that a tensor holds.
private struct Pictures: ImageDataset {
  let name: String
  private let pixels: [UInt8]
  let (count, channels, resolution, labelCount): (Int, Int, Int, Int)
  var labelNames: [String] { [] }
  var fingerprint: String { name }

  /// - Parameter images: `[N, C, r, r]`, rounded and clipped to 0…255.
  init(_ name: String, _ images: Tensor) {
    self.name = name
    pixels = (images + 0.5).clamped(minimum: 0, maximum: 255).to(.uint8).bytes
    (count, channels, resolution, labelCount) = (images.size(0), images.size(1), images.size(3), 0)
  }

  func label(at index: Int) -> Int? { nil }

  func image(at index: Int) -> [UInt8] {
    let size = channels * resolution * resolution
    return Array(pixels[index * size..<(index + 1) * size])
  }
}

/// FID with the built-in detector on real garments that it was not trained on: near its floor between two halves of one
/// set, and growing with everything that makes pictures worse.
@Suite struct DistanceBehaviorTests {
  /// 80 images of each class, each half: `[80, 10, 1, 32, 32]`.
  private let (reals, others): (Tensor, Tensor)
  private let detector: Classifier
  private let folder: TemporaryFolder

  init() throws {
    let path = try #require(Bundle.module.url(forResource: "Fixtures/garment-images.idx3-ubyte", withExtension: "gz"))
    let images = try DatasetSource.open(path.path)
    let pixels = try (0..<images.count).flatMap { try images.image(at: $0).map(Double.init) }
    let all = Tensor(pixels, shape: [80, 2, 10, 1, 32, 32])
    (reals, others) = (all.selected(0, along: 1), all.selected(1, along: 1))
    detector = try Classifier.fashion()
    folder = try TemporaryFolder()
  }

  private func flat(_ images: Tensor) -> Tensor { images.laidOut(.contiguous).reshaped([-1, 1, 32, 32]) }

  /// The distance of some pictures from the reals, through everything that a user's command goes through.
  private func fid(_ name: String, _ fakes: Tensor) throws -> Double {
    let evaluation = MetricEvaluation(
      MetricSubject(Pictures(name, flat(fakes)), seed: 0), reals: Pictures("reals", flat(reals)), detector: detector,
      cacheFolder: folder.path)
    defer { evaluation.removeFakes() }
    return try evaluation.measure(.fid50kFull).value
  }

  private func statistics(_ features: Tensor) -> FeatureStatistics {
    var statistics = FeatureStatistics(like: features)
    statistics.add(features)
    return statistics
  }

  /// What two sets of n from one normal distribution are apart on average, to the first order in 1/n: 2 Tr Σ/n of the means
  /// and (Σᵢⱼ λᵢλⱼ/(λᵢ + λⱼ) + Tr Σ/2)/n of the covariances, whose distance is ½ Σᵢⱼ Δᵢⱼ²/(λᵢ + λⱼ) in Σ's eigenbasis.
  private func floor(_ covariance: Tensor, _ count: Int) -> Double {
    let lambda = covariance.symmetricEigen().values.clamped(minimum: 1e-12, maximum: .infinity)
    let column = lambda.unsqueezed(at: 1)
    return ((column * lambda / (column + lambda)).sum().item + 2.5 * lambda.sum().item) / Double(count)
  }

  @Test func theFloorIsThatOfNormalFeatures() {
    let scale = Tensor((0..<32).map { exp(-Double($0) / 64) }, shape: [1, 32], dtype: .float64)
    let (x, y) = (0..<2).map { RandomStream(seed: UInt64($0)).normal([4000, 32], dtype: .float64) * scale }.pair
    let ratio = frechetDistance(statistics(x), statistics(y)) / floor(statistics(x).covariance, 4000)
    #expect(abs(ratio - 1) < 0.25, "\(ratio)")
  }

  @Test func halvesOfOneSetAreAsNearAsSamplingAllows() throws {
    let found = try fid("others", others)
    let features = detector(.concatenated([flat(reals), flat(others)]), .features)
    let expected = floor(statistics(features).covariance, 800)
    #expect(found > 0.5 * expected && found < 2 * expected, "\(found), \(expected)")
    // The floor falls as 1/n, so a quarter of the images is four times as far; and it is nothing to a missing class.
    let quarter = frechetDistance(
      statistics(detector(flat(reals[0..<20]), .features)),
      statistics(detector(flat(others[0..<20]), .features)))
    #expect(quarter > 3 * found && quarter < 6 * found, "\(quarter), \(found)")
    #expect(try fid("same", reals) < 1e-6)
  }

  /// Each level is farther than the one before, from the clean half on.
  private func expectGrowth(
    _ what: String, _ values: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    if ProcessInfo.processInfo.environment["STYLEGAN_PRINT_ERRORS"] != nil { print(what, values) }
    #expect(
      zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(what): \(values)", sourceLocation: sourceLocation)
    #expect(values.last! > 5 * values[0], "\(what): \(values)", sourceLocation: sourceLocation)
  }

  @Test func growsWithNoise() throws {
    let noise = RandomStream(seed: 3).normal(others.shape)
    expectGrowth("noise", try [0, 4, 8, 16, 32, 64].map { try fid("noise \($0)", others + noise * Double($0)) })
  }

  @Test func growsWithBlur() throws {
    let kernel = Tensor([1, 2, 1, 2, 4, 2, 1, 2, 1], shape: [1, 1, 3, 3]) / 16
    func blurred(_ times: Int) -> Tensor {
      (0..<times).reduce(flat(others)) { x, _ in x.conv2d(kernel, padding: 1) }
    }
    expectGrowth("blur", try [0, 1, 2, 4, 8].map { try fid("blur \($0)", blurred($0)) })
  }

  /// Always 400 pictures, of fewer and fewer classes.
  @Test func growsWithEachMissingClass() throws {
    func garments(_ classes: Int) -> Tensor {
      let numbers = (0..<400).map { $0 / classes * 10 + $0 % classes }
      return flat(others).gathered(Tensor(numbers), along: 0)
    }
    expectGrowth("classes", try (5...10).reversed().map { try fid("\($0) classes", garments($0)) })
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
