import Foundation
import GANs
import Images
import Testing
import _TestSupport

/// The library example of the README: this is it, compiled; a test compares the text and runs it.
private func example(_ path: String, _ grid: String, _ single: String) throws {
  let network = try NetworkFile(path: path)
  let renderer = Renderer(network, truncation: Truncation(psi: 0.7))
  try ImageGrid.tiled(renderer.images(seeds: [1, 2, 3, 4]), columns: 2).write(to: grid)
  // Style mixing: the coarse styles of seeds 1 and 2, the other styles of seeds 5, 6 and 7.
  let coarse = Set(StyleBand.coarse.layers(of: try network.styleGenerator().layers.count))
  let mixed = renderer.styleMixing(rows: [1, 2], columns: [5, 6, 7], layers: coarse)
  let png: [UInt8] = try mixed[0].pngData()  // a PNG in memory
  try Data(png).write(to: URL(fileURLWithPath: single))
}

@Suite struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theExampleIsTheOneThatIsCompiled() throws {
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst(2).first)
    let shown = try #require(block.components(separatedBy: "```").first).split(separator: "\n")
      .filter { !$0.hasPrefix("import ") }
      .map {
        $0.replacingOccurrences(of: "CommandLine.arguments[1]", with: "path")
          .replacingOccurrences(of: "\"grid.png\"", with: "grid")
          .replacingOccurrences(of: "\"mixed.png\"", with: "single")
      }
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let body = try #require(
      source.components(separatedBy: "throws {\n").dropFirst().first?.components(separatedBy: "\n}").first)
    #expect(shown == body.split(separator: "\n").map { String($0.drop { $0 == " " }) })
  }

  @Test func theExampleRuns() throws {
    let folder = try TemporaryFolder()
    var options = smallOptions()
    options.totalKimg = 0.02
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("runs"))
    _ = try trainer.train()
    try example(trainer.directory.networks[0], folder.file("grid.png"), folder.file("mixed.png"))
    // The run has not grown beyond 8×8: 2 × 2 pictures of that size, and one.
    for (name, side) in [("grid.png", 2 * 8), ("mixed.png", 8)] {
      let picture = try ImageDecoder.decode(contentsOf: folder.file(name))
      #expect((picture.width, picture.height) == (side, side))
    }
  }
}
