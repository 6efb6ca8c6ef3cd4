import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The separability regularizer of G.
@Suite struct SeparabilityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// As `draw` in the scripts: RandomState(fnv1a(NAME)).randn · scale.
  private func draw(_ name: String, _ shape: [Int], _ scale: Double = 1) -> Tensor {
    var state = NumPyRandomState(seed: fnv1a("separability.\(name)"))
    return Tensor(state.randn(shape.reduce(1, *)).map { Float($0 * scale) }, shape: shape)
  }

  /// The values of four minibatches, and the gradients of the last one with respect to w, the mapping A and the picture's B,
  /// against separability.safetensors.
  @Test(arguments: Separability.Design.allCases) func valuesAndGradients(design: Separability.Design) throws {
    let (fixture, compare) = (try Fixture("separability"), Comparison("separability, \(design)"))
    let (n, z, d) = (try fixture.integer("n"), try fixture.integer("z"), try fixture.integer("d"))
    let (hidden, k, batches) = (
      try fixture.integer("hidden"), try fixture.integer("classes"), try fixture.integer("batches")
    )
    let a = draw("A", [z, d], 0.6).requiringGradient()
    let b = draw("B", [d, hidden], 0.8).requiringGradient()
    let c = draw("C", [hidden, k], 2)
    let settings = Separability(
      weight: try fixture.number("weight"), decay: try fixture.number("decay"), design: design)
    let regularizer = SeparabilityRegularizer(settings, classes: k, wSize: d)
    for batch in 0..<batches {
      let w = draw("z\(batch)", [n, z]).matmul(a).tanh()
      var share: Double?
      let penalty = regularizer(w: w, logits: w.matmul(b).tanh().matmul(c)) { name, value in
        if name == "Loss/ls_share" { share = value.doubles[0] }
      }
      compare(penalty.reshaped([1]), try fixture["\(design).\(batch)"], "value \(batch)")
      #expect(share?.isFinite == true)
      guard batch == batches - 1 else { continue }
      let found = gradients(of: penalty, withRespectTo: [w, a, b])
      for (name, gradient) in zip(["w", "A", "B"], found) {
        compare(gradient, try fixture["\(design).d.\(name)"], "gradient of \(name)")
      }
    }
    compare.report()
  }

  /// Answers that a hyperplane tells cost nearly nothing; answers that have nothing to do with w cost the most. Gradient
  /// descent on the answers' function lowers the penalty; drawing one class alone does not.
  @Test(arguments: [Separability.Design.likelihood, .side, .variance])
  func separationIsCheap(design: Separability.Design) throws {
    let (n, d) = (64, 8)
    func share(_ logits: (Tensor, Int) -> Tensor) -> Double {
      let regularizer = SeparabilityRegularizer(Separability(decay: 0.1, design: design), classes: 3, wSize: d)
      var last = 0.0
      for batch in 0..<60 {
        let w = draw("latents\(batch)", [n, d])
        _ = regularizer(w: w, logits: logits(w, batch)) { name, value in
          if name == "Loss/ls_share" { last = value.doubles[0] }
        }
      }
      return last
    }
    let planes = draw("planes", [d, 3], 8)
    let separable = share { w, _ in w.matmul(planes) }
    let foreign = share { w, batch in draw("foreign\(batch)", [n, d]).matmul(planes) }
    // One class nearly always, and no relation to w in the rest.
    let collapsed = share { w, batch in
      draw("foreign\(batch)", [n, d]).matmul(planes) + Tensor([30, 0, 0], shape: [1, 3])
    }
    // Soft sides are uncertain near the plane, and so leave much of H(Y) even there.
    #expect(separable < (design == .side ? 0.75 : 0.5) * foreign, "separable \(separable), foreign \(foreign)")
    #expect(foreign > 0.9 && foreign < 1.3, "\(foreign)")
    #expect(collapsed > 0.6 * foreign, "collapsed \(collapsed), foreign \(foreign)")
  }

  /// A scaled W has the same penalty: G gains nothing by larger latents.
  @Test(arguments: Separability.Design.allCases) func scaleDoesNotMatter(design: Separability.Design) throws {
    func last(_ scale: Double) -> Double {
      let regularizer = SeparabilityRegularizer(Separability(decay: 0.2, design: design), classes: 3, wSize: 6)
      let planes = draw("planes", [6, 3], 2)
      var value = 0.0
      for batch in 0..<8 {
        let v = draw("scale\(batch)", [32, 6]).requiringGradient()
        let w = v * scale
        value = regularizer(w: w, logits: (w * (1 / scale)).tanh().matmul(planes)).doubles[0]
      }
      return value
    }
    #expect(abs(last(1) - last(7)) < 1e-3 * abs(last(1)))
  }

  private func options(_ design: Separability.Design = .side, interval: Int = 2) throws -> TrainingOptions {
    var options = smallOptions(lazy: 3)
    options.objective.separability = Separability(interval: interval, design: design, classifier: "fashion")
    return options
  }

  /// The gradient passes through the picture and the classifier to the synthesis network, and through w to the mapping
  /// network. The classifier stays as it is.
  @Test(arguments: [1, 2]) func theGeneratorMoves(interval: Int) throws {
    let trainer = try Trainer(
      try options(interval: interval), dataset: SyntheticDataset(), in: folder.file("run\(interval)"))
    let regularizer = try #require(trainer.networks.generatorRegularizers.first as? SeparabilityRegularizer)
    let generator = try #require(trainer.networks.generator as? StyleGANGenerator)
    let growth = Growth(resolution: 16, alpha: 0.5)
    func penalty(_ seed: UInt64) -> Tensor {
      let sample = generator.sample(
        count: 8, condition: nil, growth: growth, mixingProbability: 0.9, random: SamplingStreams(seed: seed))
      return regularizer(
        generator, sample, growth: growth, random: SamplingStreams(seed: 9), .default, record: { _, _ in })
    }
    _ = penalty(1)
    let found = gradients(of: penalty(2), withRespectTo: generator.store.parameters.map(\.value))
    for part in ["mapping.dense", "synthesis.b8.conv", "synthesis.b16.conv"] {
      let named = zip(generator.store.parameters, found).filter { $0.0.name.hasPrefix(part) }
      #expect(!named.isEmpty && named.allSatisfy { $0.1.magnitude().maximum().item > 0 }, "\(part)")
    }
    #expect(generator.wAverage.value.magnitude().maximum().item == 0)
    _ = try trainer.train()
    let (g, d) = (trainer.networks.generatorOptimizer.stepCount, trainer.networks.discriminatorOptimizer.stepCount)
    #expect(g == (interval == 1 ? 20 : 30) && d == 27)
  }

  /// With everything on, a stopped and a killed run end with the same bytes: both regularizers of G, lazy R1, held-out
  /// images; in a fade, too.
  @Test(arguments: Separability.Design.allCases) func aStoppedRunEndsTheSame(design: Separability.Design) throws {
    var options = try options(design)
    options.objective.pathLength = PathLength(interval: 3)
    options.validation = 0.2
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(options, dataset: SyntheticDataset(), in: folder.file(parent))
    }
    var copies: [String] = []
    let whole = try trainSmallRun(trainer("whole")) { event, trainer in
      guard case .tick(let report) = event, [1, 4].contains(report.tick) else { return }
      copies.append(folder.file("killed\(report.tick)"))
      try FileManager.default.copyItem(atPath: trainer.directory.path, toPath: copies.last!)
    }
    #expect(whole.statistics.allSatisfy { $0["Loss/ls_penalty"] != nil && $0["Loss/ls_share"] ?? 0 > 0 })
    #expect(whole.statistics.allSatisfy { $0["Loss/pl_penalty"] != nil && $0["Loss/scores/validation"] != nil })
    #expect(whole.files["validation.json"] != nil)
    expectSame(whole, try trainSmallRun(trainer("stopped"), stops: [8, 100, 132]))
    for copy in copies {
      expectSame(
        whole, try trainSmallRun(Trainer(resuming: RunDirectory(path: copy).state) { _ in SyntheticDataset() }))
    }
  }

  /// Conditional networks: the class that is asked for is a part of w, too.
  @Test func conditionalNetworksAreRegularized() throws {
    var options = try options()
    options.configuration.labelSize = 3
    options.totalKimg = 0.04
    let dataset = LabeledDataset()
    options.dataset = .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count)
    let whole = try trainSmallRun(Trainer(options, dataset: dataset, in: folder.file("run")), dataset: dataset)
    #expect(whole.statistics.allSatisfy { $0["Loss/ls_share"] ?? 0 > 0 })
  }

  /// Without a classifier that fits, the error names the way out; other weights than at the start are refused.
  @Test func aClassifierIsNeeded() throws {
    func refusal(_ dataset: any ImageDataset, _ change: (inout TrainingOptions) -> Void = { _ in }) -> String {
      do {
        var options = try options()
        options.objective.separability?.classifier = "auto"
        change(&options)
        _ = try Trainer(options, dataset: dataset, in: folder.file("none"))
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(refusal(SyntheticDataset()).contains("synthetic has no classes to train one on"))
    #expect(refusal(LabeledDataset()).contains("train one with 'stylegan detector train' on this data"))
    #expect(refusal(SyntheticDataset(name: "fashion-mnist")) == "no error")
    let none = refusal(SyntheticDataset()) { $0.objective.separability?.weight = 0 }
    #expect(none.hasPrefix("separabilityWeight is 0, but must be above 0"))
    let noW = refusal(SyntheticDataset()) {
      $0.configuration = DCGANConfiguration(resolution: 16)
      $0.mixingProbability = 0
      $0.schedule = .fixed(resolution: 16, batch: 4, learningRate: 0.002)
    }
    #expect(noW.contains("separability is measured in W, and DCGAN has no W"))

    let run = try Trainer(try options(), dataset: SyntheticDataset(), in: folder.file("run"))
    #expect(run.options.objective.separability?.identity == (try Classifier.fashion().identity))
    var changed = run.options
    changed.objective.separability?.identity = "fashion 0000000000000000"
    #expect(throws: ConfigurationError.self) { try changed.openSeparabilityClassifier(device: .cpu) }
  }

  @Test func optionsAreSaved() throws {
    var options = try options(.side, interval: 8)
    options.validation = 0.05
    let text = try options.text()
    #expect(try TrainingOptions(text: text, path: "options.json") == options)
    // An unknown key is refused; options without the regularizer have none of its keys.
    #expect(throws: ConfigurationError.self) {
      try TrainingOptions(text: text.replacingOccurrences(of: "\"interval\"", with: "\"intervall\""), path: "x")
    }
    let plain = try smallOptions().text()
    #expect(!plain.contains("separability") && !plain.contains("validation"))
  }
}
