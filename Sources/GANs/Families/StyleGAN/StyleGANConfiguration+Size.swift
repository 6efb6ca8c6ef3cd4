// How large networks are, told from the configuration alone: before a byte is allocated for them.

extension StyleGANConfiguration {
  /// Trained scalars of the generator.
  public var generatorParameterCount: Int {
    var count = 0
    for layer in 0..<mappingLayers { count += ((layer == 0 ? zSize : wSize) + 1) * wSize }
    for r in resolutions {
      let outputs = channels(at: r)
      let inputs = constantInput ? 1 : wSize
      count += r == 4 ? inputs * outputs * 16 : channels(at: r / 2) * outputs * 9  // the constant or dense, or conv0
      count += outputs * outputs * 9  // conv1
      // style0, style1: B, bias, A
      count += 2 * ((noise ? 2 : 1) * outputs + (styles ? (wSize + 1) * 2 * outputs : 0))
      count += (outputs + 1) * imageChannels  // to_rgb
    }
    return count
  }

  /// Saved scalars of the generator that no optimizer touches: the average of w, and the noise images.
  public var generatorBufferCount: Int { wSize + (noise ? resolutions.reduce(0) { $0 + 2 * $1 * $1 } : 0) }
}

extension TrainingOptions {
  /// Bytes that training takes at the very least: weights, their average, gradients and moments, and what the
  /// discriminator's layers keep for the backward pass in the costliest stage of growth; the true need is some times more.
  public var leastMemory: Int {
    let generator = configuration.generatorParameterCount + configuration.generatorBufferCount
    let weights = 5 * generator + 4 * configuration.discriminatorParameterCount
    var activations = 0
    for top in configuration.resolutions where top >= schedule.initialResolution {
      let sample = configuration.activationCount(at: top)
      // Reals and fakes.
      activations = max(activations, 2 * schedule.batchSize(at: top) * sample)
    }
    return 4 * (weights + activations)
  }

  /// Refuses what cannot fit into the memory of this machine.
  /// - Throws: ``ConfigurationError`` saying what to reduce.
  public func requireMemory(limit: Int? = ProcessMemory.limit) throws(ConfigurationError) {
    guard device == "cpu", let limit, leastMemory > limit else { return }
    func gigabytes(_ bytes: Int) -> String { String((Double(bytes) / 1e8).rounded(.up) / 10) }
    throw ConfigurationError(
      "this training needs more than \(gigabytes(leastMemory)) GB of memory, and there are \(gigabytes(limit)) GB: choose "
        + "a smaller width, batch or resolution")
  }
}
