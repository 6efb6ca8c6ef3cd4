import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Runs that the version before families had settings of their own wrote (Fixtures/before-families): they load, resume, and
/// draw. Of the first GAN, whose smallest state has 14 MB, only the options are kept.
@Suite struct OlderVersionTests {
  private static let runs = ["stylegan", "stylegan-lazy", "stylegan-b", "pggan", "dcgan", "wgan", "wgan-gp"]

  private func folder(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/before-families/\(name)", withExtension: nil))
  }

  /// The data of those runs: pictures of 28×28 with a border, shrunk to 16×16.
  private func data() throws -> any ImageDataset {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/fashion-256-images-idx3-ubyte", withExtension: "gz"))
    return try DatasetSource.open(url.path, resolution: 16)
  }

  @Test(arguments: runs + ["gan"]) func optionsAreRead(name: String) throws {
    let path = try folder(name).appendingPathComponent("options.json").path
    let options = try TrainingOptions(text: String(contentsOfFile: path, encoding: .utf8), path: path)
    #expect(options.objective.pathLength == nil && options.configuration.labelSize == 0)
    #expect(try TrainingOptions(text: options.text(), path: path) == options)
  }

  @Test(arguments: runs) func networksDraw(name: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder(name).path)
    let file = try #require(names.first { $0.hasPrefix("network-snapshot") })
    for file in [file, "training-state.safetensors"] {
      let network = try NetworkFile(path: folder(name).appendingPathComponent(file).path)
      let pictures = Renderer(network).images(seeds: [1, 2])
      #expect(pictures[0] != pictures[1] && network.history?.seed == 7)
    }
  }

  /// Resumed runs keep what the version of their time did: the penalty of the images as they are, w_avg in G's step alone,
  /// the moments past the end of a fade-in, the average at the end of a step, and the gain of the first dense layer. The
  /// files are what that version made of the runs up to 456 images; both end a fade-in of 16×16 on the way.
  ///
  /// The same build gives the same bytes; 2 % of the largest move of a tensor allow for other kernels. With the details of
  /// the published program the worst tensors are off by 100 % or more.
  @Test(arguments: ["stylegan", "pggan"]) func resumedRunsKeepTheirDetails(name: String) throws {
    let copy = try TemporaryFolder()
    let run = copy.file("00000-\(name)")
    try FileManager.default.copyItem(at: folder(name), to: URL(fileURLWithPath: run))
    let start = try SafetensorsFile(path: RunDirectory(path: run).state)
    let before = try Dictionary(uniqueKeysWithValues: start.names.map { ($0, try start.tensor($0)) })
    let trainer = try Trainer(
      resuming: RunDirectory(path: run).state, with: RunChanges(totalKimg: 0.45, data: "moved")
    ) { _ in try data() }
    guard case .finished(let network) = try trainer.train() else {
      Issue.record("not finished")
      return
    }
    let (found, expected) = (
      try SafetensorsFile(path: network),
      try SafetensorsFile(path: folder("resumed").appendingPathComponent("\(name).safetensors").path)
    )
    #expect(found.names.sorted() == expected.names.sorted())
    var worst = (0.0, "")
    for tensor in expected.names {
      let (a, b, old) = (try found.tensor(tensor), try expected.tensor(tensor), try #require(before[tensor]))
      let move = (b - old).magnitude().maximum().item
      let off = (a - b).magnitude().maximum().item / max(move, 1e-6)
      if off > worst.0 { worst = (off, tensor) }
    }
    #expect(worst.0 < 0.02, "\(worst.1) is off by \(worst.0) of its move")
  }

  /// A copy goes on from where it was, in a fade where it was in one, and ends.
  @Test(arguments: runs) func runsResume(name: String) throws {
    let copy = try TemporaryFolder()
    let run = copy.file("00000-\(name)")
    try FileManager.default.copyItem(at: folder(name), to: URL(fileURLWithPath: run))
    let trainer = try Trainer(
      resuming: RunDirectory(path: run).state, with: RunChanges(totalKimg: 0.3, data: "moved")
    ) { _ in try data() }
    let shown = trainer.imagesShown
    #expect(shown > 0 && shown < 300)
    guard case .finished(let network) = try trainer.train() else {
      Issue.record("not finished")
      return
    }
    #expect(try NetworkFile(path: network).history?.kimg ?? 0 >= 0.3)
    let lines = try String(contentsOfFile: RunDirectory(path: run).statistics, encoding: .utf8).split(separator: "\n")
    #expect(
      lines.count
        > (try String(contentsOf: folder(name).appendingPathComponent("stats.jsonl"), encoding: .utf8))
        .split(separator: "\n").count)
  }
}
