import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Torch

// Trainings of a given time.

extension Train {
  /// The training of `--hours`; nil without it.
  func timed(_ recipe: Recipe) throws -> TimedTraining? {
    guard let hours = place.hours else { return nil }
    guard ["stylegan", "stylegan-f"].contains(recipe.name) else {
      throw ValidationError(
        "--hours is a recipe of its own for StyleGAN: leave out --cfg \(recipe.name), or use --minutes")
    }
    return TimedTraining(seconds: hours * 3600)
  }

  /// The size of the images, chosen from the data and the time; nil for what the user chose, or what the data has anyway.
  struct ImageSize {
    let resolution: Int?
    let channels: Int?
    let survey: DatasetSurvey
  }

  /// Chooses the size of the images where the user gave none.
  func imageSize(of data: String, _ recipe: Recipe, timed: TimedTraining) throws -> ImageSize? {
    guard network.resolution == nil || network.channels == nil else { return nil }
    let survey = try survey(of: data)
    let channels = network.channels ?? (survey.alpha > 0 && survey.channels == 4 ? 4 : nil)
    guard network.resolution == nil else {
      return ImageSize(resolution: network.resolution, channels: channels, survey: survey)
    }
    // The speed of a resolution: measured at 32×32, scaled by operations.
    var cost: (seconds: Double, operations: Double)?
    func trial(_ side: Int) throws -> TrainingOptions {
      let width = TimedTraining.widths(resolution: side).last!
      let settings =
        network.hasWidth ? network.settings : network.settings.merging(["width": .text(width.rawValue)]) { $1 }
      var options = TrainingOptions(
        recipe: recipe, data: data, dataset: .init(name: "", fingerprint: "", count: survey.images),
        configuration: try recipe.configuration(
          settings, resolution: side, imageChannels: channels ?? survey.channels))
      timed.prepare(&options)
      (options.device, options.threads) = (compute.device, Processor.threadCount)
      options.precision = isPrecisionOpen ? .fastest : compute.precision
      return options
    }
    let possible = timed.rules.resolutions(survey)
    if possible.last.map({ $0 > 32 }) ?? false {
      tell("measuring a few steps, to choose the resolution")
      let small = try trial(32)
      if let seconds = try TimedTraining.costs(of: small)[32] { cost = (seconds, small.operations) }
    }
    let side = timed.rules.resolution(survey, seconds: timed.seconds) { side in
      guard let cost, let options = try? trial(side) else { return 0 }
      return cost.seconds * options.operations / cost.operations
    }
    return ImageSize(resolution: side == survey.side ? nil : side, channels: channels, survey: survey)
  }

  private func survey(of data: String) throws -> DatasetSurvey {
    var line = ProgressLine(unit: "files", quiet: place.output.quiet)
    defer { line.clear() }
    do { return try DatasetSurvey(of: data, progress: { line.show($0, of: $1) }) } catch {
      line.clear()
      place.output.explainBadImage(error, of: data)
      throw error
    }
  }

  // MARK: The plan in words

  /// The choices of a fitted training.
  func plan(_ options: TrainingOptions, _ survey: DatasetSurvey?, _ dataset: any ImageDataset, kimg: Double)
    -> TrainingPlan
  {
    let width = NetworkWidth.allCases.first { width in
      let settings = network.settings.merging(["width": .text(width.rawValue)]) { $1 }
      let c = options.configuration
      guard let recipe = Families.recipes.first(where: { $0.name == options.recipe }),
        var wanted = try? recipe.configuration(settings, resolution: c.resolution, imageChannels: c.imageChannels)
      else { return false }
      (wanted.labelSize, wanted.pictures) = (c.labelSize, c.pictures)
      return wanted.isSame(as: c)
    }
    return TrainingPlan(
      options, survey: survey, width: options.initialNetwork == nil ? width : nil, kimg: kimg,
      labels: dataset.labelCount, asked: askedFields)
  }

  /// The fields of a plan that the user has set.
  private var askedFields: Set<ConfigurationField> {
    let given = Set(network.all + training.fixed + (compute.precisionChoice == nil ? [] : ["--precision"]))
    let fields: [ConfigurationField] = [
      .resolution, .imageChannels, "width", .batchSizes, .learningRates, .gamma, .penaltyInterval, .mixingProbability,
      .averageHalfLifeKimg, .precision,
    ]
    var asked = Set(fields.filter { given.contains($0.option) })
    if training.growing != nil { asked.insert(.grows) }
    if training.snap != nil { asked.insert(.snapshotTicks) }
    return asked
  }

  /// The plan in lines: the data, and each choice with its reason.
  func planLines(_ options: TrainingOptions, _ survey: DatasetSurvey?, _ dataset: any ImageDataset) -> [String] {
    let cost = options.totalKimg / 4  // The fitted length is four times what the measured speed allows.
    return Self.lines(plan(options, survey, dataset, kimg: cost), survey)
  }

  static func lines(_ plan: TrainingPlan, _ survey: DatasetSurvey?) -> [String] {
    var table = Table([.text("option"), .text("reason")])
    for choice in plan.choices { table.add([choice.text, choice.reason]) }
    return (survey.map { ["data: \($0.summary)"] } ?? []) + table.lines + plan.notes.map { "note: \($0.sentence)" }
  }

  /// Fits a training to its time by the measured speed of its steps.
  /// - Parameters:
  ///   - smallest: the training at the least width, or at the one that was asked for.
  ///   - widths: those to choose from; empty if it was asked for.
  ///   - start: from which the hours count; what was measured since then is a part of them.
  ///   - make: the training at a width.
  func fit(
    _ smallest: TrainingOptions, to timed: TimedTraining, widths: [NetworkWidth],
    since start: ContinuousClock.Instant, make: (NetworkWidth) throws -> TrainingOptions
  ) throws -> TrainingOptions {
    tell("measuring a few steps, to fit the training to \(TrainingForecast.words(timed.seconds))")
    var (options, seconds) = (smallest, try TimedTraining.costs(of: smallest))
    if !widths.isEmpty, let measured = seconds[options.configuration.resolution] {
      var operations: [NetworkWidth: Double] = [:]
      for width in widths {
        let options = try make(width)
        // A training needs a few times its least memory.
        if width == widths.last || ProcessMemory.limit.map({ 4 * options.leastMemory < $0 }) ?? true {
          operations[width] = options.operations
        }
      }
      let width = timed.width(secondsPerImage: measured, costs: operations)
      if width != widths.last {
        options = try make(width)
        try chooseKernels(for: &options)
        seconds = try TimedTraining.costs(of: options)
      }
      tell("width: \(width.rawValue)")
    }
    let measuring = (ContinuousClock.now - start) / .seconds(1)
    if measuring > timed.seconds / 4 {
      notice(
        "note: measuring took \(TrainingForecast.words(measuring)) of these \(TrainingForecast.words(timed.seconds))")
    }
    TimedTraining(seconds: max(1, timed.seconds - measuring)).fit(
      &options, secondsPerImage: seconds, growing: training.growing, asked: training.asked)
    return options
  }
}

extension TrainingPlan.Choice {
  /// The option as a user writes it: "--gamma 2", "--no-growing".
  var text: String {
    switch value {
    case "true": field.option
    case "false": "--no-" + field.option.dropFirst(2)
    default: "\(field.option) \(value)"
    }
  }
}
