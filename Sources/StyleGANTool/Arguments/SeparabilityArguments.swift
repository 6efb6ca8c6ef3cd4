import ArgumentParser
import Files
import GANs

extension Separability.Design: ExpressibleByArgument {}

/// The options of the separability regularizer. They have no defaults here, because a resumed run must know which options
/// were given.
struct SeparabilityArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Weight of the regularizer of G that makes classes linearly separable in W, such as 0.3; 0: none.")
  var lsWeight: Double?
  @Option(parsing: .unconditional, help: "Steps between two uses of the separability regularizer (default: 4).")
  var lsInterval: Int?
  @Option(
    parsing: .unconditional,
    help: "Weight of a new minibatch in the regularizer's memory of latents and answers (default: 0.02).")
  var lsDecay: Double?
  @Option(
    help: """
      The measure of separability: side (entropy of the answer when the side of a plane is known), likelihood (of a \
      logistic regression), variance (that a linear regression leaves) or direction (how much the gradients of a class agree) \
      (default: side).
      """)
  var lsDesign: Separability.Design?
  @Option(
    help: ArgumentHelp(
      """
      The classifier whose classes are to be separable: fashion, or a file of 'stylegan detector train' (default: fashion \
      for Fashion-MNIST).
      """, valueName: "classifier"), completion: .network)
  var lsClassifier: String?

  /// The given options, except the weight.
  private var details: [String] {
    given([
      ("--ls-interval", lsInterval), ("--ls-decay", lsDecay), ("--ls-design", lsDesign),
      ("--ls-classifier", lsClassifier),
    ])
  }

  /// All given options.
  var all: [String] { given([("--ls-weight", lsWeight)]) + details }

  /// Applies the given options.
  func apply(to objective: inout Objective) throws {
    if let lsWeight { objective.separability = lsWeight == 0 ? nil : Separability(weight: lsWeight) }
    guard var separability = objective.separability else {
      guard let name = details.first else { return }
      throw ValidationError("\(name) is for the separability regularizer: give --ls-weight 0.3 too")
    }
    if let lsInterval { separability.interval = lsInterval }
    if let lsDecay { separability.decay = lsDecay }
    if let lsDesign { separability.design = lsDesign }
    if let lsClassifier {
      separability.classifier =
        ["auto", "fashion"].contains(lsClassifier) ? lsClassifier : Train.place(of: lsClassifier)
    }
    objective.separability = separability
  }
}
