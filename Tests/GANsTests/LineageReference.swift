import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// A golden file of networks before StyleGAN, which holds results only: weights and inputs follow from their names, as in
/// make_lineage_fixture.py.
struct LineageReference {
  let fixture: Fixture
  let batch = 6

  init(_ name: String) throws { fixture = try Fixture(name) }

  /// RandomState(fnv1a(NAME)).randn · scale + mean.
  func draw(_ name: String, _ shape: [Int], _ scale: Double = 1, _ mean: Double = 0) -> Tensor {
    var state = NumPyRandomState(seed: fnv1a(name))
    return Tensor(state.randn(shape.reduce(1, *)).map { Float($0 * scale + mean) }, shape: shape)
  }

  /// Gives every parameter its value; see `parameters` in the script.
  func fill(_ store: ParameterStore, _ prefix: String, _ scale: Double) {
    for parameter in store.parameters {
      let name = parameter.name
      let isWeight = name.hasSuffix("weight")
      let (deviation, mean) =
        if ".\(name)".contains(".norm") {
          (0.1, isWeight ? 1.0 : 0)
        } else if name.hasPrefix("mapping.dense") {
          (isWeight ? 100.0 : 30, 0.0)
        } else if name.hasSuffix("constant") {
          (1.0, 0.5)
        } else {
          (isWeight ? scale : min(scale, 0.3), 0.0)
        }
      parameter.set(draw("\(prefix).\(name)", parameter.value.shape, deviation, mean))
    }
  }

  /// A loss and its gradient with respect to every parameter. As in the first golden files, each gradient is judged on the
  /// scale of all: those that are sums of large terms are no more exact than these. Pixel norm enlarges the rounding of pixels
  /// with small features: measured 1.2e-5 of that scale.
  /// - Parameter names: what the file calls the parameters, where they have other names here.
  func check(
    _ compare: Comparison, _ loss: Tensor, _ name: String, _ parameters: [Parameter], names: [String]? = nil
  ) throws {
    let names = names ?? parameters.map(\.name)
    // A mean of scores of both signs is judged on the scale of the scores.
    compare(loss.reshaped([1]), try fixture[name], name, absolute: 1e-6)
    let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
    let expected = try names.map { try fixture["\(name).d.\($0)"] }
    let scale = expected.reduce(0) { max($0, $1.magnitude().maximum().item) }
    for ((parameter, gradient), golden) in zip(zip(names, found), expected) {
      let what = "\(name).d.\(parameter)"
      if fixture.has("\(what).norm") {
        compare(
          gradient.squared().sum().squareRoot().reshaped([1]), try fixture["\(what).norm"], "\(what).norm",
          absolute: 1e-5 * scale)
        compare(
          gradient.laidOut(.contiguous).reshaped([-1]).sliced(0..<gradient.elementCount, along: 0, step: 97), golden,
          what, absolute: 1e-5 * scale)
      } else {
        compare(gradient, golden, what, absolute: 2e-5 * scale)
      }
    }
  }

  /// Fakes, scores, losses and penalties of one state of growth, with their gradients. Fakes have the labels of the sample;
  /// reals, and mixtures with fakes, have those of the reals.
  func checkLosses(
    _ compare: Comparison, _ name: String, _ objective: Objective, generator: any Generator,
    discriminator: any Discriminator, sample: TrainingSample, reals: Tensor, labels: Condition? = nil,
    growth: Growth, _ compute: Compute, generatorNames: [String]? = nil
  ) throws {
    let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
    // Where leaky ReLU leaves little of a pixel's few features, pixel norm enlarges their rounding: measured 1.1e-5
    // (PyTorch in float32: 7e-6).
    compare(fakes, try fixture["\(name).fakes"], "\(name).fakes", relative: 2e-5)
    func judge(_ images: Tensor) -> Tensor { discriminator(images, condition: labels, growth: growth, compute) }
    func judge(fakes: Tensor) -> Tensor {
      discriminator(fakes, condition: sample.condition, growth: growth, compute)
    }
    let (realScores, fakeScores) = (judge(reals), judge(fakes: fakes))
    compare(realScores, try fixture["\(name).scores.real"], "\(name).scores.real")
    compare(fakeScores, try fixture["\(name).scores.fake"], "\(name).scores.fake")
    try check(
      compare, objective.generatorLoss(fakeScores: fakeScores), "\(name).g_loss", generator.store.parameters,
      names: generatorNames)
    try check(
      compare,
      objective.discriminatorLoss(realScores: realScores, fakeScores: judge(fakes: fakes.withoutGraph)),
      "\(name).d_loss",
      discriminator.store.parameters)
    if objective.drift > 0 {
      try check(
        compare, objective.driftTerm(realScores: judge(reals)), "\(name).drift", discriminator.store.parameters)
    }
    if objective.regularizer == .gradientPenalty {
      let position = Tensor(
        draw("\(name).position", [batch, 1, 1, 1]).floats.map { Float(1 / (1 + exp(-Double($0)))) },
        shape: [batch, 1, 1, 1])
      let penalty = objective.gradientPenalty(
        reals: reals, fakes: fakes.withoutGraph, position: position, discriminator: { judge($0) })
      try check(compare, penalty, "\(name).penalty", discriminator.store.parameters)
    }
  }
}
