import GANs
import Testing
import Torch
import _TestSupport

/// Whole networks against generator, discriminator1 and discriminator3.safetensors.
@Suite struct GoldenNetworkTests {
  @Test(arguments: Compute.Kernels.allCases)
  func generator(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    let fixture = try Fixture("generator")
    let generator = try fixture.generator()
    let compare = Comparison("generator, \(kernels)")
    try withoutGradients {
      let z = try fixture["in.z"]
      compare(generator.mapping(z), try fixture["out.w"], "w")
      compare(generator.mapping(try fixture["in.z2"]), try fixture["out.w2"], "w2")
      func styles(_ z: Tensor) -> Styles { Styles(generator.broadcast(generator.map(z))) }
      let (ws, ws2) = (styles(z), styles(try fixture["in.z2"]))
      let given = try (0..<6).map { try fixture["in.noise\($0)"] }
      let truncation = Truncation(psi: try fixture.number("psi"), cutoff: try fixture.integer("cutoff"))
      let crossover = try fixture.integer("crossover")
      for (name, growth) in try fixture.growths {
        func image(_ styles: Styles, _ noise: NoiseMode = .constant) -> Tensor {
          generator.synthesis(styles.tensor, noise: noise, growth: growth, compute)
        }
        var features: [Int: Tensor] = [:]
        let plain = generator.synthesis(ws.tensor, noise: .constant, growth: growth, compute) {
          features[$0.resolution] = $1
        }
        #expect(features.keys.sorted() == [4, 8, 16].filter { $0 <= growth.resolution })
        for (resolution, x) in features {
          compare(x, try fixture["out.\(name).b\(resolution)"], "\(name).b\(resolution)")
        }
        for (what, found) in [
          ("image", plain),
          ("image", generator.images(z, growth: growth, compute)),
          ("image_no_noise", image(ws, .none)),
          ("image_given_noise", image(ws, .given(given))),
          ("image_mixed", image(ws.mixed(with: ws2, crossover: crossover))),
          ("image_mixed", image(ws.copying(Set(crossover..<6), from: ws2))),
          ("image_truncated", image(Styles(truncation(ws.tensor, average: generator.wAverage.value)))),
          ("image_truncated", generator.images(z, truncation: truncation, growth: growth, compute)),
        ] {
          compare(found, try fixture["out.\(name).\(what)"], "\(name).\(what)")
        }
      }
    }
    compare.report()
  }

  @Test(arguments: Compute.Kernels.allCases, ["discriminator1", "discriminator3"])
  func discriminator(kernels: Compute.Kernels, file: String) throws {
    let compute = Compute(kernels: kernels)
    let fixture = try Fixture(file)
    let discriminator = try fixture.discriminator()
    let compare = Comparison("\(file), \(kernels)")
    try withoutGradients {
      for (name, growth) in try fixture.growths {
        let images = try fixture["in.image\(growth.resolution)"]
        compare(discriminator(images, growth: growth, compute), try fixture["out.\(name).scores"], "\(name).scores")
        // Six samples make groups of three.
        compare(
          discriminator(images[0..<6], growth: growth, compute), try fixture["out.\(name).scores6"], "\(name).scores6")
        compare(growth.prepared(images), try fixture["out.\(name).faded"], "\(name).faded")
      }
    }
    compare.report()
  }

  /// bfloat16 keeps 8 bits of a number, so an image may be off by a few hundredths of its range.
  @Test(arguments: Compute.Kernels.allCases)
  func bfloat16ImagesAreNearFloat32Ones(kernels: Compute.Kernels) throws {
    let fixture = try Fixture("generator")
    let generator = try fixture.generator()
    let compare = Comparison("bfloat16, \(kernels)", relative: 5e-2)
    for (name, growth) in try fixture.growths {
      let images = generator.images(
        try fixture["in.z"], growth: growth, Compute(precision: .bfloat16, kernels: kernels))
      #expect(images.dtype == .float32)
      compare(images, try fixture["out.\(name).image"], "\(name).image")
      #expect(relativeError(images, try fixture["out.\(name).image"]) > 1e-5, "bfloat16 was not used")
    }
    compare.report()
  }
}
