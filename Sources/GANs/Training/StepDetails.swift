/// Details of a step that the papers leave open.
extension TrainingOptions {
  /// The source of these details.
  public enum StepDetails: String, Codable, CaseIterable, Sendable {
    /// As in the published program of StyleGAN: w_avg moves in D's steps and in G's; the moving average of G moves after D's
    /// step, before G's; the optimizers' moments are reset at the start and at the end of each fade-in.
    case published
    /// As in earlier versions of this library, whose runs keep them: w_avg moves in G's steps only; the average of G moves
    /// at the end of a step; the moments are reset at the start of each fade-in only.
    case earlier

    /// Whether the moments are reset between two states of growth: the level of detail, a whole number while a resolution is
    /// trained and a fraction during its fade-in, has reached or left a whole number.
    func resetsMoments(from last: Growth, to growth: Growth) -> Bool {
      last.resolution != growth.resolution || (self == .published && (last.alpha < 1) != (growth.alpha < 1))
    }
  }

  /// Whether the moving average of G moves before G's update. Where there is no averaging, the average is G itself.
  var averageMovesFirst: Bool {
    let isAveraged = averageDecay.map { $0 > 0 } ?? (averageHalfLifeKimg > 0)
    return stepDetails == .published && stepOrder == .discriminatorFirst && isAveraged
  }
}
