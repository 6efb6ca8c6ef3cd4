import GANs
import Testing
import Torch
import _TestSupport

/// The objective and whole training steps against losses, training and training_lazy.safetensors.
@Suite struct GoldenTrainingTests {
  /// Losses, R1 and the gradient of each with respect to every parameter.
  @Test(arguments: Compute.Kernels.allCases)
  func lossesAndTheirGradients(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    let fixture = try Fixture("losses")
    let (generator, discriminator) = (try fixture.generator(), try fixture.discriminator())
    let objective = Objective(gamma: try fixture.number("gamma"))
    let compare = Comparison("losses, \(kernels)")
    for (name, growth) in try fixture.growths {
      func check(_ loss: Tensor, _ what: String, _ parameters: [Parameter]) throws {
        compare(loss, try fixture["out.\(name).\(what)"], "\(name).\(what)")
        let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
        // R1 reaches biases only through the minibatch statistic: their gradients are a thousandth of the weights', and
        // the rounding of the sums that they come from is not. Each is judged on the scale of all of them; measured:
        // 7e-5 of the tensor (PyTorch in float32: 4e-5), 3e-6 of the largest gradient.
        let expected = try parameters.map { try fixture["out.\(name).\(what).d.\($0.name)"] }
        let scale = expected.reduce(0) { max($0, $1.magnitude().maximum().item) }
        for ((parameter, gradient), golden) in zip(zip(parameters, found), expected) {
          compare(gradient, golden, "\(name).\(what).d.\(parameter.name)", absolute: 1e-5 * scale)
        }
      }
      let noise = try fixture.configuration.resolutions.filter { $0 <= growth.resolution }.flatMap { r in
        try (0..<2).map { try fixture["G.synthesis.b\(r).style\($0).noise"] }
      }
      let sample = TrainingSample(z: try fixture["in.z"], noise: noise)
      let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
      compare(fakes, try fixture["out.\(name).fakes"], "\(name).fakes")
      let reals = growth.prepared(try fixture["in.reals\(growth.resolution)"]).requiringGradient()
      compare(reals, try fixture["out.\(name).reals"], "\(name).reals")

      let fakeScores = discriminator(fakes, growth: growth, compute)
      try check(objective.generatorLoss(fakeScores: fakeScores), "g_loss", generator.store.parameters)
      let realScores = discriminator(reals, growth: growth, compute)
      let discriminatorLoss = objective.discriminatorLoss(
        realScores: realScores, fakeScores: discriminator(fakes.withoutGraph, growth: growth, compute))
      try check(discriminatorLoss, "d_loss", discriminator.store.parameters)
      let scores = discriminator(reals, growth: growth, compute)
      compare(
        gradients(of: scores.sum(), withRespectTo: [reals], createGraph: true)[0],
        try fixture["out.\(name).r1_image_gradient"], "\(name).r1_image_gradient")
      try check(objective.r1Penalty(reals: reals, realScores: scores), "r1", discriminator.store.parameters)
    }
    compare.report()
  }

  /// Whole steps: D, the moving average and G, with w_avg in D's part and in G's; the lazy file also R1 in steps of its own, every fourth.
  @Test(arguments: Compute.Kernels.allCases, ["training", "training_lazy"])
  func trainingSteps(kernels: Compute.Kernels, file: String) throws {
    let fixture = try Fixture(file)
    let lazy = try fixture.integer("lazy")
    var options = TrainingOptions(
      recipe: "test", data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: try fixture.configuration)
    options.schedule.learningRates = [4: try fixture.number("learning_rate")]
    options.objective = Objective(gamma: try fixture.number("gamma"), penaltyInterval: max(lazy, 1))
    options.adam.beta1 = try fixture.number("beta1")
    options.adam.beta2 = try fixture.number("beta2")
    options.adam.epsilon = try fixture.number("epsilon")
    options.averageHalfLifeKimg = try fixture.number("half_life") / 1000
    options.kernels = kernels
    let networks = TrainingNetworks(options)
    let stores = [
      ("G", networks.generator.store), ("D", networks.discriminator.store), ("ema", networks.average.store),
    ]
    for (name, store) in stores { try fixture.file.load(into: store.state, prefix: "before.\(name).") }
    let growth = try #require(try fixture.growths.first).growth
    let batch = try fixture.integer("batch")
    let (losses, weights) = (Comparison("\(file) losses, \(kernels)"), Comparison("\(file) weights, \(kernels)"))
    // How far each weight moved is compared, too: an error of a whole step is a small share of a weight. Adam divides
    // each gradient by its own size, so where a gradient is tiny its rounding is a share of a step: measured 1.3e-3. To
    // the weight's own rounding, which is allowed for, the step is added; in the mapping network, whose weights are a
    // hundred times the others', that is 1.3e-2 of a step.
    let updates = Comparison("\(file) updates, \(kernels)", relative: 5e-3)

    for step in 0..<(try fixture.integer("steps")) {
      var recorded: [String: Double] = [:]
      func sample(_ part: String) throws -> TrainingSample {
        let prefix = "in\(step).\(part)"
        let layers = growth.resolution.trailingZeroBitCount * 2 - 2
        return TrainingSample(
          z: try fixture["\(prefix).z"],
          mixing: (try fixture["\(prefix).z2"], try fixture["\(prefix).crossover"].integers[0]),
          noise: try (0..<layers).map { try fixture["\(prefix).noise\($0)"] })
      }
      let phase = Phase(every: max(lazy, 1), at: step)
      let record = { (name: String, value: Tensor) in recorded[name] = value.item }
      networks.updateDiscriminator(
        .init(growth.prepared(try fixture["in\(step).reals"])), sample: try sample("d"), growth: growth, phase: phase,
        record: record)
      networks.updateAverage(images: batch)
      networks.updateGenerator(sample: try sample("g"), growth: growth, record: record)

      for (key, name) in [("d", "Loss/D/loss"), ("g", "Loss/G/loss"), ("r1", "Loss/r1_penalty")] {
        guard key != "r1" || phase != .none else {
          #expect(recorded[name] == nil)
          continue
        }
        let expected = try fixture["out\(step).loss.\(key)"]
        // R1 is reported as it is; the file has the same number, without the factor of lazy steps.
        losses(
          Tensor([Double](arrayLiteral: try #require(recorded[name])), shape: expected.shape), expected,
          "\(step).\(key)")
      }
      guard fixture.has("out\(step).G.mapping.w_avg") else { continue }
      for (name, store) in stores {
        for (parameter, value) in store.state {
          let what = "\(step).\(name).\(parameter)"
          let (before, after) = (
            try fixture["before.\(name).\(parameter)"], try fixture["out\(step).\(name).\(parameter)"]
          )
          weights(value, after, what)
          updates(
            value - before, after - before, what, absolute: 3e-7 * after.magnitude().maximum().item)
        }
      }
    }
    for comparison in [losses, weights, updates] { comparison.report() }
  }
}
