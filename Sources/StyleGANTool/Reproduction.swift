import ArgumentParser
import Files
import Foundation
import GANs
import Torch

/// The trainings and metrics of a table. Each is a command of this program in a process of its own, exactly as the table's JSON
/// tells it.
struct Reproduction {
  let experiment: Experiment
  let data: String
  let budget: Double
  let seeds: [UInt64]
  let detector: String
  /// The number of fakes or pairs of all metrics; nil for those of the table.
  let samples: Int?
  let folder: ExperimentFolder
  let output: OutputArguments
  private var lengths: ExperimentFolder.Lengths
  private let program: String

  /// - Throws: ``ExperimentError`` if the folder has tables of other data or another budget.
  init(
    _ experiment: Experiment, data: String, budget: Double, seeds: [UInt64]?, detector: String, samples: Int?,
    folder: ExperimentFolder, output: OutputArguments
  ) throws {
    (self.experiment, self.data, self.budget, self.detector) = (experiment, data, budget, detector)
    (self.samples, self.folder, self.output) = (samples, folder, output)
    self.seeds = (seeds ?? experiment.seeds).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    program = Bundle.main.executablePath ?? CommandLine.arguments[0]
    lengths = try folder.lengths() ?? .init(data: data, budget: budget)
    guard lengths.data == data, lengths.budget == budget else {
      throw ExperimentError(
        "\(folder.path) has tables of --data \(lengths.data) --budget \(lengths.budget.plain): give the same, or another "
          + "--outdir")
    }
  }

  // MARK: Lengths

  /// What a table will take.
  struct Plan: Encodable {
    /// A training, with all its seeds.
    struct Training: Encodable {
      var title: String
      /// The number of seeds.
      var seeds: Int
      /// The length in thousands of images, and the minutes of one processor that it takes.
      var kimg, minutes: Double
    }

    var trainings: [Training] = []
    /// The number of trainings that are not done, and their minutes.
    var left = 0
    var minutesLeft = 0.0
  }

  /// Measures the lengths that are not known yet.
  mutating func measureLengths() throws {
    for row in experiment.rows { _ = try length(of: row) }
  }

  /// Measures each row.
  mutating func plan() throws -> Plan {
    var plan = Plan()
    var planned: [[String]] = []
    for row in experiment.rows where !planned.contains(row.arguments) {
      planned.append(row.arguments)
      let kimg = try length(of: row)
      let minutes = try self.minutes(of: row.arguments, kimg: kimg)
      plan.trainings.append(.init(title: row.title, seeds: seeds.count, kimg: kimg, minutes: minutes))
      let left = seeds.filter { !folder.isTrained(.init(row, seed: $0, data: data, kimg: kimg)) }.count
      plan.left += left
      plan.minutesLeft += Double(left) * minutes
    }
    return plan
  }

  /// The length of a row's trainings.
  private mutating func length(of row: Experiment.Row) throws -> Double {
    let reference: [String]
    switch experiment.length {
    case .images(let index): reference = experiment.rows[index].arguments
    case .time: reference = row.arguments
    }
    if let kimg = lengths.kimg(of: reference) { return kimg }
    // Growth is fitted into the length, so time is in proportion to it.
    let kimg = 100 * budget / (try minutes(of: reference, kimg: 100))
    lengths.set(kimg, of: reference)
    return lengths.kimg(of: reference)!
  }

  /// Minutes of one processor for a training of this length, by a few measured steps.
  private func minutes(of arguments: [String], kimg: Double) throws -> Double {
    struct Forecast: Decodable {
      struct Values: Decodable { let seconds: Double }
      let forecast: Values
    }
    let row = Experiment.Row("", arguments)
    let start = (ContinuousClock.now, ProcessTime.childrenSeconds)
    let (status, text) = try Subprocess.run(
      program, row.training(data: data, seed: 0, kimg: kimg, in: folder.path) + ["--dry-run", "--json", "--quiet"])
    guard status == 0, let found = text.firstIndex(of: "{"),
      let forecast = try? JSONDecoder().decode(Forecast.self, from: Data(text[found...].utf8))
    else {
      throw ExperimentError(
        Self.sentence(text) ?? "'stylegan train \(arguments.joined(separator: " "))' fails",
        status: status == 0 ? nil : status)
    }
    // On a busy machine the clock runs faster than the process.
    let share = (ProcessTime.childrenSeconds - start.1) / ((ContinuousClock.now - start.0) / .seconds(1))
    return forecast.forecast.seconds / 60 * min(max(share, 0.05), 1)
  }

  /// The sentence of an error in the output of a command.
  private static func sentence(_ text: String) -> String? {
    text.split(separator: "\n").last { $0.hasPrefix("error: ") }.map { String($0.dropFirst(7)) }
  }

  // MARK: Trainings

  /// A training with the rows that it fills, and the process that works on it.
  private final class Job {
    let training: ExperimentFolder.Training
    let title: String
    let rows: [Experiment.Row]
    var process: Subprocess.Running?
    /// What the process does, and its command.
    var activity = "", command: [String] = []
    var failure: String?
    var isDone = false

    init(_ training: ExperimentFolder.Training, _ title: String, _ rows: [Experiment.Row]) {
      (self.training, self.title, self.rows) = (training, title, rows)
    }
  }

