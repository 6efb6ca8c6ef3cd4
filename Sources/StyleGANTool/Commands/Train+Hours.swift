import ArgumentParser
import Datasets
import Files
import GANs
import Torch

// Trainings of a given time.

/// A training of a given time before it is fitted: the first look at its pictures, and what follows from it.
struct TimedStart {
  /// The pictures, and what the rules look at.
  let survey: DatasetSurvey
  var situation: TrainingSituation
  /// Chosen, if they were not given.
  let resolution, channels: Int
}

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

  /// Looks at the pictures, and chooses resolution and channels where they are not given.
  /// - Parameter initial: the network to start from.
  func firstLook(_ timed: TimedTraining, _ recipe: Recipe, _ initial: (any NetworkConfiguration)?) throws -> TimedStart
  {
    var line = ProgressLine(unit: "files", quiet: quiet)
    let survey: DatasetSurvey
    do {
      defer { line.clear() }
      survey = try DatasetSurvey(of: place.data!, notice: notice, progress: { line.show($0, of: $1) })
    } catch {
      place.output.explainBadImage(error, of: place.data!)
      throw error
    }
    var situation = timed.situation(of: survey)
    if let subset = small.subset { situation.pictures = min(subset, survey.count) }
    let channels = network.channels ?? initial?.imageChannels ?? timed.channels(for: situation)
    if let given = network.resolution ?? initial?.dataResolution {
      situation.resolution = given
      return TimedStart(survey: survey, situation: situation, resolution: given, channels: channels)
    }
    if situation.side >= 64 { tell("measuring a few steps, to choose the resolution") }
    let resolution = try timed.resolution(for: &situation) { side in
      var settings = network.settings
      if !hasWidth { settings["width"] = .text(TimedTraining.widths(resolution: side).last!.rawValue) }
      var options = TrainingOptions(
        recipe: recipe, data: "", dataset: .init(name: survey.name, fingerprint: "", count: survey.count),
        configuration: try recipe.configuration(settings, resolution: side, imageChannels: channels))
      timed.prepare(&options)
      try training.apply(to: &options)
      options.precision = isPrecisionOpen ? .fastest : compute.precision
      (options.device, options.threads) = (compute.device, Processor.threadCount)
      return options
    }
    return TimedStart(survey: survey, situation: situation, resolution: resolution, channels: channels)
  }

  /// Whether the feature maps were given, so that no width is chosen.
  var hasWidth: Bool {
    place.initFrom != nil || !Set(network.shaping).isDisjoint(with: ["--width", "--fmap-base", "--fmap-max"])
  }

  /// Fits a training to its time by the measured speed of its steps.
  /// - Parameters:
  ///   - smallest: the training at the least width, or at the one that was asked for.
  ///   - widths: those to choose from; empty if it was asked for.
  ///   - start: from which the hours count; what was measured since then is a part of them.
  ///   - situation: gets what was measured.
  ///   - make: the training at a width.
  func fit(
    _ smallest: TrainingOptions, to timed: TimedTraining, widths: [NetworkWidth],
    since start: ContinuousClock.Instant, in situation: inout TrainingSituation,
    make: (NetworkWidth) throws -> TrainingOptions
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
      situation.resolution = options.configuration.resolution
      let width = timed.width(secondsPerImage: measured, costs: operations, in: &situation)
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
      &options, secondsPerImage: seconds, growing: training.growing,
      asked: training.asked.union(small.adaKimg == nil ? [] : [.adaptation]), in: &situation)
    return options
  }
}
