import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Every combination of a training's parts on every recipe: which are accepted, which are refused and why.
///
/// loss × penalty × clipping × drift × critic steps × order × optimizer × lazy penalty × growing × mixing: 5·3·2⁸ = 3,840 for
/// each of 13 recipes.
@Suite struct CombinationTests {
  /// Parts of a training as they are chosen.
  struct Choice: CustomStringConvertible {
    var loss: Objective.Loss
    var penalty: Objective.Regularizer
    var clips, drifts, manyCriticSteps, generatorFirst, rmsprop, lazy, grows, mixes: Bool

    func apply(to options: inout TrainingOptions) {
      options.objective = Objective(
        loss: loss, regularizer: penalty, gamma: penalty == .none ? 0 : 10, penaltyInterval: lazy ? 4 : 1,
        drift: drifts ? 0.001 : 0, clip: clips ? 0.01 : nil)
      options.criticSteps = manyCriticSteps ? 5 : 1
      options.stepOrder = generatorFirst ? .generatorFirst : .discriminatorFirst
      options.optimizer = rmsprop ? .rmsprop : .adam
      options.schedule.initialResolution = grows ? 8 : options.configuration.resolution
      options.mixingProbability = mixes ? 0.9 : 0
    }

    var description: String {
      let switches: [(String, Bool)] = [
        ("clip", clips), ("drift", drifts), ("5 critic steps", manyCriticSteps), ("G first", generatorFirst),
        ("RMSProp", rmsprop), ("lazy", lazy), ("growing", grows), ("mixing", mixes),
      ]
      return ([loss.rawValue, penalty.rawValue] + switches.filter(\.1).map(\.0)).joined(separator: ", ")
    }
  }

  private static let all: [Choice] = Objective.Loss.allCases.flatMap { loss in
    Objective.Regularizer.allCases.flatMap { penalty in
      (0..<256).map { bits in
        func on(_ bit: Int) -> Bool { bits >> bit & 1 == 1 }
        return Choice(
          loss: loss, penalty: penalty, clips: on(0), drifts: on(1), manyCriticSteps: on(2), generatorFirst: on(3),
          rmsprop: on(4), lazy: on(5), grows: on(6), mixes: on(7))
      }
    }
  }

  /// What a recipe's networks are, written down here and not asked of them.
  private struct Networks {
    var grow = false
    var haveStyles = false
    var normalizeCriticBatches = false
  }

  private static func networks(_ recipe: String) -> Networks {
    switch recipe {
    case "gan", "wgan-gp": Networks()
    case "dcgan", "wgan": Networks(normalizeCriticBatches: true)
    case "pggan", "stylegan-a", "stylegan-b": Networks(grow: true)
    case "stylegan2": Networks(haveStyles: true)
    default: Networks(grow: true, haveStyles: true)
    }
  }

  /// The reasons to refuse a choice: a word of the sentence that must be said.
  private static func reasons(_ c: Choice, _ networks: Networks) -> [String] {
    let isWasserstein = c.loss == .wasserstein
    let rules: [(String, Bool)] = [
      ("does not need that", c.clips && !isWasserstein),
      ("bound the critic's Lipschitz constant", c.clips && c.penalty != .none),
      ("is unbounded", isWasserstein && !c.clips && c.penalty != .gradientPenalty),
      ("constant shift", c.drifts && !isWasserstein && c.loss != .relativistic),
      ("no penalty to apply", c.lazy && c.penalty == .none),
      ("correction of Adam's constants", c.lazy && c.rmsprop),
      ("its own fakes", c.manyCriticSteps && c.generatorFirst),
      ("normalizes over the batch", c.penalty == .gradientPenalty && networks.normalizeCriticBatches),
      ("cannot grow", c.grows && !networks.grow),
      ("no styles to mix", c.mixes && !networks.haveStyles),
    ]
    return rules.filter(\.1).map(\.0)
  }

  @Test(arguments: FamilyTests.names)
  func everyCombinationIsAcceptedOrRefusedWithItsReason(name: String) throws {
    let start = try shortOptions(name)
    var accepted = 0
    for choice in Self.all {
      var options = start
      choice.apply(to: &options)
      let reasons = Self.reasons(choice, Self.networks(name))
      do {
        try options.validate()
        accepted += 1
        #expect(reasons.isEmpty, "\(name), \(choice) is accepted in spite of: \(reasons)")
      } catch {
        #expect(reasons.contains { error.description.contains($0) }, "\(name), \(choice): \(error)")
      }
    }
    // 19 objectives, 12 with a penalty; 12 and 5 if D normalizes over batches. Each with one critic step in either order or
    // five in one; with Adam or RMSProp, or Adam and a lazy penalty; grown or not; mixed or not.
    let networks = Self.networks(name)
    let (objectives, penalized) = networks.normalizeCriticBatches ? (12, 5) : (19, 12)
    let expected = (objectives * 2 + penalized) * 3 * (networks.grow ? 2 : 1) * (networks.haveStyles ? 2 : 1)
    #expect(accepted == expected)
  }

  /// What is accepted trains: every accepted objective, with the other parts as they come, for two steps.
  @Test(arguments: ["gan", "dcgan", "wgan", "wgan-gp", "pggan", "stylegan", "stylegan2"])
  func everyAcceptedObjectiveTrains(name: String) throws {
    let start = try shortOptions(name)
    let accepted = Self.all.filter { Self.reasons($0, Self.networks(name)).isEmpty }
    var seen: [String: Int] = [:]
    for choice in accepted {
      let objective = "\(choice.loss) \(choice.penalty) \(choice.clips) \(choice.drifts)"
      seen[objective, default: 0] += 1
      // The first of each objective is the plainest; the last has all else that goes with it.
      let isLast =
        seen[objective]
        == accepted.filter {
          "\($0.loss) \($0.penalty) \($0.clips) \($0.drifts)" == objective
        }.count
      guard seen[objective] == 1 || isLast else { continue }
      var options = start
      choice.apply(to: &options)
      (options.totalKimg, options.tickKimg) = (choice.manyCriticSteps ? 0.04 : 0.008, 1)
      let folder = try TemporaryFolder()
      let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
      let before = trainer.networks.discriminator.store.state.map(\.value.bytes)
      _ = try trainer.train()
      #expect(trainer.networks.generatorOptimizer.stepCount == 2, "\(choice)")
      #expect(trainer.networks.discriminator.store.state.map(\.value.bytes) != before, "\(choice)")
    }
    #expect(seen.count == (Self.networks(name).normalizeCriticBatches ? 12 : 19))
  }
}
