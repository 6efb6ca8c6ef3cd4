import Datasets
import Images
import Testing
import _TestSupport

/// Some images of a data set, chosen by a seed.
@Suite struct SubsetTests {
  @Test func theChoiceFollowsTheSeed() throws {
    let all = NumberedDataset(count: 40)
    func chosen(_ count: Int, _ seed: UInt64) throws -> [[UInt8]] {
      let subset = try all.subset(count, seed: seed)
      #expect(subset.count == count && subset.name == all.name && subset.resolution == all.resolution)
      return try (0..<count).map { try subset.image(at: $0) }
    }
    #expect(try chosen(10, 1) == chosen(10, 1) && chosen(10, 1) != chosen(10, 2))
    #expect(Set(try chosen(10, 1)).count == 10)
    // A larger subset contains a smaller one.
    #expect(try Set(chosen(10, 1)).isSubset(of: Set(chosen(20, 1))))
    #expect(try chosen(40, 1) == (0..<40).map { try all.image(at: $0) })
    // All images have the same chance: of 100 choices of 10 of 40, each is in about 25.
    var counts: [[UInt8]: Int] = [:]
    for seed in 0..<100 { for image in try chosen(10, UInt64(seed)) { counts[image, default: 0] += 1 } }
    #expect(counts.count == 40 && counts.values.allSatisfy { (8...45).contains($0) }, "\(counts.values.sorted())")
  }

  @Test func fingerprintsDiffer() throws {
    let all = NumberedDataset(count: 40)
    let prints = try [(10, 1), (11, 1), (10, 2), (40, 1)].map {
      try all.subset($0.0, seed: UInt64($0.1)).fingerprint
    }
    #expect(Set(prints + [all.fingerprint]).count == 5)
  }

  @Test func tooManyAreRefused() throws {
    #expect(throws: DatasetError.subsetTooLarge("numbered", count: 41, available: 40)) {
      try NumberedDataset(count: 40).subset(41, seed: 0)
    }
  }

  /// The record of a run has the chosen files only: another file is new data nevertheless, by the fingerprint.
  @Test func theRecordHasTheChosenFiles() throws {
    try withFolder { folder in
      for i in 0..<12 {
        try Image(planar: [UInt8](repeating: UInt8(i), count: 64), channels: 1, height: 8, width: 8)
          .write(to: "\(folder)/\(i).png")
      }
      let all = try DatasetSource.open(folder)
      let subset = try all.subset(5, seed: 3)
      let (record, whole) = (try subset.contents(), try all.contents())
      #expect(record.names.count == 5 && Set(record.names).isSubset(of: Set(whole.names)))
      for (place, name) in record.names.enumerated() {
        let index = try #require(whole.names.firstIndex(of: name))
        #expect(try subset.image(at: place) == all.image(at: index) && record.stamps[place] == whole.stamps[index])
      }
      #expect(try subset.changes(since: record).isEmpty)
      #expect(!record.digests.isEmpty)
    }
  }
}
