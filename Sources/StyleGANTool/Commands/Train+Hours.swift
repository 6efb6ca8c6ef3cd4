import ArgumentParser
import GANs

// Trainings of a given time.

extension Train {
  /// The training of `--hours`; nil without it.
  func timed(_ recipe: Recipe) throws -> TimedTraining? {
    guard let hours = place.hours else { return nil }
    guard recipe.family == StyleGANConfiguration.self else {
      throw ValidationError(
        "--hours is a recipe for StyleGAN, but --cfg is \(recipe.name): use --minutes, or leave out --cfg")
    }
    return TimedTraining(seconds: hours * 3600)
  }

  /// Fits a training to its time by the measured speed of its steps.
  /// - Parameters:
  ///   - smallest: the training at the least width, or at the one that was asked for.
  ///   - widths: those to choose from; empty if it was asked for.
  ///   - make: the training at a width.
  func fit(
    _ smallest: TrainingOptions, to timed: TimedTraining, widths: [NetworkWidth],
    make: (NetworkWidth) throws -> TrainingOptions
  ) throws -> TrainingOptions {
    tell("measuring a few steps, to fit the training to \(TrainingForecast.words(timed.seconds))")
    let resolution = smallest.configuration.resolution
    func costs(_ options: TrainingOptions) throws -> [Int: Double] {
      var probed = options
      // All resolutions, in case the network must grow.
      if probed.configuration.traits.grows { probed.schedule.initialResolution = min(8, resolution) }
      probed.schedule.fitGrowth(totalKimg: probed.totalKimg)
      return try StepProbe.measure(probed).secondsPerImage
    }
    var (options, seconds) = (smallest, try costs(smallest))
    if !widths.isEmpty, let measured = seconds[resolution] {
      let operations = try Dictionary(uniqueKeysWithValues: widths.map { ($0, try make($0).operations) })
      let width = timed.width(secondsPerImage: measured, costs: operations)
      if width != .tiny {
        options = try make(width)
        try options.requireMemory()
        try chooseKernels(for: &options)
        seconds = try costs(options)
      }
      tell("width: \(width.rawValue)")
    }
    timed.fit(&options, secondsPerImage: seconds, asked: training.asked)
    return options
  }
}
