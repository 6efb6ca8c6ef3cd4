import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Warnings in simulated and in real statistics.
@Suite struct WarningTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The warnings of a sequence of lines, as sign and number of the line.
  private func warnings(
    _ lines: [[String: Double]], images: Int = 60_000, loss: Objective.Loss = .nonSaturating
  ) -> [String] {
    var signs = WarningSigns(imageCount: images, loss: loss)
    return lines.enumerated().flatMap { i, line in
      signs.observe(
        ["Progress/kimg": Double(i + 1), "Progress/resolution": 32, "Progress/alpha": 1].merging(line) { $1 }
      )
      .map { "\($0.sign.rawValue) \(i)" }
    }
  }

  /// Deterministic noise of ±`size`.
  private func noise(_ i: Int, _ size: Double) -> Double { size * sin(Double(i) * 12.9898) }

  // MARK: Collapse

  private func diversity(_ values: [Double]) -> [[String: Double]] { values.map { ["Diversity/ratio": $0] } }

  @Test func aCollapseIsSeenOnce() {
    let healthy = (0..<20).map { 0.8 + noise($0, 0.1) }
    let collapsed = (0..<10).map { 0.1 + noise($0, 0.02) }
    #expect(warnings(diversity(healthy + collapsed)) == ["collapse 22"])
    // After a recovery another episode may begin.
    #expect(warnings(diversity(healthy + collapsed + healthy + collapsed)) == ["collapse 22", "collapse 52"])
    // Half the modes is no collapse; neither are single bad ticks.
    #expect(warnings(diversity(healthy + (0..<20).map { 0.45 + noise($0, 0.05) })).isEmpty)
    #expect(warnings(diversity(healthy + [0.1, 0.1] + healthy + [0.1, 0.1] + healthy)).isEmpty)
  }

  /// Fakes that were alike from the start have no better time to compare with.
  @Test func collapseFromTheStartIsSeen() {
    #expect(warnings(diversity((0..<40).map { 0.28 + noise($0, 0.05) })) == ["collapse 19"])
    #expect(warnings(diversity((0..<40).map { 0.6 + noise($0, 0.1) })).isEmpty)
  }

  /// What the training does already is not advised.
  @Test func adviceKnowsTheTraining() {
    func advice(_ change: (inout TrainingOptions) -> Void) -> String {
      var options = smallOptions()
      change(&options)
      var signs = WarningSigns(imageCount: 100, loss: options.objective.loss, options: options)
      let line = ["Overfitting/r_v": 0.9, "Overfitting/r_v_error": 0.01, "Diversity/ratio": 0.1, "Progress/kimg": 30]
      return (0..<5).flatMap { _ in signs.observe(line) }.map(\.message.description).joined(separator: " ")
    }
    let usual = advice { $0.mirror = false }
    #expect(usual.contains("(mirror)") && usual.contains("(augmentation = ada)") && usual.contains("larger gamma"))
    let done = advice { options in
      options.augmentation = Augmentation()
      options.objective.regularizer = .none
    }
    #expect(!done.contains("mirror") && !done.contains("augment") && !done.contains("gamma"), "\(done)")
    #expect(advice { $0.augmentation = Augmentation(mode: .fixed, p: 0.1) }.contains("augment more"))
    #expect(advice { $0.objective.loss = .relativistic }.contains("augmentation = fixed"))
  }

  /// The start, slow decay and noise are ordinary.
  @Test func ordinaryTrainingsAreQuiet() {
    // Gray pictures first, then more and more diversity.
    #expect(warnings(diversity((0..<60).map { min(0.9, 0.02 + Double($0) * 0.02) + noise($0, 0.02) })).isEmpty)
    // The first pictures are noise of much diversity that G loses again, before it learns.
    #expect(warnings(diversity([0.3, 0.35, 0.3, 0.1, 0.05, 0.05, 0.1, 0.3, 0.6, 0.8])).isEmpty)
    // Measured: StyleGAN on Fashion-MNIST starts with noise that is more diverse than the pictures it learns.
    let measured = [2.647, 1.533, 1.28, 1.117, 1.059, 1.023]
    #expect(warnings(diversity(measured + (0..<50).map { 0.95 - Double($0) * 0.004 + noise($0, 0.05) })).isEmpty)
    #expect(warnings(diversity([3.5, 3.4, 3.3, 3.2, 1.2, 1.1, 0.9, 0.7, 0.6, 0.6, 0.6])).isEmpty)
    #expect(warnings(diversity(measured + [0.3, 0.2, 0.2, 0.2])) == ["collapse 8"])
    #expect(warnings(diversity((0..<200).map { 1.1 - Double($0) * 0.003 + noise($0, 0.15) })).isEmpty)
  }

  /// In a fade, and just after a change of resolution, nothing is judged. What collapsed in a fade is seen after it.
  @Test func fadesAreLeftOut() {
    func line(_ value: Double, _ resolution: Double, _ alpha: Double) -> [String: Double] {
      ["Diversity/ratio": value, "Progress/resolution": resolution, "Progress/alpha": alpha]
    }
    let before = (0..<10).map { _ in line(0.8, 16, 1) }
    let fade = (1..<10).map { line(0.1, 32, Double($0) / 10) }
    #expect(warnings(before + fade + (0..<10).map { _ in line(0.8, 32, 1) }).isEmpty)
    #expect(warnings(before + fade + (0..<10).map { _ in line(0.1, 32, 1) }) == ["collapse 21"])
  }

  // MARK: Overfitting

  private func overfitting(_ values: [Double], error: Double = 0.05) -> [[String: Double]] {
    values.map { ["Overfitting/r_v": $0, "Overfitting/r_v_error": error, "Loss/signs/real": 0.95] }
  }

  @Test func overfittingIsSeenOnce() {
    let rising = (0..<40).map { Double($0) * 0.025 + noise($0, 0.08) }
    let found = warnings(overfitting(rising), images: 500)
    #expect(found.count == 1 && found[0].hasPrefix("overfitting"), "\(found)")
    #expect(warnings(overfitting((0..<100).map { 0.15 + noise($0, 0.15) }), images: 500).isEmpty)
    // A few held-out images alone say little.
    #expect(warnings(overfitting((0..<40).map { 0.6 + noise($0, 0.3) }, error: 0.3), images: 500).isEmpty)
    #expect(
      warnings(overfitting([0.8, 0.8, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8]))
        == ["overfitting 3", "overfitting 10"])
  }

  /// Signs alone warn only where each image was shown often, and where a sign means something.
  @Test func signsAloneNeedManyEpochs() {
    let sure = (0..<60).map { _ in ["Loss/signs/real": 0.97] }
    #expect(warnings(sure, images: 60_000).isEmpty)
    #expect(warnings(sure, images: 1000) == ["likelyOverfitting 19"])
    #expect(warnings(sure, images: 1000, loss: .wasserstein).isEmpty)
    #expect(warnings((0..<60).map { _ in ["Loss/signs/real": 0.7] }, images: 1000).isEmpty)
  }

  /// Each message names an option that helps, and the values.
  @Test func messagesGiveAdvice() {
    var signs = WarningSigns(imageCount: 100, loss: .nonSaturating)
    var found: [WarningSigns.Warning] = []
    for i in 0..<30 {
      var line = ["Progress/kimg": Double(i + 1), "Progress/resolution": 32.0, "Loss/signs/real": 0.98]
      line["Diversity/ratio"] = i < 10 ? 0.8 : 0.1
      if i >= 20 { (line["Overfitting/r_v"], line["Overfitting/r_v_error"]) = (0.75, 0.02) }
      found += signs.observe(line)
    }
    #expect(Set(found.map(\.sign)) == Set(WarningSigns.Sign.allCases))
    for warning in found {
      #expect(!warning.message.fields.isEmpty && warning.message.description.hasPrefix("after "))
    }
  }

  // MARK: In a training

  /// A mapping network that maps all latents to one w: all fakes are alike. The warning comes once, also where the run is stopped
  /// and resumed within the episode, and from stats.jsonl alone.
  @Test(arguments: [[], [480], [560, 640]]) func aForcedCollapseIsSeen(stops: [Int]) throws {
    var options = smallOptions()
    options.schedule = .fixed(resolution: 16, batch: 8, learningRate: 0.003)
    (options.totalKimg, options.tickKimg, options.snapshotTicks, options.mixingProbability) = (0.8, 0.04, 100, 0)
    func collapse(_ trainer: Trainer) {
      for parameter in trainer.networks.generator.store.parameters
      where parameter.name.hasPrefix("mapping.") || parameter.name.contains("noise_strength") {
        parameter.set(parameter.value * 0)
      }
    }
    var warned: [Double] = []
    var ratios: [Double] = []
    var (trainer, stops) = (try Trainer(options, dataset: SyntheticDataset(), in: folder.file("run")), stops + [.max])
    var writer = WarningWriter { warned.append($0.kimg) }
    while true {
      let stop = stops.removeFirst()
      let outcome = try trainer.train(shouldStop: { trainer.imagesShown >= stop }) { event in
        if trainer.imagesShown >= 440 { collapse(trainer) }
        if case .tick(let report) = event { ratios.append(report.statistics["Diversity/ratio"] ?? 0) }
        try writer.observe(event, of: trainer)
      }
      guard outcome == .interrupted else { break }
      let state = trainer.directory.state
      trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("other"))
      trainer = try Trainer(resuming: state) { _ in SyntheticDataset() }
      writer = WarningWriter { warned.append($0.kimg) }
    }
    #expect(warned.count == 1 && (0.5...0.7).contains(warned.first ?? 0), "\(warned) of \(ratios)")
    let page = try RunReport(runs: [trainer.directory.path]).html()
    #expect(page.contains("<h2>Warnings</h2>") && page.contains("the fakes are alike"))
  }

  /// The same training without the collapse is quiet.
  @Test func aTrainingWithoutCollapseIsQuiet() throws {
    var warned: [String] = []
    let trainer = try Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file("run"))
    let writer = WarningWriter { warned.append("\($0.message)") }
    _ = try trainer.train(observe: { try writer.observe($0, of: trainer) })
    #expect(warned.isEmpty)
    #expect(!(try RunReport(runs: [trainer.directory.path]).html()).contains("<h2>Warnings</h2>"))
  }
}