  /// Trains and measures what is missing, and writes the table after each change.
  /// - Parameters:
  ///   - jobs: the number of processes at the same time.
  ///   - shouldStop: asked a few times a second; on true the trainings save and end.
  /// - Returns: the table, complete or not.
  mutating func run(jobs: Int, shouldStop: () -> Bool) throws -> ExperimentResults {
    var all: [Job] = []
    // Seed by seed, so that a table is soon filled once.
    for seed in seeds {
      for row in experiment.rows {
        let training = ExperimentFolder.Training(row, seed: seed, data: data, kimg: try length(of: row))
        guard !all.contains(where: { $0.training == training }) else { continue }
        all.append(Job(training, row.title, experiment.rows.filter { $0.arguments == row.arguments }))
      }
    }
    try folder.write(lengths)
    try folder.write(results(all))
    var line = ProgressLine(unit: "images", quiet: output.quiet)
    func shown() -> Int { all.reduce(0) { $0 + Int(1000 * (folder.progress(of: $1.training)?.kimg ?? 0)) } }
    let (before, total) = (shown(), all.reduce(0) { $0 + Int(1000 * $1.training.kimg) })
    // Reading all statistics takes time from the trainings.
    var lastLook = ContinuousClock.now
    while !shouldStop() {
      for job in all where job.process.map({ !$0.isRunning }) ?? false {
        line.clear()
        try end(job)
        try folder.write(results(all))
      }
      for job in all where job.process == nil && !job.isDone && all.count(where: { $0.process != nil }) < jobs {
        try advance(job, number: all.firstIndex { $0 === job }! + 1, of: all.count, &line)
      }
      if all.allSatisfy(\.isDone) { break }
      if ContinuousClock.now - lastLook > .seconds(10) {
        line.show(shown(), of: total, before: before)
        lastLook = .now
      }
      Thread.sleep(forTimeInterval: 0.3)
    }
    line.clear()
    for job in all { if let process = job.process, !process.sharesTerminal { process.terminate() } }
    while all.contains(where: { $0.process?.isRunning ?? false }) { Thread.sleep(forTimeInterval: 0.1) }
    let results = results(all)
    try folder.write(results)
    return results
  }

  /// Notes the end of a job's process.
  private func end(_ job: Job) throws {
    let status = job.process!.status
    job.process = nil
    guard status != 0 else { return }
    let log = (try? WholeFile.bytes(of: logFile(job))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    job.failure = "\(job.activity) failed: " + (Self.sentence(log) ?? "exit code \(status), see \(logFile(job))")
    job.isDone = true
    output.note("\(job.title), seed \(job.training.seed): \(job.failure!)")
  }

  private func logFile(_ job: Job) -> String { "\(folder.path)/\(job.training.folder)/log.txt" }

  /// Starts the next command of a job; without one it is done.
  private func advance(_ job: Job, number: Int, of count: Int, _ line: inout ProgressLine) throws {
    guard let (activity, command) = next(job) else { return job.isDone = true }
    // A command that succeeds without its result would be given for ever.
    guard command != job.command else {
      (job.failure, job.isDone) = ("\(activity) gave no result, see \(logFile(job))", true)
      return output.note("\(job.title), seed \(job.training.seed): \(job.failure!)")
    }
    line.clear()
    output.explain("\(number) of \(count), \(job.title), seed \(job.training.seed): \(activity)")
    try Folder.makeWritable("\(folder.path)/\(job.training.folder)")
    (job.activity, job.command) = (activity, command)
    job.process = try Subprocess.Running(program, command + ["--quiet"], log: logFile(job))
  }

  /// The next command of a job: it trains, resumes, or measures a missing column.
  private func next(_ job: Job) -> (activity: String, command: [String])? {
    let training = job.training
    guard folder.isTrained(training) else {
      let kimg = "\(training.kimg.plain) kimg"
      // One that was killed in its first seconds has no run yet.
      if let run = folder.run(of: training) {
        return ("the training of \(kimg), resumed", ["train", "--resume", run.path, "--threads", "1"])
      }
      return ("the training of \(kimg)", command(of: training, job.rows[0]))
    }
    let results = folder.results(of: training)
    for row in job.rows {
      let missing = experiment.columns.filter { row.value(of: $0, in: results, samples: samples) == nil }
      guard
        let command = row.measurements(
          missing, network: folder.run(of: training)!.path, data: data, detector: detector, samples: samples
        ).first
      else { continue }
      return ("measuring " + command[command.firstIndex(of: "--metrics")! + 1], command)
    }
    return nil
  }

  private func command(of training: ExperimentFolder.Training, _ row: Experiment.Row) -> [String] {
    row.training(data: data, seed: training.seed, kimg: training.kimg, in: "\(folder.path)/\(training.folder)")
  }

  // MARK: Results

  /// The table with all that is known.
  private func results(_ jobs: [Job]) -> ExperimentResults {
    ExperimentResults(
      experiment, data: data, detector: detector, processor: Processor.name, version: Version().text, budget: budget,
      samples: samples
    ) { row in
      seeds.map { seed in
        let job = jobs.first { $0.training.seed == seed && $0.training.arguments == row.arguments }!
        let training = job.training
        let run = folder.run(of: training)?.path ?? "\(folder.path)/\(training.folder)/00000-…"
        let commands =
          [command(of: training, row)]
          + row.measurements(experiment.columns, network: run, data: data, detector: detector, samples: samples)
        var cell = ExperimentResults.Cell(
          seed: seed, commands: commands.map { (["stylegan"] + $0).map(shellWord).joined(separator: " ") },
          plannedKimg: training.kimg)
        folder.fill(&cell, row, experiment.columns, samples: samples, from: training)
        if experiment.columns.contains(where: { cell.values[$0.title] == nil }) {
          cell.missing = job.failure ?? (folder.isTrained(training) ? "not measured yet" : "not trained yet")
        }
        return cell
      }
    }
  }
}
