import ArgumentParser
import Files
import GANs

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
