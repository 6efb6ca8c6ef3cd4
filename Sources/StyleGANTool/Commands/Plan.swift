import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Torch

/// `stylegan plan`: what a training of a given time would do.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at pictures and at this machine, and say what a training of some hours would do.",
    discussion: """
      It looks at the data, measures some steps on this machine, and prints the options that it would train with, each with \
      its reason, and what they give: thousands of images, the time of the first recognizable pictures, memory and disk. \
      'stylegan train --hours' with the same options does it. Every option of 'stylegan train' that you give stays as it is.

      Examples:
        stylegan plan --data photos/ --hours 8
        stylegan plan --data photos/ --hours 1 --resolution 64 --mirror
        stylegan plan --rules
      """)

  @Flag(help: "Print the table of rules by which it chooses.") var rules = false
  @OptionGroup(title: "Run") var place: RunArguments
  @OptionGroup(title: "Network") var network: ArchitectureArguments
  @OptionGroup(title: "Training") var training: ScheduleArguments
  @OptionGroup(title: "Snapshots") var keeping: KeepingArguments
  @OptionGroup(title: "Metrics") var measures: TrainingMetrics
  @OptionGroup(title: "Machine") var compute: ComputeArguments
  @OptionGroup(title: "Machine") var machine: KernelArguments

  /// The training with these options.
  private var train: Train {
    var train = Train()
    (train.place, train.network, train.training, train.keeping) = (place, network, training, keeping)
    (train.measures, train.compute, train.machine) = (measures, compute, machine)
    return train
  }

  mutating func validate() throws {
    if rules { return }
    let others: [(String, Any?)] = [
      ("--resume", place.resume), ("--minutes", place.minutes), ("--dry-run", place.dryRun ? true : nil),
    ]
    if let option = given(others.map { (name: $0.0, value: $0.1) }).first {
      throw ValidationError("\(option) has no meaning for a plan, which trains nothing: leave it out")
    }
    if place.data == nil { throw ValidationError("--data is missing: give the pictures") }
    if place.hours == nil { throw ValidationError("--hours is missing: give the time for the training, such as 8") }
    var train = self.train
    try train.validate()
  }

  func run() throws {
    chooseWaiting(threads: compute.threads ?? Processor.threadCount)
    try StyleGANTool.run {
      if rules { return try printRules() }
      switch place.recipe ?? RecipeChoice(argument: "stylegan")! {
      case .list: throw ValidationError("--cfg list is for 'stylegan train': give a recipe, or leave it out")
      case .recipe(let recipe): try plan(recipe)
      }
    }
  }

  private func printRules() throws {
    let rows = TrainingRules.standard.table
    for row in rows {
      place.output.say("\(row.choice): \(row.rule)")
      place.output.say("    source: \(row.source)")
    }
    try place.output.finish(["rules": rows])
  }

  private func plan(_ recipe: Recipe) throws {
    let train = self.train
    let (options, dataset, survey) = try train.resolved(recipe)
    train.tell("measuring more steps, for the forecast")
    let forecast = try TrainingForecast(
      options, reals: dataset.count, afterImages: 0, minutes: nil, secondsLeft: options.totalSeconds, budget: 20)
    let plan = train.plan(options, survey, dataset, kimg: forecast.kimg)
    let side = options.configuration.resolution
    let memory = try options.expectedMemory(secondsPerImage: forecast.probe.secondsPerImage[side])
    let first = TrainingRules.standard.firstKimg(resolution: options.configuration.dataResolution)
    let firstSeconds = forecast.seconds(untilKimg: first)
    let command = PlannedCommand(plan, arguments: Array(CommandLine.exactArguments.drop { $0 != "plan" }.dropFirst()))
    if !place.output.quiet || place.output.json {
      for line in Train.lines(plan, survey) { place.output.say(line) }
      for line in forecast.lines { place.output.say(line) }
      place.output.say(
        firstSeconds.map {
          "first recognizable pictures: at about \(first.plain) kimg, in \(TrainingForecast.words($0)) (a rule of thumb)"
        } ?? "first recognizable pictures: need about \(first.plain) kimg (a rule of thumb), more than this time shows")
      if let memory { place.output.say("memory: about \(TrainingForecast.bytes(memory))") }
      if let warning = forecast.diskWarning(at: place.outdir) { place.output.note(warning) }
      if let memory, let limit = ProcessMemory.limit, memory > limit {
        place.output.note(
          "warning: the training needs more memory than this machine has, \(TrainingForecast.bytes(limit))")
      }
      place.output.say("the same by hand: \(command.text)")
    }
    try place.output.finish(
      Results(
        data: survey,
        choices: plan.choices.map { .init(option: $0.field.option, value: $0.value, reason: $0.reason) },
        notes: plan.notes.map(\.sentence), kimg: forecast.kimg,
        firstPictures: .init(kimg: first, seconds: firstSeconds), memoryBytes: memory, command: command.text,
        options: options, forecast: forecast.values(at: place.outdir)))
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// An option with its reason.
    struct Choice: Encodable { let option, value, reason: String }
    /// Thousands of images, and the seconds until then; nil where the training ends before.
    struct First: Encodable {
      let kimg: Double
      let seconds: Double?
    }

    /// The data; nil where their size and channels are given.
    let data: DatasetSurvey?
    let choices: [Choice]
    let notes: [String]
    /// Thousands of images that the time allows.
    let kimg: Double
    let firstPictures: First
    /// The expected peak of the resident memory; nil where it was too slow to measure.
    let memoryBytes: Int?
    /// The command of this training with all options.
    let command: String
    /// All options, as in `options.json`.
    let options: TrainingOptions
    let forecast: TrainingForecast.Values
  }
}

/// The command line of a planned training: its choices as options, and the other options as they were given.
package struct PlannedCommand {
  /// The line, in a shell's words.
  package let text: String

  /// - Parameter arguments: those of `stylegan plan`.
  init(_ plan: TrainingPlan, arguments: [String]) {
    self.init(
      choices: plan.choices.map { (name: $0.field.option, text: $0.text) }, switches: ["--growing"],
      arguments: arguments)
  }

  /// - Parameters:
  ///   - choices: the name of each option, and the option with its value.
  ///   - switches: names of options without a value; there is one with --no- for each.
  ///   - arguments: those that were given.
  package init(choices: [(name: String, text: String)], switches: Set<String>, arguments: [String]) {
    let names = Set(choices.map(\.name))
    let off = Set(switches.map { "--no-" + $0.dropFirst(2) })
    var (kept, rest): ([String], ArraySlice<String>) = ([], arguments[...])
    while let argument = rest.popFirst() {
      let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? argument
      if ["--json", "--quiet"].contains(argument) || off.contains(name) || switches.contains(name) { continue }
      guard names.contains(name) else {
        kept.append(shellWord(argument))
        continue
      }
      if !argument.contains("=") { rest = rest.dropFirst() }
    }
    text = (["stylegan train"] + kept + choices.map(\.text)).joined(separator: " ")
  }
}
