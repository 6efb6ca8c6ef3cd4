import ArgumentParser
import Files
import GANs
import Torch

/// What is planned, and for how long.
struct PlanArguments: ParsableArguments {
  @Option(
    help: "A folder, a ZIP, IDX or CIFAR files, or fashion-mnist; see 'stylegan help dataset'.", completion: .data)
  var data: String?
  @Option(parsing: .unconditional, help: "The time for the training in hours, such as 0.2 or 48.") var hours: Double?
  @Flag(help: "Print the rules of all choices.") var rules = false
  @Option(help: "Start from the weights of this network file, or of a run.", completion: .network)
  var initFrom: String?
  @Option(help: "The folder of the runs.", completion: .directory) var outdir = "runs"
  @OptionGroup var output: OutputArguments
}

/// `stylegan plan`: what `stylegan train --hours` would do.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plan a training of some hours: what it would train, and what to expect.",
    discussion: """
      It looks at the pictures, measures a few steps on this machine (about a minute), and prints each choice with its \
      reason, the number of images, when pictures can be recognized, the memory, and the command with all choices. \
      'stylegan train --hours' with the same options makes the same choices. All options of a training change the plan.

      Examples:
        stylegan plan --data photos/ --hours 8
        stylegan plan --data photos.zip --hours 1 --resolution 128 --json
        stylegan plan --rules
      """)

  @OptionGroup(title: "Plan") var wish: PlanArguments
  @OptionGroup(title: "Network") var network: ArchitectureArguments
  @OptionGroup(title: "Training") var training: ScheduleArguments
  @OptionGroup(title: "Small data") var small: SmallDataArguments
  @OptionGroup(title: "Machine") var compute: ComputeArguments
  @OptionGroup(title: "Machine") var machine: KernelArguments

  private var output: OutputArguments { wish.output }

  func validate() throws {
    if wish.rules { return }
    if wish.data == nil { throw ValidationError("--data is missing: give a data set, or see the rules with --rules") }
    if wish.hours == nil {
      throw ValidationError("--hours is missing: say how long the training may take, such as --hours 8")
    }
    _ = try train()
  }

  func run() throws {
    chooseWaiting(threads: compute.threads ?? Processor.threadCount)
    try StyleGANTool.run { try wish.rules ? showRules() : show(try plan(try train())) }
  }

  /// The training that is planned.
  private func train() throws -> Train {
    var train = try Train.parse(["--data", "", "--hours", "1"])
    (train.place.data, train.place.hours, train.place.initFrom) = (wish.data, wish.hours, wish.initFrom)
    (train.place.outdir, train.place.output) = (wish.outdir, output)
    (train.network, train.training, train.compute, train.machine) = (network, training, compute, machine)
    train.small = small
    try small.requireEffect()
    try train.place.validate()
    try train.validate()
    return train
  }

  private func plan(_ train: Train) throws -> TrainingPlan {
    let (options, dataset, look) = try train.prepare(Families.recipes.first { $0.name == "stylegan" }!)
    let (survey, situation) = (look!.survey, look!.situation)
    let forecast = try TrainingForecast(
      options, reals: dataset.count, afterImages: 0, minutes: nil, secondsLeft: options.totalSeconds)
    let cached = survey.cachedBytes(resolution: dataset.resolution, channels: dataset.channels)
    let memory = try options.device == "cpu" ? MemoryUse(measuring: forecast.options, pictures: cached) : nil
    var plan = TrainingPlan(
      options, hours: wish.hours!, survey: survey, situation: situation, asked: asked(train),
      forecast: .init(forecast.options, probe: forecast.probe, memory: memory))
    plan.command = (["stylegan", "train"] + words + spelled(plan, options)).map(shellWord).joined(separator: " ")
    return plan
  }

  // MARK: What was given

  /// The choices that options made.
  private func asked(_ train: Train) -> Set<TrainingRule.Choice> {
    let choices: [(TrainingRule.Choice, Bool)] = [
      (.resolution, network.resolution != nil || wish.initFrom != nil),
      (.channels, network.channels != nil || wish.initFrom != nil),
      (.width, train.hasWidth), (.growing, training.growing != nil), (.minibatch, training.batch != nil),
      (.learningRate, training.lr != nil), (.gamma, training.gamma != nil),
      (.penaltyInterval, training.r1Interval != nil), (.mixing, training.mixing != nil),
      (.average, training.emaKimg != nil || training.emaDecay != nil), (.precision, !train.isPrecisionOpen),
      (.augmentation, small.aug != nil), (.adaptation, small.adaKimg != nil), (.mirror, training.mirror),
      (.labels, network.cond),
      (.snapshots, training.snap != nil),
    ]
    return Set(choices.filter(\.1).map(\.0))
  }

  /// The given words, without those that are about the plan.
  private var words: [String] { CommandLine.exactArguments.dropFirst().filter { !["--json", "--quiet"].contains($0) } }

  /// The choices as options, without those that were given.
  private func spelled(_ plan: TrainingPlan, _ options: TrainingOptions) -> [String] {
    plan.choices.filter { $0.source != nil }.flatMap { choice -> [String] in
      func option(_ name: String) -> [String] {
        switch choice.value {
        case .integer(let value): [name, "\(value)"]
        case .number(let value): [name, value.plain]
        case .text(let value): [name, value]
        case .flag(let isOn): isOn ? [name] : []
        }
      }
      switch choice.choice {
      case .resolution: return option("--resolution")
      case .channels: return option("--channels")
      case .width: return option("--width")
      case .growing: return [options.schedule.grows ? "--growing" : "--no-growing"]
      case .minibatch: return option("--batch")
      case .learningRate: return option("--lr")
      case .gamma: return option("--gamma")
      case .penaltyInterval: return option("--r1-interval")
      case .mixing: return option("--mixing")
      case .average: return option("--ema-kimg")
      case .precision: return option("--precision")
      case .augmentation: return options.augmentation == nil ? [] : option("--aug")
      // It needs its option, which was given or is spelled here.
      case .adaptation: return option("--ada-kimg")
      case .mirror: return option("--mirror")
      case .labels: return option("--cond")
      case .snapshots: return ["--snap", "\(options.snapshotTicks)"]
      }
    }
  }

  // MARK: Printing

  private func show(_ plan: TrainingPlan) throws {
    for line in PlanText(plan).lines { output.say(line) }
    for note in PlanText(plan).notes { output.note(note) }
    try output.finish(plan)
  }

  private func showRules() throws {
    output.explain("Of the rules for a choice, the first one that holds decides. Options replace them.")
    var last: TrainingRule.Choice?
    for rule in TrainingRule.table {
      if rule.choice != last { output.say("\n\(rule.choice.rawValue)") }
      last = rule.choice
      output.say("  \(rule.condition): \(rule.outcome)")
      output.say("      \(rule.reason) (\(rule.source))")
    }
    try output.finish(["rules": TrainingRule.table])
  }
}
