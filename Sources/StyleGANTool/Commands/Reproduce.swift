import ArgumentParser
import Files
import Foundation
import GANs
import Torch

/// A table by its name.
struct ExperimentChoice: ExpressibleByArgument {
  let experiment: Experiment

  init?(argument: String) {
    guard let experiment = Experiment.all.first(where: { $0.name == argument }) else { return nil }
    self.experiment = experiment
  }

  static var allValueStrings: [String] { Experiment.all.map(\.name) }
}

/// `stylegan reproduce`: the tables of the papers by trainings of one's own.
struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reproduce a table of the StyleGAN paper: train its rows, measure them, and write the table.",
    discussion: """
      Tables:
      \(Experiment.all.map { "  \($0.name): \($0.title)" }.joined(separator: "\n"))

      Each row is trained once for each seed, on one processor, by 'stylegan train', and measured by 'stylegan \
      metrics'. --budget is the time of one training: a few steps are measured, and the length that takes so long is \
      kept in lengths.json. Where the paper compares trainings of equal length, all rows have the length of the usual \
      StyleGAN. The table is written after each training: NAME.md with the paper's values, NAME.png, and NAME.json with \
      the commands of each cell. What is there already is not done again, so give the same command to resume after an \
      interruption, or other --seeds to add some.

      Examples:
        stylegan reproduce table1 --data fashion-mnist --budget 10
        stylegan reproduce table2 --data fashion-mnist --budget 10 --seeds 0-4
        stylegan reproduce lineage --data photos.zip --budget 60 --dry-run
      """)

  @Argument(help: "The table.") var table: ExperimentChoice
  @Option(help: "The data, as for 'stylegan train'.", completion: .data) var data: String
  @Option(parsing: .unconditional, help: "Minutes of one processor for a training.") var budget: Double
  @Option(help: "Seeds, such as 0,1 or 0-4 (default: those of the table).") var seeds: NumberList?
  @Option(
    parsing: .unconditional,
    help: "Number of fakes or pairs of each metric (default: 10000; path lengths 5000, SWD 2048).")
  var samples: Int?
  @Option(parsing: .unconditional, help: "Trainings at the same time (default: one for each processor).")
  var jobs: Int?
  @Option(help: "The detector of the metrics, as for 'stylegan metrics'.", completion: .detector) var detector = "auto"
  @Option(help: "The folder of the tables and their trainings.", completion: .directory) var outdir = "reproduce"
  @Flag(help: "Print what would be trained and how long it takes.") var dryRun = false
  @OptionGroup var output: OutputArguments

  mutating func validate() throws {
    guard budget > 0, budget <= 1e6 else {
      throw ValidationError("--budget is \(budget.plain), but must be above 0 and at most 1000000 minutes")
    }
    try requireRange("--jobs", jobs, 1...1024)
    try requireRange("--samples", samples, 16...1_000_000)
    if outdir.isEmpty { throw ValidationError("--outdir is empty: name a folder") }
  }

  func run() throws {
    try StyleGANTool.run {
      var reproduction = try Reproduction(
        table.experiment, data: data, budget: budget, seeds: seeds?.values.map(UInt64.init), detector: detector,
        samples: samples, folder: ExperimentFolder(path: outdir), output: output)
      guard !dryRun else { return try show(reproduction.plan()) }
      // Mistakes in the data are found before a folder is made.
      try reproduction.measureLengths()
      let signals = StopSignals()
      try Folder.makeWritable(outdir)
      guard let lock = try FolderLock(outdir) else {
        throw ExperimentError(
          "\(outdir) is in use by another 'stylegan reproduce': wait for its end, or give another --outdir")
      }
      let results = try withExtendedLifetime(lock) {
        try reproduction.run(jobs: jobs ?? UsableProcessors.count) { signals.received != nil }
      }
      if let signal = signals.received {
        printError("stopped and saved; give the same command again to resume")
        throw ExitCode(128 + signal)
      }
      output.say(results.markdown)
      try output.finish(results)
      if !results.isComplete { throw ExitCode(65) }
    }
  }

  /// Prints what would be done.
  private func show(_ plan: Reproduction.Plan) throws {
    var table = Table([.text("training", width: 30), .number("seeds"), .number("kimg"), .number("minutes each")])
    output.explain("\(self.table.experiment.name): \(self.table.experiment.title)\n")
    for line in plan.trainings {
      table.add([line.title, "\(line.seeds)", line.kimg.plain, String(format: "%.1f", line.minutes)])
    }
    for line in [table.heading] + table.lines { output.say(line) }
    output.say(
      "\n\(counted(plan.left, "training")) left, about \(TrainingForecast.words(plan.minutesLeft * 60)) on one processor, "
        + "and the metrics")
    try output.finish(plan)
  }
}

extension ExperimentError: UserFacingError {
  var exitCode: Int32 { status ?? 65 }
}
