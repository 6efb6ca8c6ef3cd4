/// What changes as training goes on: growth, minibatch and learning rate (PGGAN §A; StyleGAN §C).
public struct Schedule: Codable, Sendable, Equatable {
  /// The resolution training starts at.
  public var initialResolution: Int
  /// The resolution it ends at; equal to the initial one where nothing grows.
  public var finalResolution: Int
  /// Thousands of images during which a new resolution is faded in.
  public var fadeKimg: Double
  /// Thousands of images for which a resolution is trained before the next begins.
  public var stableKimg: Double
  /// Images a minibatch, by resolution; the entry of the next lower resolution holds where there is none.
  public var batchSizes: [Int: Int]
  /// Adam's learning rate, by resolution; likewise.
  public var learningRates: [Int: Double]

  /// A schedule.
  public init(
    initialResolution: Int, finalResolution: Int, fadeKimg: Double, stableKimg: Double, batchSizes: [Int: Int],
    learningRates: [Int: Double]
  ) {
    self.initialResolution = initialResolution
    self.finalResolution = finalResolution
    self.fadeKimg = fadeKimg
    self.stableKimg = stableKimg
    self.batchSizes = batchSizes
    self.learningRates = learningRates
  }

  /// The paper's, with the minibatches of one GPU.
  public static func paper(resolution: Int) -> Schedule {
    Schedule(
      initialResolution: min(8, resolution), finalResolution: resolution, fadeKimg: 600, stableKimg: 600,
      batchSizes: [4: 128, 8: 128, 16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 512: 4],
      learningRates: [4: 0.001, 128: 0.0015, 256: 0.002, 512: 0.003])
  }

  /// One resolution, minibatch and learning rate from beginning to end.
  public static func fixed(resolution: Int, batch: Int, learningRate: Double) -> Schedule {
    Schedule(
      initialResolution: resolution, finalResolution: resolution, fadeKimg: 0, stableKimg: 0, batchSizes: [4: batch],
      learningRates: [4: learningRate])
  }

  /// Whether the resolution grows.
  public var grows: Bool { initialResolution < finalResolution }

  /// The state of growth after so many images: a resolution is trained for `stableKimg`, then the next is faded in.
  public func growth(afterImages images: Int) -> Growth {
    var resolution = initialResolution
    var left = Double(images)
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

  /// Images after which growth is complete.
  public var imagesUntilGrown: Int {
    let doublings = finalResolution.trailingZeroBitCount - initialResolution.trailingZeroBitCount
    return Int((Double(doublings) * (stableKimg + fadeKimg) * 1000).rounded(.up))
  }

  /// Shortens the phases of a short training, so that growing takes at most 40 % of it; the paper's take 34 %.
  public mutating func fitGrowth(totalKimg: Double) {
    let doublings = finalResolution.trailingZeroBitCount - initialResolution.trailingZeroBitCount
    guard doublings > 0, totalKimg > 0 else { return }
    let longest = totalKimg * 0.4 / Double(2 * doublings)
    fadeKimg = min(fadeKimg, longest)
    stableKimg = min(stableKimg, longest)
  }

  /// Images a minibatch at a resolution.
  public func batchSize(at resolution: Int) -> Int { value(in: batchSizes, at: resolution) }

  /// The learning rate at a resolution.
  public func learningRate(at resolution: Int) -> Double { value(in: learningRates, at: resolution) }

  private func value<Value>(in table: [Int: Value], at resolution: Int) -> Value {
    let key = table.keys.filter { $0 <= resolution }.max() ?? table.keys.min()!
    return table[key]!
  }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first that is out of range.
  public func validate() throws(ConfigurationError) {
    try require(
      initialResolution >= 4 && initialResolution <= finalResolution
        && (initialResolution == finalResolution || initialResolution.nonzeroBitCount == 1),
      .initialResolution, initialResolution, "a power of two from 4 to \(finalResolution)")
    try require(fadeKimg >= 0 && fadeKimg <= 1e9, .fadeKimg, fadeKimg, "0 or more")
    try require(stableKimg >= 0 && stableKimg <= 1e9, .stableKimg, stableKimg, "0 or more")
    try require(
      !batchSizes.isEmpty && batchSizes.values.allSatisfy { (1...4096).contains($0) }, "batchSizes",
      Self.text(batchSizes), "1 to 4096 each")
    try require(
      !learningRates.isEmpty && learningRates.values.allSatisfy { $0 > 0 && $0 <= 1 }, "learningRates",
      Self.text(learningRates), "above 0 and at most 1 each")
  }

  /// A table as options write it: one number, or "8:64,32:16".
  private static func text(_ table: [Int: some Any]) -> String {
    if table.isEmpty { return "none" }
    if table.count == 1, let value = table[4] { return "\(value)" }
    return table.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
  }
}
