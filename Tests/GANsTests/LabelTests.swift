import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// The squares of ``SyntheticDataset`` with a label of two numbers: the brightness, and a place.
private struct VectorDataset: ImageDataset {
  private let squares = SyntheticDataset()
  var name: String { "vectors" }
  var count: Int { squares.count }
  var channels: Int { 1 }
  var resolution: Int { 16 }
  var labelCount: Int { 0 }
  var labelNames: [String] { [] }
  var labelVectorSize: Int { 2 }
  var fingerprint: String { "50 squares with vectors" }
  func label(at index: Int) -> Int? { nil }
  func labelVector(at index: Int) -> [Float]? { [Float(index % 3) - 1, Float(index) / 50] }
  func image(at index: Int) -> [UInt8] { squares.image(at: index).map { $0 / 3 * UInt8(1 + index % 3) } }
}

/// Labels in every family, as classes and as vectors.
@Suite struct LabelTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let families = ["gan", "dcgan", "wgan", "wgan-gp", "pggan", "stylegan", "stylegan2"]

  /// A small training of a recipe at 16×16.
  private func options(_ name: String, _ dataset: any ImageDataset = LabeledDataset(), labels: Bool = true) throws
    -> TrainingOptions
  {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    var settings: Settings = ["zSize": 8]
    switch name {
    case "gan": break
    case "dcgan", "wgan", "wgan-gp": settings["features"] = 2
    default: (settings["fmapBase"], settings["fmapMax"]) = (32, 8)
    }
    if name.hasPrefix("stylegan") { (settings["wSize"], settings["mappingLayers"]) = (8, 2) }
    var configuration = try recipe.configuration(settings, resolution: 16, imageChannels: 1)
    if labels { configuration.labelSize = dataset.labelSize }
    var options = TrainingOptions(
      recipe: recipe, data: dataset.name,
      dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
      configuration: configuration)
    options.schedule = smallOptions().schedule
    if options.configuration.resolutions.count == 1 { options.schedule.initialResolution = 16 }
    (options.totalKimg, options.tickKimg, options.snapshotTicks, options.seed) = (0.12, 0.03, 2, 5)
    options.criticSteps = 1
    return options
  }

  /// A stopped run ends with the same bytes, also in a fade.
  @Test(arguments: ["dcgan", "pggan", "gan"]) func aStoppedRunEndsTheSame(family: String) throws {
    let options = try options(family)
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(options, dataset: LabeledDataset(), in: folder.file(parent))
    }
    let whole = try trainSmallRun(trainer("whole"))
    let stopped = try trainSmallRun(trainer("stopped"), stops: [8, 60, 100], dataset: LabeledDataset())
    expectSame(whole, stopped)
  }

  /// Every class of every family draws pictures of its own; the file has the names.
  @Test(arguments: families) func everyFamilyDrawsClasses(family: String) throws {
    var options = try options(family)
    options.totalKimg = 0.06
    let trainer = try Trainer(options, dataset: LabeledDataset(), in: folder.file("run"))
    _ = try trainer.train()
    let network = try NetworkFile(path: trainer.directory.networks[0])
    #expect(network.labelNames == ["dark", "middle", "bright"] && network.labelKind == .classes)
    #expect(network.configuration.labelSize == 3 && network.configuration.traits.takesLabels)
    let z = RandomStream(seed: 1).normal([2, 8])
    let pictures = (0..<3).map { label in
      network.generator.images(
        z, condition: Condition(classes: [label, label], of: 3), truncation: .none, noise: .none,
        growth: network.growth, .default
      ).bytes
    }
    #expect(Set(pictures).count == 3)
  }

  /// Vectors reach networks, files and metrics; a stopped run ends the same.
  @Test(arguments: ["dcgan", "stylegan"]) func vectorsAreConditions(family: String) throws {
    let options = try options(family, VectorDataset())
    #expect(options.configuration.labelSize == 2)
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(options, dataset: VectorDataset(), in: folder.file(parent))
    }
    let whole = try trainSmallRun(trainer("whole"))
    let stopped = try trainSmallRun(trainer("stopped"), stops: [8, 60], dataset: VectorDataset())
    expectSame(whole, stopped)
    let run = RunDirectory(path: "\(folder.file("whole"))/00000-\(options.recipe)-vectors-16")
    let network = try NetworkFile(path: run.networks[0])
    #expect(network.labelKind == .vectors && network.labelNames.isEmpty)
    func image(_ label: [Float]) -> [UInt8] {
      Renderer(network, condition: Condition(Tensor(label, shape: [1, 2]))).images(seeds: [1])[0].pixels
    }
    #expect(image([-1, 0.5]) != image([1, 0.5]) && image([1, 0.5]) == image([1, 0.5]))
    // Labels of fakes are those of the data.
    let labels = try #require(LabelDistribution(for: network.configuration, data: VectorDataset()))
    let subject = MetricSubject(network.generator, growth: network.growth, seed: 1, labels: labels)
    #expect(try subject.images(0..<40).shape[0] == 40)
  }

  @Test func otherVectorsAreRefused() throws {
    var options = try options("dcgan", VectorDataset())
    options.configuration.labelSize = 5
    let error = #expect(throws: ConfigurationError.self) {
      try Trainer(options, dataset: VectorDataset(), in: folder.file("none"))
    }
    #expect(error?.description == "the network takes labels of 5, but the data has vectors of 2")
  }

  /// An unconditional network becomes a conditional one that draws and scores as before.
  @Test(arguments: families) func anUnconditionalNetworkLearnsClasses(family: String) throws {
    var old = try options(family, labels: false)
    old.totalKimg = 0.06
    let first = try Trainer(old, dataset: LabeledDataset(), in: folder.file("first"))
    _ = try first.train()
    var new = try options(family)
    new.initialNetwork = first.directory.networks[0]
    let second = try Trainer(new, dataset: LabeledDataset(), in: folder.file("second"))
    let adaptation = try #require(second.adaptation)
    let (isPlain, isDCGAN) = (
      ["gan", "dcgan", "wgan", "wgan-gp"].contains(family), family.hasPrefix("dc") || family.hasPrefix("w")
    )
    let resized =
      switch family {
      case "gan": ["G.dense0.weight", "D.dense0.weight"]
      case "pggan": ["G.b4.dense.weight"]
      case "stylegan", "stylegan2": ["G.mapping.dense0.weight"]
      default: ["G.b4.conv.weight"]
      }
    #expect(adaptation.resized == resized)
    if isPlain { #expect(adaptation.new == (isDCGAN ? ["D.embedding.weight"] : [])) }
    #expect(adaptation.summary.contains("resized: "))
    let z = RandomStream(seed: 3).normal([4, 8])
    func images(_ trainer: Trainer, _ condition: Condition?) -> Tensor {
      trainer.networks.average.images(
        z, condition: condition, truncation: .none, noise: .none, growth: Growth(resolution: 16), .default)
    }
    let before = images(first, nil)
    for label in 0..<3 {
      let condition = Condition(classes: .init(repeating: label, count: 4), of: 3)
      let after = images(second, condition)
      let difference = (after - before).magnitude().maximum().item
      // Progressive GAN normalizes z and labels together: its scale changes, which its pixel norms undo nearly.
      #expect(difference < (family == "pggan" ? 0.3 : 1e-4), "\(family): \(difference)")
      guard isPlain else { continue }
      let scores = [(first, nil), (second, condition)].map { trainer, condition in
        trainer.networks.discriminator(before, condition: condition, growth: Growth(resolution: 16), .default)
      }
      #expect((scores[0] - scores[1]).magnitude().maximum().item < 1e-4)
    }
    _ = try second.train()
  }

  /// Files of earlier versions have no label size; StyleGAN2's always had one.
  @Test(arguments: families.filter { $0 != "stylegan2" }) func configurationsWithoutLabelsAreRead(family: String) throws
  {
    let configuration = try options(family, labels: false).configuration
    func read<Configuration: NetworkConfiguration>(_ value: Configuration) throws -> Bool {
      var object = try #require(
        JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any])
      object["labelSize"] = nil
      return try JSONDecoder().decode(Configuration.self, from: JSONSerialization.data(withJSONObject: object)) == value
    }
    #expect(try read(configuration))
  }

  /// With a gradient penalty, or a loss of pairs, fakes have the labels of the reals that they are compared with.
  @Test func comparedImagesShareTheirLabels() throws {
    #expect(!Objective(loss: .nonSaturating, regularizer: .r1).comparesPairs)
    #expect(Objective(loss: .wasserstein, regularizer: .gradientPenalty).comparesPairs)
    #expect(Objective(loss: .relativistic, regularizer: .none).comparesPairs)
  }

  // MARK: Drawing

  private func network(_ family: String = "stylegan") throws -> NetworkFile {
    var options = try options(family)
    options.totalKimg = 0.06
    let trainer = try Trainer(options, dataset: LabeledDataset(), in: folder.file("run"))
    _ = try trainer.train()
    return try NetworkFile(path: trainer.directory.networks[0])
  }

  /// Whether two pictures differ by no more than the rounding of another batch.
  private func isNear(_ a: Image, _ b: Image) -> Bool {
    zip(a.pixels, b.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
  }

  /// Truncation with ψ = 0 draws the mean of the class; the mean is that of many w, and the same each time.
  @Test func truncationGoesToTheClass() throws {
    let network = try network()
    let style = try network.styleGenerator()
    let conditions = (0..<3).map { Condition(classes: [$0], of: 3) }
    let means = conditions.map { style.meanW(of: $0) }
    #expect(means[1].floats == style.meanW(of: conditions[1]).floats && means[0].floats != means[1].floats)
    let w = style.map(RandomStream(seed: 9).normal([20_000, 8]), condition: conditions[1].repeated(20_000))
    let error = (w.mean(over: [0]) - means[1]).magnitude().maximum().item
    #expect(error < 0.1 * w.variance(over: [0]).squareRoot().maximum().item, "\(error)")
    let plain = Renderer(network, truncation: Truncation(psi: 0))
    let drawn = conditions.map { plain.with(condition: $0, centered: true).images(seeds: [4, 5]) }
    #expect(drawn.allSatisfy { isNear($0[0], $0[1]) } && !isNear(drawn[0][0], drawn[1][0]))
    let whole = Renderer(network)
    #expect(isNear(drawn[2][0], whole.images(whole.codes(w: means[2].reshaped([1, -1])))[0]))
    let average = conditions.map { plain.with(condition: $0).images(seeds: [4]) }
    #expect(average[0] == average[1])
  }

  /// A walk in Z from class to class starts at the first and passes the second; half way it is between both labels.
  @Test(arguments: ["stylegan", "dcgan"]) func walksLeadFromClassToClass(family: String) throws {
    let network = try network(family)
    let renderer = Renderer(network)
    let conditions = (0..<2).map { Condition(classes: [$0], of: 3) }
    let walk = renderer.walk(points: [(7, conditions[0]), (8, conditions[1])], frames: 4, loop: false)
    #expect(walk.count == 5)
    let images = renderer.images(walk)
    let ends = [(7, 0), (8, 1)].map { renderer.with(condition: conditions[$0.1]).images(seeds: [$0.0])[0] }
    #expect(isNear(images[0], ends[0]) && isNear(images[4], ends[1]) && !isNear(images[0], images[4]))
    let half = renderer.walk(points: [(7, conditions[0]), (7, conditions[1])], frames: 2, loop: true)
    let both = renderer.with(condition: Condition(Tensor([Float(0.5), 0.5, 0], shape: [1, 3])))
    #expect(half.count == 4 && isNear(renderer.images(half)[1], both.images(seeds: [7])[0]))
    let centers = Renderer.centers(
      [Tensor([Float(0), 2], shape: [2]), Tensor([Float(4), 0], shape: [2])], frames: 2, loop: false)
    #expect(centers?.shape == [3, 1, 2] && centers?.floats == [0, 2, 2, 1, 4, 0])
  }

  // MARK: Metrics

  /// The FID of a class is that of pictures and reals that are chosen by hand.
  @Test func theFIDOfAClassIsThatOfItsPictures() throws {
    let network = try network("dcgan")
    let (detector, data) = (RandomVGG(), LabeledDataset())
    let (label, samples) = (2, 96)
    let reals = try #require(data.images(ofClass: label))
    let evaluation = MetricEvaluation(
      MetricSubject(
        network.generator, growth: network.growth, seed: 4, labels: LabelDistribution(only: label, of: 3)),
      reals: reals, detector: detector, cacheFolder: folder.file("features"))
    evaluation.samples = samples
    let found = try evaluation.measure(.fid50kFull).value

    // By hand: the pictures of the class in the data, and fakes of the same latents with the label.
    let places = (0..<data.count).filter { data.label(at: $0) == label }
    #expect(try (0..<reals.count).map { try reals.image(at: $0) } == places.map { data.image(at: $0) })
    let pixels = Tensor(places.flatMap { data.image(at: $0).map(Float.init) }, shape: [places.count, 1, 16, 16])
    let fakes = (0..<samples / 32).map { group -> Tensor in
      let random = RandomStream(seed: 4 &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(group * 32 + 1))
      let z = random.normal([32, 8])
      let images = network.generator.images(
        z, condition: Condition(classes: .init(repeating: label, count: 32), of: 3), truncation: .none, noise: .none,
        growth: network.growth, .default)
      return ((images * 127.5 + 128).clamped(minimum: 0, maximum: 255).to(.uint8)).to(.float32)
    }
    func statistics(_ images: Tensor) throws -> FeatureStatistics {
      let features = detector(images, .features)
      var statistics = FeatureStatistics(like: features)
      statistics.add(features)
      return statistics
    }
    let expected = frechetDistance(try statistics(pixels), try statistics(.concatenated(fakes)))
    #expect(abs(found - expected) < 1e-4 * max(1, abs(expected)), "\(found) and \(expected)")
    // Another class has another value.
    let other = MetricEvaluation(
      MetricSubject(network.generator, growth: network.growth, seed: 4, labels: LabelDistribution(only: 0, of: 3)),
      reals: data.images(ofClass: 0), detector: detector, cacheFolder: folder.file("features"))
    other.samples = samples
    #expect(abs(try other.measure(.fid50kFull).value - found) > 1e-3)
    #expect(data.images(ofClass: 7) == nil)
  }
}
