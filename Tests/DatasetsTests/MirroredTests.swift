import Datasets
import Testing

/// Images and their mirror images, for metrics of trainings with mirroring.
@Suite struct MirroredTests {
  /// Numbered images of 4×4 with two classes.
  private struct Numbers: ImageDataset {
    let name = "numbers"
    let count = 3
    let channels = 2
    let resolution = 4
    let labelCount = 2
    let labelNames = ["even", "odd"]
    let fingerprint = "three"

    func label(at index: Int) -> Int? { index % 2 }
    func image(at index: Int) -> [UInt8] { (0..<32).map { UInt8(index * 32 + $0) } }
  }

  @Test func bothWays() throws {
    let (base, both) = (Numbers(), MirroredDataset(Numbers()))
    #expect(both.count == 6 && both.name == base.name && both.fingerprint != base.fingerprint)
    #expect((both.channels, both.resolution, both.labelNames) == (2, 4, ["even", "odd"]))
    for i in 0..<3 {
      #expect(try both.image(at: i) == base.image(at: i))
      let mirrored = stride(from: 0, to: 32, by: 4).flatMap { row in base.image(at: i)[row..<(row + 4)].reversed() }
      #expect(try both.image(at: 3 + i) == mirrored)
      #expect(both.label(at: i) == i % 2 && both.label(at: 3 + i) == i % 2)
    }
    // A whole epoch has each image once both ways.
    let batch = try BatchLoader(both, seed: 1).next(6)
    let firsts = stride(from: 0, to: 6 * 32, by: 32).map { batch.pixels[$0] }
    #expect(firsts.sorted() == [0, 3, 32, 35, 64, 67])
  }
}
