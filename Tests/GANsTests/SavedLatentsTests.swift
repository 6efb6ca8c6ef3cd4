import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

@Suite struct SavedLatentsTests {
  private let generator = StyleGANGenerator(
    StyleGANConfiguration(
      resolution: 8, imageChannels: 1, zSize: 6, wSize: 6, mappingLayers: 1, fmapBase: 16, fmapMax: 4), seed: 0)

  @Test(arguments: ["one.safetensors", "one.npz"]) func whatIsWrittenIsRead(name: String) throws {
    let folder = try TemporaryFolder()
    let random = RandomStream(seed: 1)
    for count in [1, 3] {
      let ws = random.normal([count, 4, 6])
      try SavedLatents(LatentCodes(ws)).write(to: folder.file(name))
      let read = try SavedLatents(path: folder.file(name), for: generator)
      #expect(read.codes.tensor.shape == ws.shape && read.codes.tensor.bytes == ws.bytes && read.noise == nil)
    }
  }

  @Test func noiseBelongsToLatents() throws {
    let folder = try TemporaryFolder()
    let random = RandomStream(seed: 1)
    let noise = [4, 4, 8, 8].map { random.normal([1, 1, $0, $0]) }
    try SavedLatents(LatentCodes(random.normal([1, 4, 6])), noise: noise).write(to: folder.file("a.safetensors"))
    let read = try SavedLatents(path: folder.file("a.safetensors"), for: generator)
    #expect(read.noise?.map(\.bytes) == noise.map(\.bytes))
    try SavedLatents(LatentCodes(random.normal([1, 4, 6])), noise: Array(noise[..<3])).write(
      to: folder.file("b.safetensors"))
    #expect(throws: SavedLatentsError.self) {
      try SavedLatents(path: folder.file("b.safetensors"), for: generator)
    }
  }

  /// Archives of NumPy itself: `savez` and `savez_compressed` of arange(24)/8 as [1, 4, 6] and other types and shapes
  /// (Tests/Reference/make_npz_fixtures.py).
  @Test func archivesOfNumPyAreRead() throws {
    func path(_ name: String) throws -> String {
      try #require(Bundle.module.url(forResource: "Fixtures/latents-\(name)", withExtension: "npz")).path
    }
    let expected = (0..<24).map { Float($0) / 8 }
    for name in ["stored", "deflated", "half", "double"] {
      let read = try SavedLatents(path: try path(name), for: generator)
      #expect(read.codes.tensor.shape == [1, 4, 6] && read.codes.tensor.floats == expected, "\(name)")
    }
    let single = try SavedLatents(path: try path("single"), for: generator)
    #expect(single.codes.tensor.floats == (0..<4).flatMap { _ in expected[..<6] })
    for name in ["integers", "fortran", "nameless"] {
      #expect(throws: (any Error).self, "\(name)") { try SavedLatents(path: try path(name), for: generator) }
    }
  }

  @Test func latentsOfAnotherNetworkAreRefused() throws {
    let folder = try TemporaryFolder()
    for shape in [[1, 4, 7], [1, 6, 6], [2, 3, 6]] {
      try SavedLatents(LatentCodes(.ones(shape))).write(to: folder.file("a.npz"))
      #expect(throws: SavedLatentsError.self) { try SavedLatents(path: folder.file("a.npz"), for: generator) }
    }
    try SavedLatents(LatentCodes(.ones([1, 4, 6]) * Double.nan)).write(to: folder.file("b.safetensors"))
    #expect(throws: SavedLatentsError.self) {
      try SavedLatents(path: folder.file("b.safetensors"), for: generator)
    }
  }
}
