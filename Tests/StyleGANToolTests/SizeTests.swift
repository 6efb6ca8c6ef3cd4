import GANs
import Testing

/// Sizes are those of the networks that are built, without their memory.
@Suite struct SizeTests {
  @Test(
    arguments: [
      StyleGANConfiguration(width: .tiny, resolution: 32, imageChannels: 1),
      StyleGANConfiguration(width: .small, resolution: 8, imageChannels: 4),
      StyleGANConfiguration(
        resolution: 64, imageChannels: 3, zSize: 24, wSize: 40, mappingLayers: 3, fmapBase: 300, fmapMax: 50),
      StyleGANConfiguration(
        resolution: 16, imageChannels: 3, zSize: 16, wSize: 16, mappingLayers: 0, fmapBase: 1, fmapMax: 7),
    ])
  func countsAreThoseOfTheNetworks(_ configuration: StyleGANConfiguration) {
    let generator = StyleGANGenerator(configuration, seed: 0)
    let size = NetworkSize(of: configuration)
    #expect(size.generator == generator.store.parameterCount)
    #expect(size.generatorBuffers == generator.store.buffers.reduce(0) { $0 + $1.value.elementCount })
    let discriminator = StyleGANDiscriminator(configuration, seed: 0)
    #expect(size.discriminator == discriminator.store.parameterCount)
  }

  @Test func whatCannotFitIsRefused() throws {
    let options = TrainingOptions(
      recipe: "stylegan", data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(resolution: 1024))
    #expect(options.leastMemory > 1 << 30)
    #expect(throws: ConfigurationError.self) { try options.requireMemory(limit: 1 << 30) }
    try options.requireMemory(limit: options.leastMemory)
    try options.requireMemory(limit: nil)
  }
}
