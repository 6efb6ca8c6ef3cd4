import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

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
        stylegan train --data photos/ --hours 8
        stylegan train --data photos/ --resolution 64 --dry-run
        stylegan train --cfg list
        stylegan train --resume latest

      At the start the training says how long it will take and how much disk space. It measures a few steps of each \
      resolution for that. Until the first snapshot, preview.png in the folder of the run shows how far it is.

      Ctrl-C saves the training, prints the command that resumes it, and ends with exit code 130 (143 after SIGTERM, 129 \
      after SIGHUP: a closed terminal). A second Ctrl-C ends the program at once. An error, such as a damaged picture or \
      a full disk, saves the training too, if it can. A killed training can be resumed from its last saved state. In \
      all cases the resumed training ends with the same files as one without interruption.
      """)

  @OptionGroup(title: "Run") var place: RunArguments
  @OptionGroup(title: "Network") var network: ArchitectureArguments
  @OptionGroup(title: "Training") var training: ScheduleArguments
  @OptionGroup(title: "Small data") var small: SmallDataArguments
  @OptionGroup(title: "Snapshots") var keeping: KeepingArguments
  @OptionGroup(title: "Metrics") var measures: TrainingMetrics
  @OptionGroup(title: "Machine") var compute: ComputeArguments
  @OptionGroup(title: "Machine") var machine: KernelArguments

  private var output: OutputArguments { place.output }
  var quiet: Bool { output.quiet }

  mutating func validate() throws {
    if case .list = place.recipe { return }
    if place.resume == nil && place.data == nil {
      throw ValidationError("--data is missing: give a data set, or resume a run with --resume")
    }
    if place.resume == nil {
      try measures.requireEffect(on: measures.applied(to: nil), isResumed: false)
      try small.requireEffect()
    }
    if place.initFrom != nil, let option = network.shaping.first(where: { $0 != "--cond" }) {
      throw ValidationError(
        "--init-from sets the shape of the network; leave out \(option) (it takes --resolution, --resize, --channels and --cond)"
      )
    }
    if network.resize != nil, place.resume == nil, place.hours == nil, network.resolution == nil, place.initFrom == nil
    {
      throw ValidationError("--resize is for pictures that are resized: give --resolution too, or leave it out")
    }
    if place.resume != nil { try requireSameTraining() }
    if place.hours != nil, let option = training.againstHours {
      throw ValidationError("--hours sets the length, the growth and R1 of a training: leave out \(option)")
    }
  }

  func run() throws {
    chooseWaiting(threads: compute.threads ?? Processor.threadCount)
    try StyleGANTool.run {
      switch place.recipe ?? RecipeChoice(argument: "stylegan")! {
      case .list: try list()
      case .recipe(let recipe): if let target = place.resume { try resume(target) } else { try start(recipe) }
      }
    }
  }

  // MARK: Starting

  private func start(_ recipe: Recipe) throws {
    let (options, dataset, _) = try prepare(recipe)
    if place.dryRun { return try describe(options, dataset) }
    let signals = StopSignals()
    let trainer = try Trainer(options, dataset: dataset, in: place.outdir)
    if let adaptation = trainer.adaptation, let path = options.initialNetwork {
      let line = "--init-from \(path): \(adaptation.summary)"
      tell(line)
      try trainer.directory.appendToLog(line)
    }
    if let heldOut = trainer.heldOut {
      tell(heldOut)
      try trainer.directory.appendToLog(heldOut)
    }
    try train(trainer, signals)
  }

  /// Resolves a new training.
  /// - Returns: its options, its data, and with `--hours` what the rules looked at.
  func prepare(_ recipe: Recipe) throws -> (TrainingOptions, any ImageDataset, TimedStart?) {
    _ = try compute.apply()
    let start = ContinuousClock.now
    let (data, initFrom) = (place.data!, place.initFrom)
    let timed = try timed(recipe)
    let initial = try initFrom.map { try NetworkFile(path: try newestNetwork(at: $0)) }
    var look = try timed.map { try firstLook($0, recipe, initial?.configuration) }
    let dataset = try openDataset(
      data, resolution: network.resolution ?? initial?.configuration.dataResolution,
      channels: network.channels ?? initial?.configuration.imageChannels, resize: network.resize, after: look
    ).subset(small.subset, seed: training.seed ?? 0)
    if let initial, type(of: initial.configuration) != recipe.family {
      throw ValidationError(
        "--init-from is a network of the family \(type(of: initial.configuration).family), but \(recipe.name) is of "
          + "\(recipe.family.family): give a --cfg of the same family")
    }
    func make(_ width: NetworkWidth?) throws -> TrainingOptions {
      let settings = width.map { network.settings.merging(["width": .text($0.rawValue)]) { $1 } } ?? network.settings
      var options = TrainingOptions(
        recipe: recipe, data: Self.place(of: data),
        dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
        configuration: try initial.map { try adapted($0.configuration, to: dataset) }
          ?? recipe.configuration(settings, resolution: dataset.resolution, imageChannels: dataset.channels))
      options.resize = network.resize
      // A network with alpha to start from keeps its kind of colors.
      if dataset.channels == 4, initial?.configuration.imageChannels != 4 { options.configuration.premultiplied = true }
      if network.cond { try condition(&options.configuration, on: dataset) }
      options.initialNetwork = try initFrom.map { try newestNetwork(at: $0) }
      timed?.prepare(&options)
      try training.apply(to: &options)
      small.apply(to: &options)
      options.precision = isPrecisionOpen ? .float32 : compute.precision
      options.device = compute.device
      options.threads = Processor.threadCount
      options.description = place.desc
      measures.apply(to: &options.measures)
      try options.validate()
      try options.settleSeparability(for: dataset)
      options.keeping = try keeping.chosen(for: options)
      try options.validate()
      return options
    }
    let widths = timed == nil || hasWidth ? [] : TimedTraining.widths(resolution: dataset.resolution)
    var options = try make(widths.last)
    try SnapshotMetrics.requireMeasurable(options, dataset)
    try requireOutside(data)
    try options.requireMemory()
    try chooseKernels(for: &options)
    if let timed {
      options = try fit(options, to: timed, widths: widths, since: start, in: &look!.situation) { try make($0) }
      options.keeping = try keeping.chosen(for: options)
      try options.validate()
    }
    noteUnusedLabels(options, dataset)
    if network.cond, dataset.labelKind == .classes {
      let present = Set((0..<dataset.count).compactMap { dataset.label(at: $0) })
      let missing = (0..<dataset.labelCount).filter { !present.contains($0) }
      let names = missing.prefix(5).map { dataset.labelNames.isEmpty ? "\($0)" : dataset.labelNames[$0].shown }
      if !missing.isEmpty {
        output.note(
          "note: the pictures have none of \(counted(missing.count, "class", "classes")), which the network will not learn: "
            + names.joined(separator: ", ") + (missing.count > 5 ? ", …" : ""))
      }
    }
    if let initial, network.cond, let different = initial.differentClass(from: dataset) {
      output.note("note: --init-from has other classes, and each starts from the class of its number: \(different)")
    }
    return (options, dataset, look)
  }

  /// Refuses runs in the folder of the data: their pictures would become a part of it, and the run could not be resumed.
  private func requireOutside(_ data: String) throws {
    let outdir = place.outdir
    guard !outdir.isEmpty else { return }
    do { try Outputs(data: [data]).check(["\(outdir)/run/reals.png"]) { _ in true } } catch OutputError.insideData {
      throw ValidationError(
        "--outdir \(outdir) is in the folder of the data, \(data), and the pictures of the run would become a part of "
          + "it: choose another --outdir")
    }
  }

  /// The configuration of --init-from for the images of the data.
  private func adapted(_ initial: any NetworkConfiguration, to dataset: any ImageDataset) throws
    -> any NetworkConfiguration
  {
    if (initial.dataResolution, initial.imageChannels) == (dataset.resolution, dataset.channels) { return initial }
    return try initial.adapted(
      resolution: dataset.resolution - 2 * initial.border, imageChannels: dataset.channels, labelSize: initial.labelSize
    )
  }

  /// Conditions the network on the labels of the data.
  private func condition(_ configuration: inout any NetworkConfiguration, on dataset: any ImageDataset) throws {
    guard configuration.traits.takesLabels else {
      throw ValidationError(
        "\(type(of: configuration).title) takes no labels: leave out --cond")
    }
    guard dataset.labelCount > 1 || dataset.labelVectorSize > 0 else {
      throw ValidationError("--cond needs data with classes, but \(place.data!) has none: leave it out")
    }
    configuration.labelSize = dataset.labelSize
  }

  /// Says once that labels of the data are not used.
  private func noteUnusedLabels(_ options: TrainingOptions, _ dataset: any ImageDataset) {
    guard options.configuration.labelSize == 0, dataset.labelCount > 1 || dataset.labelVectorSize > 0 else { return }
    let what =
      dataset.labelKind == .classes
      ? "\(dataset.labelCount) classes" : "labels of \(counted(dataset.labelSize, "number"))"
    output.note("note: the data has \(what), which this training does not use; --cond trains a network that draws them")
  }

  /// The absolute path of data, valid in any folder. Names of data sets stay as they are.
  static func place(of data: String) -> String {
    guard !data.hasPrefix("/"), FileSystem.exists(data) else { return data }
    return "\(FileSystem.currentFolder)/\(data)"
  }

  func notice(_ line: String) { output.note(line) }

  /// Opens the data and shows the progress of the first look at its files.
  /// - Parameter look: with `--hours`, what was seen already.
  func openDataset(
    _ data: String, resolution: Int?, channels: Int?, resize: Image.Kernel?, after look: TimedStart? = nil
  ) throws -> any ImageDataset {
    if let look {
      return try look.survey.dataset(resolution: look.resolution, channels: look.channels, resize: resize)
    }
    var line = ProgressLine(unit: "files", quiet: output.quiet)
    defer { line.clear() }
    do {
      return try DatasetSource.open(
        data, resolution: resolution, channels: channels, resize: resize, notice: notice,
        progress: { line.show($0, of: $1) })
    } catch {
      line.clear()
      output.explainBadImage(error, of: data)
      throw error
    }
  }

  /// Prints a line of progress: on stdout, or with --json on stderr; nothing with --quiet.
  func tell(_ line: String) { if output.json { output.note(line) } else { output.explain(line) } }

  // MARK: Descriptions

  /// Prints a resolved training for --dry-run.
  /// - Parameters:
  ///   - images: images that the run has shown already.
  ///   - secondsLeft: of a training of a given time.
  func describe(
    _ options: TrainingOptions, _ dataset: (any ImageDataset)?, afterImages images: Int = 0, secondsLeft: Double? = nil
  ) throws {
    try options.requireMemory()
    try options.requireBatches()
    if quiet && !output.json { return }
    let size = NetworkSize(of: options.configuration)
    output.say(String(try options.text().dropLast()))
    output.say("generator: \(size.generator) parameters")
    output.say("discriminator: \(size.discriminator) parameters")
    Processor.threadCount = options.threads
    let forecast = try TrainingForecast(
      options, reals: dataset?.count, afterImages: images, minutes: place.minutes,
      secondsLeft: secondsLeft ?? options.totalSeconds)
    for line in forecast.lines { output.say(line) }
    for warning in [forecast.growthWarning, forecast.diskWarning(at: place.outdir)] {
      if let warning { output.note(warning) }
    }
    try output.finish(
      DryRun(
        options: options, generatorParameters: size.generator, discriminatorParameters: size.discriminator,
        forecast: forecast.values(at: place.outdir)))
  }

  private func list() throws {
    output.explain("Sizes are for 32×32, one channel and the default width. Rates were measured on two cores.\n")
    var recipes: [RecipeSummary] = []
    for recipe in Families.recipes {
      guard let c = try? recipe.configuration(network.settings, resolution: 32, imageChannels: 1) else {
        output.say("\(recipe.name): has no option \(network.shaping.joined(separator: ", "))\n")
        continue
      }
      func millions(_ count: Int) -> String { String(format: "%.2f", Double(count) / 1e6) }
      output.say("\(recipe.name): \(recipe.summary)")
      let size = NetworkSize(of: c)
      output.say("    G \(millions(size.generator)) M, D \(millions(size.discriminator)) M parameters; \(recipe.cost)")
      recipes.append(
        RecipeSummary(
          name: recipe.name, summary: recipe.summary, generatorParameters: size.generator,
          discriminatorParameters: size.discriminator))
    }
    output.say("\nStyleGAN, Table 4: generators with mapping networks of different depth:")
    for variant in StyleGANConfiguration.table4 {
      let (title, layers) = (variant.title, variant.mappingLayers)
      output.say("  \(title), \(layers): --cfg \(variant.recipe) --mapping-layers \(layers)")
    }
    try output.finish(["recipes": recipes])
  }

  // MARK: Training

  func train(_ trainer: Trainer, _ signals: StopSignals) throws {
    let clock = ContinuousClock()
    let end = place.minutes.map { clock.now + .seconds($0 * 60) }
    try trainer.directory.appendToLog(
      "\(Date.now.formatted(.iso8601)) \(trainer.imagesShown == 0 ? "started" : "resumed") at "
        + "\(Double(trainer.imagesShown) / 1000) kimg, libtorch \(Processor.libtorchVersion), "
        + counted(trainer.options.threads, "thread"))
    let progress = TrainingProgressPrinter(trainer, quiet: quiet, onErrors: output.json, end: end)
    try progress.begin(trainer, minutes: place.minutes) { signals.received != nil }
    let metrics = SnapshotMetrics(shouldStop: { signals.received != nil }) { line in try progress.say(line, trainer) }
    trainer.observers += [
      PreviewWriter { path in try progress.say("drew \(path)", trainer) }, progress, metrics,
      WarningWriter { warning in try progress.say("warning: \(warning.message.sentence)", trainer) },
    ]
    let outcome: Trainer.Outcome
    do {
      defer { progress.end() }
      if trainer.imagesShown > 0 { try metrics.catchUp(trainer) }
      outcome = try trainer.train(shouldStop: { signals.received != nil || end.map { clock.now >= $0 } ?? false })
    } catch let error as any UserFacingError {
      try explain(error, trainer)
    }
    switch outcome {
    case .finished(let network):
      tell("finished: \(network)")
      if let best = trainer.bestNetwork {
        let line = "best by \(best.metric.rawValue): \(best.network)"
        tell(line)
        try trainer.directory.appendToLog(line)
      }
      try output.finish(TrainingResults(trainer, network: network))
    case .interrupted:
      tell("stopped and saved. Resume with: \(Self.resumption(of: trainer))")
      try output.finish(TrainingResults(trainer, network: nil))
      // The exit code that shells expect after a signal.
      if let signal = signals.received { throw ExitCode(128 + signal) }
    }
  }

  /// Ends a training after an error: says what is wrong, what is saved, and how it continues.
  private func explain(_ error: any UserFacingError, _ trainer: Trainer) throws -> Never {
    printError("error: \(error.sentence)")
    // A divergence names the last good state itself.
    if !(error is TrainingError) {
      let saved = Double(trainer.savedImages) / 1000
      let what =
        trainer.savedImages == trainer.imagesShown
        ? "the training is saved at \(saved) kimg"
        : "the training could not be saved; its last state is of \(saved) kimg"
      let note = "\(what). When this is mended, resume with: \(Self.resumption(of: trainer))"
      printError("note: \(note)")
      try? trainer.directory.appendToLog("error: \(error.sentence)\nnote: \(note)")
    }
    throw ExitCode(error.exitCode)
  }

  private static func resumption(of trainer: Trainer) -> String {
    "stylegan train --resume \(shellWord(trainer.directory.path))"
  }
}
