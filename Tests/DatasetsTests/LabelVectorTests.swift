import Datasets
import Foundation
import Testing
import _TestSupport

/// `dataset.json` with vectors as labels.
@Suite struct LabelVectorTests {
  private let folder: TemporaryFolder
  private let names = (0..<3).map { "00000/img0000000\($0).png" }

  init() throws {
    folder = try TemporaryFolder()
    for (i, name) in names.enumerated() { try put(try noise(8, 8, seed: i).pngData(), at: folder.file("set/\(name)")) }
  }

  private func write(_ labels: [String]) throws {
    let entries = zip(names, labels).map { #"["\#($0)", \#($1)]"# }.joined(separator: ", ")
    try put(Array("{\"labels\": [\(entries)]}".utf8), at: folder.file("set/dataset.json"))
  }

  @Test func vectorsAreRead() throws {
    try write(["[0.5, -1, 1e-3]", "[0, 2, 3]", "[0.1, 0.2, 0.3]"])
    let data = try DatasetSource.open(folder.file("set"))
    #expect(data.labelVectorSize == 3 && data.labelCount == 0 && data.label(at: 0) == nil)
    #expect(data.labelVector(at: 0) == [0.5, -1, 1e-3] && data.labelVector(at: 2) == [0.1, 0.2, 0.3])
    #expect(MirroredDataset(data).labelVector(at: 4) == [0, 2, 3] && MirroredDataset(data).labelVectorSize == 3)
    let batch = try BatchLoader(data, seed: 1).next(7)
    #expect(batch.labels.isEmpty && batch.vectors.count == 21)
    let order = SampleOrder(seed: 1, count: 3)
    for sample in 0..<7 {
      let image = Int(order.permutation(epoch: sample / 3)[sample % 3])
      #expect(Array(batch.vectors[sample * 3..<sample * 3 + 3]) == data.labelVector(at: image))
    }
    #expect(DatasetDescription(data).lines.contains("labels       vectors of 3 numbers"))
    #expect(try DatasetInspection(of: folder.file("set")).labelVectorSize == 3)
  }

  /// A build keeps them to the last bit; so a changed number is another content.
  @Test func aBuildKeepsVectors() throws {
    try write(["[0.1, 3.4028235e38]", "[1e-45, 0.333333343]", "[-0.7, 16777217]"])
    let source = try DatasetSource.open(folder.file("set"))
    let summary = try DatasetBuilder(resolution: 8).build(folder.file("set"), to: folder.file("a.zip"))
    #expect(summary.labelVectorSize == 2 && summary.classes.isEmpty)
    let built = try DatasetSource.open(folder.file("a.zip"))
    #expect((0..<3).allSatisfy { built.labelVector(at: $0) == source.labelVector(at: $0) })
    let before = try source.contents()
    #expect(try JSONDecoder().decode(DatasetContents.self, from: JSONEncoder().encode(before)) == before)
    try write(["[0.1, 3.4028235e38]", "[1e-45, 0.3333334]", "[-0.7, 16777217]"])
    let after = try DatasetSource.open(folder.file("set"))
    #expect(after.fingerprint != source.fingerprint)
    #expect(try after.changes(since: before).description == "1 file has another label (\(names[1]))")
  }

  @Test(arguments: [
    ["[1, 2]", "[1]", "[1, 2]"], ["[1, 2]", "3", "[1, 2]"], ["[1, 2]", "[1, \"a\"]", "[1, 2]"],
    ["[1, 2]", "[1, 1e39]", "[1, 2]"],
    ["[1, 2]", "[1, null]", "[1, 2]"],
  ])
  func otherListsAreRefused(labels: [String]) throws {
    try write(labels)
    let error = #expect(throws: DatasetError.self) { try DatasetSource.open(folder.file("set")) }
    let sentence = "the label of \(names[1]) is not a list of 2 finite numbers, as the first one"
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [["1", "[1]", "2"], ["[]", "[]", "[]"]]) func listsAmongNumbersAreRefused(labels: [String]) throws {
    try write(labels)
    let error = #expect(throws: DatasetError.self) { try DatasetSource.open(folder.file("set")) }
    #expect(error?.description.contains("is not an integer from 0") == true, "\(error?.description ?? "")")
  }

  /// The images of a class, in their order.
  @Test func aClassIsADataset() throws {
    try write(["1", "0", "1"])
    let data = try DatasetSource.open(folder.file("set"))
    let part = try #require(data.images(ofClass: 1))
    #expect(part.count == 2 && part.labelCount == 0 && part.fingerprint != data.fingerprint)
    #expect(try part.image(at: 1) == data.image(at: 2) && data.images(ofClass: 2) == nil)
  }
}
