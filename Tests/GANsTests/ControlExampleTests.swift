import Foundation
import GANs
import Images
import Testing
import _TestSupport

/// The first example of the article Control: this is it, compiled; a test compares the text and runs it.
private func figure3(_ path: String, _ output: String) throws {
  let network = try NetworkFile(path: path)
  let renderer = Renderer(network, truncation: Truncation(psi: 0.7))
  let (a, b) = (renderer.styles(renderer.codes(seeds: [1, 2])), renderer.styles(renderer.codes(seeds: [5, 6, 7])))
  var rows: [Image] = []
  for band in StyleBand.allCases {
    rows += renderer.styleMixing(rows: a, columns: b, layers: renderer.layers(of: band))
  }
  try ImageGrid.tiled(rows, columns: 4).write(to: output)
}

@Suite struct ControlExampleTests {
  @Test func theExampleIsTheOneThatIsCompiledAndRuns() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let article = try String(
      contentsOf: root.appendingPathComponent("Sources/GANs/GANs.docc/Control.md"), encoding: .utf8)
    let block = try #require(article.components(separatedBy: "```swift\n").dropFirst().first)
    let shown = try #require(block.components(separatedBy: "```").first).split(separator: "\n")
      .filter { !$0.hasPrefix("import ") }
      .map {
        $0.replacingOccurrences(of: "\"network-snapshot-000100.safetensors\"", with: "path")
          .replacingOccurrences(of: "\"figure-3.png\"", with: "output").trimmingCharacters(in: .whitespaces)
      }
    #expect(shown.count <= 10)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let body = try #require(
      source.components(separatedBy: "throws {\n").dropFirst().first?.components(separatedBy: "\n}").first)
    #expect(shown == body.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    let folder = try TemporaryFolder()
    let network = try #require(Bundle.module.url(forResource: "Fixtures/garments", withExtension: "safetensors"))
    try figure3(network.path, folder.file("figure.png"))
    let picture = try ImageDecoder.decode(contentsOf: folder.file("figure.png"))
    #expect((picture.width, picture.height) == (4 * 32, 9 * 32))
  }
}
