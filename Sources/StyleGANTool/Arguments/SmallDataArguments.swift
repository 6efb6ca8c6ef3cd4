import ArgumentParser
import Datasets
import GANs

extension AugmentationPipe: ExpressibleByArgument {}

/// The augmentation of the pictures that D sees.
enum AugmentationChoice: String, ExpressibleByArgument, CaseIterable {
  case ada, fixed, none
}

/// The options of a training on few pictures.
struct SmallDataArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Train on this many pictures of the data, chosen at random by --seed.")
  var subset: Int?
  @Option(
    help: """
      Augmentation of all pictures that D sees: ada (as much as keeps D from overfitting), fixed (as much as --p says), or \
      none (default: none).
      """)
  var aug: AugmentationChoice?
  @Option(
    help: """
      The changes: blit (mirroring, quarter turns, shifts), geom (scaling, rotation), color, filter, noise, cutout, or \
      groups by their first letters (default: bgc).
      """)
  var augpipe: AugmentationPipe?
  @Option(parsing: .unconditional, help: "Probability of each change with --aug fixed, 0 to 1.") var p: Double?
  @Option(
    parsing: .unconditional,
    help: "Mean sign of D's scores of reals that --aug ada keeps; 0: D guesses, 1: D knows all pictures (default: 0.6)."
  )
  var target: Double?
  @Option(parsing: .unconditional, help: "Steps between two changes of p with --aug ada (default: 4).")
  var adaInterval: Int?
  @Option(
    parsing: .unconditional, help: "Thousands of pictures in which p can go from 0 to 1 with --aug ada (default: 500).")
  var adaKimg: Double?

  /// All given options. A resumed run cannot change them.
  var fixed: [String] {
    given([
      ("--subset", subset), ("--aug", aug), ("--augpipe", augpipe), ("--p", p), ("--target", target),
      ("--ada-interval", adaInterval), ("--ada-kimg", adaKimg),
    ])
  }

  /// Refuses options without effect on a new training.
  func requireEffect() throws {
    func refuse(_ options: [(name: String, value: Any?)], _ why: String) throws {
      if let name = given(options).first { throw ValidationError("\(name) \(why)") }
    }
    let adaptive: [(name: String, value: Any?)] = [
      ("--target", target), ("--ada-interval", adaInterval), ("--ada-kimg", adaKimg),
    ]
    switch aug ?? .none {
    case .none:
      try refuse([("--augpipe", augpipe)], "chooses the changes of augmentation: give --aug ada too, or leave it out")
      try refuse([("--p", p)], "is the strength of a fixed augmentation: give --aug fixed too, or leave it out")
      try refuse(adaptive, "is for adaptive augmentation: give --aug ada too, or leave it out")
    case .fixed:
      if p == nil { throw ValidationError("--aug fixed needs its strength: give --p 0.2, or another number up to 1") }
      try refuse(adaptive, "is for adaptive augmentation, but --aug is fixed: leave it out, or give --aug ada")
    case .ada:
      try refuse([("--p", p)], "is the strength of a fixed augmentation, but --aug ada finds its own: leave it out")
    }
    if let subset, subset < 1 { throw ValidationError("--subset is \(subset), but must be 1 or more") }
  }

  func apply(to options: inout TrainingOptions) {
    options.subset = subset
    var augmentation = Augmentation()
    if let augpipe { augmentation.pipe = augpipe }
    if let target { augmentation.target = target }
    if let adaInterval { augmentation.interval = adaInterval }
    if let adaKimg { augmentation.adaptationKimg = adaKimg }
    // Without --aug it stays as the recipe has it.
    guard let aug else { return }
    switch aug {
    case .none: options.augmentation = nil
    case .ada: options.augmentation = augmentation
    case .fixed:
      (augmentation.mode, augmentation.p) = (.fixed, p)
      options.augmentation = augmentation
    }
  }
}

extension ImageDataset {
  /// The images that a training with --subset uses; all without it.
  func subset(_ count: Int?, seed: UInt64) throws -> any ImageDataset {
    guard let count else { return self }
    return try self.subset(count, seed: seed) as DatasetPart
  }
}
