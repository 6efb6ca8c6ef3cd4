import ArgumentParser
import GANs

/// A recipe, or the list of recipes.
enum RecipeChoice: ExpressibleByArgument {
  case list
  case recipe(Recipe)

  init?(argument: String) {
    if argument == "list" {
      self = .list
    } else if let recipe = Families.recipes.first(where: { $0.name == argument }) {
      self = .recipe(recipe)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { Families.recipes.map(\.name) + ["list"] }

  var defaultValueDescription: String { if case .recipe(let recipe) = self { recipe.name } else { "list" } }
}

/// What is trained, where, and for how long a process trains.
struct RunArguments: ParsableArguments {
  @Option(
    help: "A folder, a ZIP, IDX or CIFAR files, or fashion-mnist; see 'stylegan help dataset'.", completion: .data)
  var data: String?
  @Option(
    help: "Resume a run: latest (in --outdir), the folder of a run, or a training state; --data if the data has moved.",
    completion: .network)
  var resume: String?
  @Option(help: "The folder of the runs.", completion: .directory) var outdir = "runs"
  @Option(
    name: .customLong("cfg"),
    help: ArgumentHelp(
      "The recipe: network, loss and schedule; list shows all (default: stylegan).", valueName: "name"))
  var recipe: RecipeChoice?
  @Option(help: "Start from the weights of this network file, or of a run.", completion: .network)
  var initFrom: String?
  @Option(help: ArgumentHelp("A description of the run: a part of its folder's name.", valueName: "text"))
  var desc: String?
  @Option(parsing: .unconditional, help: "Save and stop after this many minutes.") var minutes: Double?
  @Option(
    parsing: .unconditional,
    help: """
      StyleGAN: train for this many hours, such as 0.2 or 48, by a recipe for short trainings. It chooses all that you do \
      not give, such as resolution, channels, width, minibatch, R1 and precision, by the pictures and the measured speed \
      of this machine; 'stylegan plan' says what and why. A resumed run trains for the rest of its hours.
      """)
  var hours: Double?
  @Flag(help: "With --resume: continue with data that differ from those at the start; the run records the change.")
  var dataChanged = false
  @Flag(help: "Print all options, the sizes of the networks, the time and the disk space, without training.")
  var dryRun = false
  @OptionGroup var output: OutputArguments

  mutating func validate() throws {
    if let minutes, !(minutes > 0 && minutes <= 1e6) {
      throw ValidationError("--minutes is \(minutes.plain), but must be above 0 and at most 1000000")
    }
    if let hours, !(hours > 0 && hours <= 1e5) {
      throw ValidationError("--hours is \(hours.plain), but must be above 0 and at most 100000")
    }
    if hours != nil, minutes != nil {
      throw ValidationError("--hours and --minutes both set the time: use one of them")
    }
    if hours != nil, resume != nil {
      throw ValidationError(
        "--hours fits a new training to its time, and a resumed one trains for the rest of it: leave out --hours")
    }
    if let desc, desc.isEmpty || desc.utf8.count > 80 || desc.contains(where: \.isNewline) {
      throw ValidationError("--desc is '\(desc)', but must be one line of 1 to 80 bytes")
    }
    if resume != nil && initFrom != nil {
      throw ValidationError("--resume keeps the weights of its run; leave out --init-from")
    }
    if resume == nil && dataChanged {
      throw ValidationError("--data-changed is for a resumed run; leave it out, or give --resume")
    }
  }
}

/// The number of networks to keep, or all.
enum KeptSnapshots: ExplainingArgument {
  case all
  case newest(Int)

  init(reading text: String) throws(Unreadable) {
    if text == "all" {
      self = .all
    } else if let count = Int(text) {
      self = .newest(count)
    } else {
      throw Unreadable(reason: "write a number of networks, or all")
    }
  }
}

/// Which networks of snapshots are kept.
struct KeepingArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Keep the networks of only the newest snapshots, or all. Pictures, metrics and the state are always kept (default: \
      all if they take at most 10 GB, else the newest that fit into 10 GB, at least 5).
      """, valueName: "number"))
  var keep: KeptSnapshots?
  @Option(
    help: ArgumentHelp(
      "Keep the network with the best value of this metric besides the newest; without --keep, the newest is one.",
      valueName: "metric"))
  var keepBest: Metric?

  mutating func validate() throws {
    if case .newest(let count) = keep, !(1...1_000_000).contains(count) {
      throw ValidationError("--keep is \(count), but must be 1 to 1000000, or all")
    }
    if case .all = keep, keepBest != nil {
      throw ValidationError("--keep all keeps the best network too; leave out --keep-best")
    }
  }

  /// What a new run keeps: with `--keep-best` alone, the best network and the last one.
  func chosen(for options: TrainingOptions) throws -> SnapshotKeeping? {
    var keeping = keep == nil && keepBest != nil ? SnapshotKeeping(newest: 1) : options.usualKeeping
    try apply(to: &keeping)
    return keeping
  }

  /// Applies the given options to what a run keeps.
  func apply(to keeping: inout SnapshotKeeping?) throws {
    switch keep {
    case .all: keeping = nil
    case .newest(let count): keeping = SnapshotKeeping(newest: count, best: keeping?.best)
    case nil: break
    }
    guard let keepBest else { return }
    guard keeping != nil else {
      throw ValidationError(
        "this run keeps all its networks, the best one too: give --keep 1 too, or leave out --keep-best")
    }
    keeping?.best = keepBest
  }
}

extension Metric: ExpressibleByArgument {}
