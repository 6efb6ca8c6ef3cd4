import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

@Suite struct DirectionsTests {
  @Test func eigenvectorsSatisfyTheirEquation() {
    for n in [1, 2, 7, 40] {
      let x = RandomStream(seed: UInt64(n)).normal([n, n + 3], dtype: .float64)
      let matrix = x.matmul(x.transposed)
      let (values, v) = matrix.rankedEigenvectors()
      #expect(values == values.sorted(by: >))
      expectClose(v.matmul(matrix), v * Tensor(values, shape: [n, 1], dtype: .float64), relative: 1e-12)
      let identity = Tensor((0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }, shape: [n, n], dtype: .float64)
      expectClose(v.matmul(v.transposed), identity, relative: 1e-12)
      for row in (0..<n).map({ v[$0].doubles }) { #expect(row.max()! >= -row.min()!) }
      #expect(matrix.rankedEigenvectors().vectors.bytes == v.bytes)
    }
    // Known in closed form: [[2, 1], [1, 2]] has 3 and 1.
    let (values, vectors) = Tensor([2.0, 1, 1, 2], shape: [2, 2]).rankedEigenvectors()
    #expect(abs(values[0] - 3) < 1e-12 && abs(values[1] - 1) < 1e-12)
    expectClose(vectors[0], Tensor([1.0, 1], shape: [2], dtype: .float64) / 2.0.squareRoot(), relative: 1e-12)
  }

  /// The first direction of the styles changes them more than a random one, the last less.
  @Test func directionsOfStylesAreRanked() throws {
    let generator = try garments().styleGenerator()
    let directions = generator.directionsOfStyles(layers: [0, 1], samples: 1000)
    #expect(directions.count == 64 && abs(directions.ratings.reduce(0, +) - 1) < 1e-9)
    let matrices = generator.layers[0..<2].compactMap(\.styleWeight)
    func change(_ v: Tensor) -> Double {
      matrices.reduce(0) { $0 + $1.matmul(v.reshaped([-1, 1])).squared().sum().item }
    }
    let random = RandomStream(seed: 1).normal([20, 64])
    for i in 0..<20 {
      let v = random[i] / random[i].squared().sum().squareRoot()
      #expect(change(directions.vectors[0]) > change(v) && change(directions.vectors[63]) < change(v))
    }
  }

  @Test func principalDirectionsHaveTheirVariance() throws {
    let generator = try garments().styleGenerator()
    let directions = generator.principalDirections(samples: 4000)
    #expect(directions.deviations == directions.deviations.sorted(by: >))
    let variances = directions.deviations.map { $0 * $0 }
    for (variance, rating) in zip(variances, directions.ratings).prefix(5) {
      #expect(abs(variance / variances.reduce(0, +) - rating) < 1e-3)
    }
  }

  @Test func movingChangesTheChosenLayersOnly() throws {
    let renderer = Renderer(try garments())
    let directions = renderer.style.principalDirections(samples: 1000).selected([2, 0])
    let styles = renderer.styles(renderer.codes(seeds: [4]))
    let ws = styles.tensor
    let moved = directions.moved(styles, along: 1, strengths: [-2, 0, 2], layers: [1, 5]).tensor
    #expect(moved[1..<2].bytes == ws.copied().bytes)
    for layer in 0..<8 {
      let difference = (moved[2] - ws[0])[layer]
      expectClose(
        difference, [1, 5].contains(layer) ? directions.vectors[1] * (2 * directions.deviations[1]) : .zeros([64]),
        relative: 1e-4)
    }
    let folder = try TemporaryFolder()
    try directions.write(to: folder.file("d.safetensors"))
    let file = try SafetensorsFile(path: folder.file("d.safetensors"))
    #expect(try file.tensor("directions").bytes == directions.vectors.bytes)
    #expect(file.metadata["names"] == "[\"2\",\"0\"]")
  }

  /// Pictures of left and right, dark and bright: a class is what a picture is told to be, so moving along its direction
  /// makes more pictures of it.
  @Test func labelsSeparateAndSteer() throws {
    let renderer = Renderer(try garments())
    let labels = try LabelDirections(renderer, dataset: TallAndWide(), samples: 1500, classifierSteps: 150)
    print(
      "classifier \(labels.classifierAccuracy), shares \(labels.shares), separation \(labels.directions.ratings)")
    #expect(labels.classifierAccuracy > 0.95)
    for index in 0..<labels.directions.count {
      #expect(labels.directions.ratings[index] > 0.7)
      let shares = [-3.0, 0, 3].map { labels.share(renderer, index: index, strength: $0, samples: 200) }
      print("\(labels.directions.names[index]): shares \(shares) at strengths −3, 0, 3")
      #expect(shares[0] <= shares[1] && shares[1] <= shares[2] && shares[2] - shares[0] > 0.3)
    }
    #expect(labels.directions.count == 2)
  }
}

/// Bright bars on black, upright or lying: two classes that a classifier finds among garments too.
private struct TallAndWide: ImageDataset {
  var name: String { "bars" }
  var count: Int { 20_000 }
  var channels: Int { 1 }
  var resolution: Int { 32 }
  var labelCount: Int { 2 }
  var labelNames: [String] { ["tall", "wide"] }
  var fingerprint: String { "bars" }
  func label(at index: Int) -> Int? { index % 2 }
  func image(at index: Int) -> [UInt8] {
    let (long, short) = (10 + index / 2 % 5, 3 + index / 10 % 6)
    return (0..<1024).map { at in
      let (y, x) = (abs(at / 32 - 16), abs(at % 32 - 16))
      let inside = index % 2 == 0 ? y < long && x < short : x < long && y < short
      return inside ? UInt8(120 + (index * 13 + at * 7) % 100) : 0
    }
  }
}
