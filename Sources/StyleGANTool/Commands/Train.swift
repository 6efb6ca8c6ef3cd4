import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

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

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on pictures, or resume a training.",
    discussion: """
      Widths (a wider network costs more time and memory):
      \(NetworkWidth.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      Examples:
        stylegan train --data fashion-mnist --width tiny --kimg 100 --precision auto
        stylegan train --data photos.zip --outdir runs --gamma 10 --kimg 25000 \\
            --width paper --device cuda
        stylegan train --cfg wgan --data fashion-mnist --width tiny --kimg 200
        stylegan train --data photos/ --resolution 64 --dry-run
        stylegan train --cfg list
        stylegan train --resume latest

      Ctrl-C saves the training, prints the command that resumes it, and ends with exit code 130 (143 after SIGTERM). \
      A second Ctrl-C ends the program at once. A killed training can be resumed too, from its last saved state. In \
      all cases the resumed training ends with the same files as one without interruption.
      """)

  @Option(help: "The folder of the runs.") var outdir = "runs"
  @Option(help: "A folder, a ZIP, IDX or CIFAR files, or fashion-mnist; see 'stylegan help dataset'.") var data: String?
  @Option(help: ArgumentHelp("The recipe: network, loss and schedule; list shows all.", valueName: "name"))
  var cfg: RecipeChoice = RecipeChoice(argument: "stylegan")!
  @OptionGroup(title: "Network") var network: ArchitectureArguments
  @OptionGroup(title: "Training") var training: ScheduleArguments
  @OptionGroup(title: "Metrics") var measures: TrainingMetrics
  @OptionGroup(title: "Machine") var compute: ComputeArguments
  @Option(
    help: "Resume a run: latest (in --outdir), the folder of a run, or a training state; --data if the data has moved.")
  var resume: String?
  @Option(help: "Start from the weights of this network file.") var initFrom: String?
  @Option(parsing: .unconditional, help: "Save and stop after this many minutes.") var minutes: Double?
  @Flag(help: "Print all options and the sizes of the networks, without training.") var dryRun = false
  @Flag(help: "Print only errors.") var quiet = false

  mutating func validate() throws {
    if case .list = cfg { return }
    if resume == nil, let option = measures.idle(nil) {
      throw ValidationError("\(option) is for metrics; give --metrics too")
    }
    if resume == nil && data == nil {
      throw ValidationError("--data is missing: give a data set, or resume a run with --resume")
    }
    if let minutes, !(minutes > 0 && minutes <= 1e6) {
      throw ValidationError("--minutes is \(minutes.plain), but must be above 0")
    }
    if initFrom != nil, network.shaping == ["--cond"] {
      throw ValidationError(
        "--init-from keeps whether the network is conditional: leave out --cond, or train a new network without "
          + "--init-from")
    }
    if initFrom != nil, let option = network.shaping.first {
      throw ValidationError("--init-from sets the shape of the network; leave out \(option)")
    }
    if resume != nil,
      let option =
        (network.all + training.allButEnd
        + given([
          ("--precision", compute.precisionChoice), ("--device", compute.deviceName), ("--threads", compute.threads),
        ])).first
    {
      throw ValidationError(
        "--resume keeps the options of its run, except --kimg, --data and metrics; leave out \(option)")
    }
    if resume != nil && initFrom != nil {
      throw ValidationError("--resume keeps the weights of its run; leave out --init-from")
    }
  }

  func run() throws {
    letWaitingThreadsSleep()
    try StyleGANTool.run {
      switch cfg {
      case .list: list()
      case .recipe(let recipe): if let resume { try self.resume(resume) } else { try start(recipe) }
      }
    }
  }

  // MARK: Starting and resuming

  private func start(_ recipe: Recipe) throws {
    _ = try compute.apply()
    let initial = try initFrom.map { try NetworkFile(path: try newestNetwork(at: $0)) }
    let dataset = try DatasetSource.open(
      data!, resolution: network.resolution ?? initial?.configuration.dataResolution,
      channels: network.channels ?? initial?.configuration.imageChannels, notice: notice)
    if let initial, type(of: initial.configuration) != recipe.family {
      throw ValidationError(
        "--init-from is a network of the family \(type(of: initial.configuration).family), but \(recipe.name) is of "
          + "\(recipe.family.family): give a --cfg of the same family")
    }
    var options = TrainingOptions(
      recipe: recipe, data: Self.place(of: data!),
      dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
      configuration: try initial?.configuration
        ?? recipe.configuration(network.settings, resolution: dataset.resolution, imageChannels: dataset.channels))
    if network.cond { try condition(&options.configuration, on: dataset) }
    options.initialNetwork = try initFrom.map { try newestNetwork(at: $0) }
    try training.apply(to: &options)
    options.precision = compute.precision
    options.device = compute.device
    options.threads = Processor.threadCount
    measures.apply(to: &options.measures)
    try options.validate()
    try SnapshotMetrics.requireMeasurable(options, dataset)
    if dryRun { return try describe(options) }
    try requireOutside(data!)
    let signals = StopSignals()
    let trainer = try Trainer(options, dataset: dataset, in: outdir)
    try train(trainer, signals)
  }

  /// Refuses runs in the folder of the data: their pictures would become a part of it, and the run could not be resumed.
  private func requireOutside(_ data: String) throws {
    guard !outdir.isEmpty else { return }
    do { try Outputs(data: [data]).check(["\(outdir)/run/reals.png"]) { _ in true } } catch OutputError.insideData {
      throw ValidationError(
        "--outdir \(outdir) is in the folder of the data, \(data), and the pictures of the run would become a part of "
          + "it: choose another --outdir")
    }
  }

  /// Conditions the network on the classes of the data.
  private func condition(_ configuration: inout any NetworkConfiguration, on dataset: any ImageDataset) throws {
    guard configuration.traits.takesLabels else {
      throw ValidationError(
        "--cond is for StyleGAN networks, but \(type(of: configuration).title) takes no labels: leave out --cond")
    }
    guard dataset.labelCount > 1 else {
      throw ValidationError("--cond needs data with classes, but \(data!) has none: leave it out")
    }
    configuration.labelSize = dataset.labelCount
  }

  private func resume(_ target: String) throws {
    let state = try stateFile(target)
    let data = data.map(Self.place)
    if let option = measures.idle(try Trainer.options(resuming: state).measures) {
      throw ValidationError("the run has no metrics, so \(option) has no effect; give --metrics too")
    }
    if dryRun {
      let options = try Trainer.options(
        resuming: state, totalKimg: training.kimg, data: data, measures: { measures.apply(to: &$0) })
      if measures.areGiven { _ = try dataset(of: options) }
      return try describe(options)
    }
    let signals = StopSignals()
    let trainer = try Trainer(
      resuming: state, totalKimg: training.kimg, data: data, measures: { measures.apply(to: &$0) }
    ) { try dataset(of: $0) }
    guard trainer.imagesShown < trainer.totalImages else {
      if !quiet {
        print(
          "\(trainer.directory.path) has reached its \(trainer.options.totalKimg.plain) kimg; extend it with --kimg")
      }
      return
    }
    try train(trainer, signals)
  }

  /// The data of a resumed run.
  private func dataset(of options: TrainingOptions) throws -> any ImageDataset {
    do {
      let dataset = try DatasetSource.open(
        options.data, resolution: options.configuration.dataResolution, channels: options.configuration.imageChannels,
        notice: notice)
      // Metrics that the run had before are not checked: a missing detector is reported at a snapshot.
      if measures.areGiven { try SnapshotMetrics.requireMeasurable(options, dataset) }
      return dataset
    } catch DatasetError.notFound(let path) where data == nil { throw MovedData(path: path) }
  }

  /// The absolute path of data, valid in any folder. Names of data sets stay as they are.
  private static func place(of data: String) -> String {
    guard !data.hasPrefix("/"), FileSystem.exists(data) else { return data }
    return "\(FileSystem.currentFolder)/\(data)"
  }

  private func notice(_ line: String) { if !quiet { printError(line) } }

  private func stateFile(_ target: String) throws -> String {
    if let sentence = ForeignOptions.addressSentence(target) { throw ValidationError(sentence) }
    try NetworkFile.requireOwnFormat(target)
    if target == "latest" {
      guard let run = RunDirectory.latest(in: outdir) else { throw NothingToResume(path: outdir) }
      return run.state
    }
    if FileSystem.isFolder(target) {
      let run = RunDirectory(path: target)
      guard FileSystem.exists(run.state) else { throw NothingToResume(path: target) }
      return run.state
    }
    return target
  }

  private func describe(_ options: TrainingOptions) throws {
    print(try options.text(), terminator: "")
    let size = NetworkSize(of: options.configuration)
    print("generator: \(size.generator) parameters")
    print("discriminator: \(size.discriminator) parameters")
    try options.requireMemory()
    try options.requireBatches()
  }

  private func list() {
    print("Sizes are for 32×32, one channel and the default width. Rates were measured on two cores.\n")
    for recipe in Families.recipes {
      guard let c = try? recipe.configuration(network.settings, resolution: 32, imageChannels: 1) else {
        print("\(recipe.name): has no option \(network.shaping.joined(separator: ", "))\n")
        continue
      }
      func millions(_ count: Int) -> String { String(format: "%.2f", Double(count) / 1e6) }
      print("\(recipe.name): \(recipe.summary)")
      let size = NetworkSize(of: c)
      print("    G \(millions(size.generator)) M, D \(millions(size.discriminator)) M parameters; \(recipe.cost)")
    }
    print("\nStyleGAN, Table 4: generators with mapping networks of different depth:")
    for variant in StyleGANConfiguration.table4 {
      let (title, layers) = (variant.title, variant.mappingLayers)
      print("  \(title), \(layers): --cfg \(variant.recipe) --mapping-layers \(layers)")
    }
  }

  // MARK: Training

  private func train(_ trainer: Trainer, _ signals: StopSignals) throws {
    let progress = TrainingProgressPrinter(quiet: quiet)
    try trainer.directory.appendToLog(
      "\(Date.now.formatted(.iso8601)) \(trainer.imagesShown == 0 ? "started" : "resumed") at "
        + "\(Double(trainer.imagesShown) / 1000) kimg, libtorch \(Processor.libtorchVersion), "
        + counted(trainer.options.threads, "thread"))
    progress.begin(trainer)
    trainer.observers.append(progress)
    trainer.observers.append(
      SnapshotMetrics(shouldStop: { signals.received != nil }) { line in
        if !quiet { print(line) }
        try trainer.directory.appendToLog(line)
      })
    let clock = ContinuousClock()
    let end = minutes.map { clock.now + .seconds($0 * 60) }
    let outcome: Trainer.Outcome
    do {
      defer { progress.end() }
      outcome = try trainer.train(shouldStop: { signals.received != nil || end.map { clock.now >= $0 } ?? false })
    }
    switch outcome {
    case .finished(let network): if !quiet { print("finished: \(network)") }
    case .interrupted:
      if !quiet { print("stopped and saved. Resume with: stylegan train --resume \(trainer.directory.path)") }
      // The exit code that shells expect after a signal.
      if let signal = signals.received { throw ExitCode(128 + signal) }
    }
  }
}

/// There is no training state to resume from.
struct NothingToResume: Error, CustomStringConvertible {
  let path: String
  var description: String {
    "\(path) has no training state to resume from; start a run with: stylegan train --data … --outdir \(path)"
  }
}

/// The data of a run is no longer at its path.
struct MovedData: UserFacingError {
  let path: String
  var exitCode: Int32 { 66 }
  var sentence: String { "\(path), the data of this run, does not exist; give its new path with --data" }
}
