import GANs
import Testing
import Torch
import _TestSupport

/// Single operations against ops.safetensors: values, first gradients, and the gradients of Σ(∂⟨y, dy⟩/∂x)².
@Suite struct GoldenOperationTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("ops") }

  /// Compares a function with the file's case `name`.
  /// - Parameter parameters: its inputs beside x: the file's names, and the leaves that hold them.
  private func check(
    _ name: String, _ compute: Compute, parameters: [(name: String, value: Tensor)] = [],
    _ function: (Tensor) throws -> Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let compare = Comparison("\(name), \(compute.kernels)")
    let x = try fixture["\(name).x"].requiringGradient()
    let dy = try fixture["\(name).dy"].requiringGradient()
    let inputs = [("x", x)] + parameters
    let y = try function(x)
    compare(y, try fixture["\(name).y"], "y", sourceLocation: sourceLocation)
    let first = gradients(of: y, seed: dy, withRespectTo: inputs.map(\.1), createGraph: true)
    for ((input, _), gradient) in zip(inputs, first) {
      compare(gradient, try fixture["\(name).d.\(input)"], "d.\(input)", sourceLocation: sourceLocation)
    }
    let all = inputs + [("dy", dy)]
    for ((input, _), gradient) in zip(all, gradients(of: first[0].squared().sum(), withRespectTo: all.map(\.1))) {
      compare(gradient, try fixture["\(name).d2.\(input)"], "d2.\(input)", sourceLocation: sourceLocation)
    }
    compare.report()
  }

  private func leaf(_ name: String) throws -> Tensor { try fixture[name].requiringGradient() }

  @Test(arguments: Compute.Kernels.allCases)
  func blur(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    try check("blur", compute) { binomialBlur(compute.activations($0), compute) }
  }

  @Test(arguments: Compute.Kernels.allCases, [Resampling.up, .down])
  func resamplingConvolution(kernels: Compute.Kernels, resampling: Resampling) throws {
    let compute = Compute(kernels: kernels)
    let name = resampling == .up ? "upsample_conv_blur" : "blur_conv_downsample"
    // With this gain the weight's scale is 1: the file's weights are not equalized.
    let conv = EqualizedConv2d(
      ParameterStore(seed: 0).root, inputs: 3, outputs: 5, gain: 27.0.squareRoot(), resampling: resampling)
    conv.weight.set(try fixture["\(name).weight"])
    try check(name, compute, parameters: [("weight", conv.weight.value)]) { conv($0, compute) }
  }

  /// Groups of 4, 3, 1 (5 is prime) and a single sample.
  @Test(arguments: Compute.Kernels.allCases, [8, 6, 5, 1])
  func minibatchStandardDeviation(kernels: Compute.Kernels, count: Int) throws {
    let compute = Compute(kernels: kernels)
    try check("minibatch_stddev\(count)", compute) { appendingMinibatchStandardDeviation(compute.activations($0)) }
  }

  @Test(arguments: ["pixel_norm2d", "pixel_norm4d"])
  func pixelNormalization(name: String) throws {
    try check(name, .default) { pixelNorm($0) }
  }

  @Test(arguments: Compute.Kernels.allCases)
  func instanceNormalization(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    try check("instance_norm", compute) { instanceNorm(compute.activations($0)) }
  }

  /// The style is given: w goes through an affine layer that is the identity.
  @Test(arguments: Compute.Kernels.allCases, ["epilogue", "epilogue_shared_noise", "epilogue_no_noise"])
  func epilogueOfAStyle(kernels: Compute.Kernels, name: String) throws {
    let compute = Compute(kernels: kernels)
    let epilogue = StyleEpilogue(ParameterStore(seed: 0).root, channels: 3, resolution: 4, latentSize: 6)
    let identity = (0..<36).map { $0 % 7 == 0 ? 6.0.squareRoot() : 0 }
    epilogue.affine!.weight.set(Tensor(identity, shape: [6, 6]))
    epilogue.bias.set(try fixture["\(name).bias"])
    let style = try leaf("\(name).style")
    var parameters = [("bias", epilogue.bias.value), ("style", style)]
    var noise: Tensor?
    if fixture.has("\(name).noise") {
      noise = try leaf("\(name).noise")
      let strength = try #require(epilogue.noiseStrength)
      strength.set(try fixture["\(name).noise_strength"])
      parameters += [("noise", noise!), ("noise_strength", strength.value)]
    }
    try check(name, compute, parameters: parameters) {
      epilogue(compute.activations($0), w: style, noise: noise, compute)
    }
  }

  @Test(arguments: Compute.Kernels.allCases)
  func epilogueOfALatent(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    let name = "style_epilogue"
    let epilogue = StyleEpilogue(ParameterStore(seed: 0).root, channels: 3, resolution: 4, latentSize: 8)
    let (w, noise) = (try leaf("\(name).w"), try leaf("\(name).noise"))
    var parameters = [("w", w), ("noise", noise)]
    for (input, parameter) in [
      ("noise_strength", try #require(epilogue.noiseStrength)), ("bias", epilogue.bias),
      ("affine_weight", epilogue.affine!.weight), ("affine_bias", try #require(epilogue.affine!.bias)),
    ] {
      parameter.set(try fixture["\(name).\(input)"])
      parameters.append((input, parameter.value))
    }
    try check(name, compute, parameters: parameters) {
      epilogue(compute.activations($0), w: w, noise: noise, compute)
    }
  }
}
