import Foundation
import GANs
import Testing
import Torch

/// A golden file of Tests/Reference/make_fixtures.py, which says what each tensor is.
struct Fixture {
  let file: SafetensorsFile

  init(_ name: String) throws {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "safetensors"))
    file = try SafetensorsFile(path: url.path)
  }

  subscript(name: String) -> Tensor {
    get throws { try file.tensor(name) }
  }

  func has(_ name: String) -> Bool { file.tensors[name] != nil }

  func number(_ key: String) throws -> Double { try #require(file.metadata[key].flatMap(Double.init)) }

  func integer(_ key: String) throws -> Int { try #require(file.metadata[key].flatMap(Int.init)) }

  /// The architecture of the file's networks.
  var configuration: StyleGANConfiguration {
    get throws {
      StyleGANConfiguration(
        resolution: try integer("resolution"), imageChannels: try integer("channels"), zSize: try integer("z_dim"),
        wSize: try integer("w_dim"), mappingLayers: try integer("mapping_layers"), fmapBase: try integer("fmap_base"),
        fmapMax: try integer("fmap_max"))
    }
  }

  /// The states of growth for which the file has results, by name.
  var growths: [(name: String, growth: Growth)] {
    get throws {
      try file.metadata.filter { $0.key.hasPrefix("growth.") }.sorted { $0.key < $1.key }.map { key, value in
        let parts = value.split(separator: ",")
        return (
          String(key.dropFirst("growth.".count)),
          Growth(resolution: try #require(Int(parts[0])), alpha: try #require(Double(parts[1])))
        )
      }
    }
  }

  /// A generator with the weights under `prefix`.
  func generator(_ prefix: String = "G.") throws -> StyleGANGenerator {
    let generator = StyleGANGenerator(try configuration, seed: 0)
    try file.load(into: generator.store.state, prefix: prefix)
    return generator
  }

  /// A discriminator with the weights under `prefix`.
  func discriminator(_ prefix: String = "D.") throws -> StyleGANDiscriminator {
    let discriminator = StyleGANDiscriminator(try configuration, seed: 0)
    try file.load(into: discriminator.store.state, prefix: prefix)
    return discriminator
  }
}

/// The seed of what the references draw under a name: FNV-1a, 32 bits.
func fnv1a(_ name: String) -> UInt32 {
  name.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
}
