import Files

/// The schedule of growth, minibatch size and learning rate (PGGAN §A; StyleGAN §C).
public struct Schedule: Codable, Sendable, Equatable {
  /// The resolution at the start.
  public var initialResolution: Int
  /// The resolution at the end; equal to the initial one where nothing grows.
  public var finalResolution: Int
  /// The fade-in of a new resolution, in thousands of images.
  public var fadeKimg: Double
  /// The training of a resolution before the next fade-in, in thousands of images.
  public var stableKimg: Double
  /// The minibatch size by resolution; missing resolutions use the next lower entry.
  public var batchSizes: [Int: Int]
  /// The learning rate by resolution; missing resolutions use the next lower entry.
  public var learningRates: [Int: Double]

  /// A schedule.
  public init(
    initialResolution: Int, finalResolution: Int, fadeKimg: Double, stableKimg: Double, batchSizes: [Int: Int],
    learningRates: [Int: Double]
  ) {
    (self.initialResolution, self.finalResolution, self.fadeKimg) = (initialResolution, finalResolution, fadeKimg)
    (self.stableKimg, self.batchSizes, self.learningRates) = (stableKimg, batchSizes, learningRates)
  }

  /// The paper's schedule, with the minibatch sizes of one GPU.
  public static func paper(resolution: Int) -> Schedule {
    Schedule(
      initialResolution: min(8, resolution), finalResolution: resolution, fadeKimg: 600, stableKimg: 600,
      batchSizes: [4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 4],
      learningRates: [4: 0.001, 128: 0.0015, 256: 0.002, 512: 0.003])
  }

  /// A constant resolution, minibatch size and learning rate.
  public static func fixed(resolution: Int, batch: Int, learningRate: Double) -> Schedule {
    Schedule(
      initialResolution: resolution, finalResolution: resolution, fadeKimg: 0, stableKimg: 0, batchSizes: [4: batch],
      learningRates: [4: learningRate])
  }

  /// Whether the resolution grows.
  public var grows: Bool { initialResolution < finalResolution }

  /// The growth after a number of images: `stableKimg` at a resolution, then the fade-in of the next.
  public func growth(afterImages images: Int) -> Growth {
    var (resolution, left) = (initialResolution, Double(images))
    let (stable, fade) = (stableKimg * 1000, fadeKimg * 1000)
    while resolution < finalResolution {
      if left < stable { return Growth(resolution: resolution) }
      left -= stable
      resolution *= 2
      if left < fade { return Growth(resolution: resolution, alpha: (left + 1) / (fade + 1)) }
      left -= fade
    }
    return Growth(resolution: finalResolution)
  }

  private var doublings: Int { finalResolution.trailingZeroBitCount - initialResolution.trailingZeroBitCount }

  /// The number of images until growth is complete.
  public var imagesUntilGrown: Int { Int((Double(doublings) * (stableKimg + fadeKimg) * 1000).rounded(.up)) }

  /// Shortens the phases of a short training, so that growth takes at most 40 % of it; in the paper it takes 34 %.
  public mutating func fitGrowth(totalKimg: Double) {
    guard doublings > 0, totalKimg > 0 else { return }
    let longest = totalKimg * 0.4 / Double(2 * doublings)
    (fadeKimg, stableKimg) = (min(fadeKimg, longest), min(stableKimg, longest))
  }

  /// The minibatch size at a resolution.
  public func batchSize(at resolution: Int) -> Int { value(in: batchSizes, at: resolution) }

  /// The learning rate at a resolution.
  public func learningRate(at resolution: Int) -> Double { value(in: learningRates, at: resolution) }

  private func value<Value>(in table: [Int: Value], at resolution: Int) -> Value {
    table[table.keys.filter { $0 <= resolution }.max() ?? table.keys.min()!]!
  }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  public func validate() throws(ConfigurationError) {
    try require(
      initialResolution >= 4 && initialResolution <= finalResolution
        && (initialResolution == finalResolution || initialResolution.nonzeroBitCount == 1),
      .initialResolution, initialResolution, "a power of two from 4 to \(finalResolution)")
    try require(fadeKimg >= 0 && fadeKimg <= 1e9, .fadeKimg, fadeKimg, "0 to 1000000000")
    try require(stableKimg >= 0 && stableKimg <= 1e9, .stableKimg, stableKimg, "0 to 1000000000")
    try require(
      !batchSizes.isEmpty && batchSizes.values.allSatisfy { (1...4096).contains($0) }, "batchSizes",
      Self.text(batchSizes), batchSizes.count > 1 ? "1 to 4096 at each resolution" : "1 to 4096")
    try require(
      !learningRates.isEmpty && learningRates.values.allSatisfy { $0 > 0 && $0 <= 1 }, "learningRates",
      Self.text(learningRates), "above 0 and at most 1" + (learningRates.count > 1 ? " at each resolution" : ""))
  }

  /// A table in the syntax of options: one number, or "8:64,32:16".
  private static func text(_ table: [Int: some Any]) -> String {
    if table.isEmpty { return "none" }
    func text(_ value: Any) -> String { (value as? Double)?.plain ?? "\(value)" }
    if table.count == 1, let value = table[4] { return text(value) }
    return table.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: ",")
  }
}
