import GANs
import Testing

@Suite struct BenchmarkTests {
  /// A row's time is the sum of its parts, each of which was really timed.
  @Test(arguments: [1, 4]) func partsAddUp(interval: Int) throws {
    let configuration = StyleGANConfiguration(
      resolution: 16, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 1, fmapBase: 32, fmapMax: 8)
    let row = Benchmark(seconds: 0.05).training(
      configuration, batch: 2, penaltyInterval: interval, .default, peak: 1e9)
    let parts = try #require(row.parts)
    #expect(abs(parts.named.reduce(0) { $0 + $1.seconds } - row.seconds) < 1e-12)
    for (name, seconds) in parts.named where name != "R1" { #expect(seconds > 0, "\(name)") }
  }
}
