import Foundation
import GANs
import Images
import Testing
import _TestSupport

/// The library example of the README: this is it, compiled; a test compares the text and runs it.
private func example(_ path: String, _ output: String) throws {
  let network = try NetworkFile(path: path)
  let renderer = Renderer(network, truncation: Truncation(psi: 0.7))
  let layers = Set(StyleBand.coarse.layers(of: try network.styleGenerator().layers.count))
  let mixed = renderer.styleMixing(rows: [1, 2], columns: [5, 6, 7], layers: layers)
  try ImageGrid.tiled(mixed, columns: 4).write(to: output)
}

@Suite struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func theExampleIsTheOneThatIsCompiled() throws {
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
    let shown = try #require(block.components(separatedBy: "```").first).split(separator: "\n")
      .filter { !$0.hasPrefix("import ") }
      .map {
        $0.replacingOccurrences(of: "\"network-snapshot-000100.safetensors\"", with: "path")
          .replacingOccurrences(of: "\"mixed.png\"", with: "output")
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
    try example(trainer.directory.networks[0], folder.file("mixed.png"))
    // The run has not grown beyond 8×8: 4 × 3 pictures of that size.
    let picture = try ImageDecoder.decode(contentsOf: folder.file("mixed.png"))
    #expect((picture.width, picture.height) == (4 * 8, 3 * 8))
  }
}
