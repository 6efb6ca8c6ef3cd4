import Torch

/// The objectives of G and D: a loss, regularizers of D and of G, and clipping.
///
/// The parts combine freely; ``TrainingOptions/validate()`` refuses useless combinations. Scores are logits: the sigmoid at
/// the end of the first papers' D is part of the loss here. The function is the same, with smaller rounding errors.
public struct Objective: Codable, Sendable, Equatable {
  /// The losses, of scores s = D(x) on reals and t = D(G(z)) on fakes.
  public enum Loss: String, Codable, CaseIterable, Sendable {
    /// The original loss: G minimizes E[log(1 − σ(t))], which saturates (Goodfellow et al. 2014, Eq. 1).
    case minimax
    /// The logistic loss: G minimizes −E[log σ(t)] = E[log(1 + e^−t)] (Goodfellow et al. 2014, §3).
    case nonSaturating = "non-saturating"
    /// D maximizes E[s] − E[t] (Arjovsky et al. 2017, Eq. 3).
    case wasserstein
    /// D minimizes E[max(0, 1 − s)] + E[max(0, 1 + t)] (Lim & Ye 2017).
    case hinge
    /// D minimizes E[log(1 + e^−(s − t))] over pairs of a real and a fake image; G minimizes the same with t − s
    /// (Jolicoeur-Martineau 2018, Eq. 9).
    case relativistic

    /// Whether G's loss needs scores of reals.
    var comparesPairs: Bool { self == .relativistic }
  }

  /// The regularizers of D.
  public enum Regularizer: String, Codable, CaseIterable, Sendable {
    /// No regularizer.
    case none
    /// γ/2·E‖∇ₓD(x)‖² on reals (Mescheder et al. 2018, Eq. 9).
    case r1
    /// λ·E[(‖∇D(x̂)‖ − 1)²] between reals and fakes (Gulrajani et al. 2017, Eq. 3).
    case gradientPenalty = "gp"
  }

  /// The resolution at which D's regularizer takes the gradient while the networks grow.
  ///
  /// At a resolution r of R the published program enlarges images to R×R and D averages them down again. Each pixel then has
  /// (r/R)² of the gradient, and the gradient's length is r/R of that at r×r. R1 becomes (r/R)² times as strong, and the
  /// gradient penalty pulls the length at r×r towards R/r. While a resolution is faded in, r is that resolution.
  public enum PenaltyResolution: String, Codable, CaseIterable, Sendable {
    /// R, as in the published program.
    case full
    /// r, as in the papers' formulas.
    case current
  }

  /// Whether D compares each real image with a fake, by the loss or by a penalty between the two. Their labels are the same
  /// then: the distance of images of different classes says nothing about either.
  package var comparesPairs: Bool { loss.comparesPairs || regularizer == .gradientPenalty }

  /// The loss.
  public var loss: Loss
  /// The regularizer of D.
  public var regularizer: Regularizer
  /// Its weight: γ of R1, λ of the gradient penalty; 10 in the papers.
  public var gamma: Double
  /// Its interval of k steps, with k times the weight ("lazy" where k > 1, StyleGAN2 §3.1).
  public var penaltyInterval: Int
  /// The resolution of its gradient while the networks grow.
  public var penaltyResolution = PenaltyResolution.full
  /// ε of the drift term ε·E[D(x)²], which keeps scores near 0 (PGGAN §A.1: 0.001); 0 for no drift term.
  public var drift: Double
  /// c of clipping: weights of D are clipped to [−c, c] after each of its steps (WGAN: 0.01); nil for no clipping.
  public var clip: Double?
  /// Whether D's loss is the mean of its two halves instead of their sum.
  public var halvesDiscriminatorLoss: Bool
  /// G's path length regularizer; nil for none.
  public var pathLength: PathLength?
  /// G's separability regularizer; nil for none.
  public var separability: Separability?

  /// An objective; by default StyleGAN's: the logistic loss with R1.
  public init(
    loss: Loss = .nonSaturating, regularizer: Regularizer = .r1, gamma: Double = 10, penaltyInterval: Int = 1,
    drift: Double = 0, clip: Double? = nil, halvesDiscriminatorLoss: Bool = false, pathLength: PathLength? = nil
  ) {
    (self.loss, self.regularizer, self.gamma, self.penaltyInterval) = (loss, regularizer, gamma, penaltyInterval)
    (self.drift, self.clip, self.halvesDiscriminatorLoss) = (drift, clip, halvesDiscriminatorLoss)
    self.pathLength = pathLength
  }

  /// Reads an objective. Old files have only the logistic loss with R1, and the gradient at the current resolution.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      loss: try values.decode(.loss, or: .nonSaturating), regularizer: try values.decode(.regularizer, or: .r1),
      gamma: try values.decode(Double.self, forKey: .gamma),
      penaltyInterval: try values.decode(Int.self, forKey: .penaltyInterval), drift: try values.decode(.drift, or: 0),
      clip: try values.decodeIfPresent(Double.self, forKey: .clip),
      halvesDiscriminatorLoss: try values.decode(.halvesDiscriminatorLoss, or: false),
      pathLength: try values.decodeIfPresent(PathLength.self, forKey: .pathLength))
    penaltyResolution = try values.decode(.penaltyResolution, or: .current)
    separability = try values.decodeIfPresent(Separability.self, forKey: .separability)
  }

  // MARK: Losses

  /// G's loss.
  /// - Parameters:
  ///   - fakeScores: t, `[N, 1]`
  ///   - realScores: s, `[N, 1]`; only for losses of pairs.
  public func generatorLoss(fakeScores: Tensor, realScores: Tensor? = nil) -> Tensor {
    switch loss {
    case .minimax: return -fakeScores.softplus().mean()
    case .nonSaturating: return (-fakeScores).softplus().mean()
    case .wasserstein, .hinge: return -fakeScores.mean()
    case .relativistic:
      guard let realScores else { preconditionFailure("the relativistic loss needs scores of reals") }
      return (realScores - fakeScores).softplus().mean()
    }
  }

  /// D's loss without regularizers.
  /// - Parameters:
  ///   - realScores: s, `[N, 1]`
  ///   - fakeScores: t, `[N, 1]`
  public func discriminatorLoss(realScores: Tensor, fakeScores: Tensor) -> Tensor {
    let sum =
      switch loss {
      case .minimax, .nonSaturating: (-realScores).softplus().mean() + fakeScores.softplus().mean()
      case .wasserstein: fakeScores.mean() - realScores.mean()
      case .hinge: (1 - realScores).relu().mean() + (1 + fakeScores).relu().mean()
      case .relativistic: (fakeScores - realScores).softplus().mean()
      }
    return halvesDiscriminatorLoss ? sum * 0.5 : sum
  }

  // MARK: Regularizers

  /// Whether D has a regularizer.
  var isRegularized: Bool { regularizer != .none && gamma > 0 }

  /// The phase of D's regularizer in a step, counted from 0.
  func discriminatorPhase(at step: Int) -> Phase { isRegularized ? Phase(every: penaltyInterval, at: step) : .none }

  /// The intervals of G's regularizers.
  var generatorIntervals: [Int] { [pathLength?.interval, separability?.interval].compactMap(\.self) }

  /// Adam's corrections for the extra steps of D and of G.
  public var lazyCorrections: (discriminator: Double, generator: Double) {
    (
      Phase.lazyCorrection(intervals: isRegularized ? [penaltyInterval] : []),
      Phase.lazyCorrection(intervals: generatorIntervals)
    )
  }

  /// The length of D's gradient in the regularizer, relative to its length at the resolution of `growth`: 2^−⌊lod⌋ with
  /// ``PenaltyResolution/full``, 1 with ``PenaltyResolution/current``.
  /// - Parameter resolution: R, the final resolution.
  public func gradientScale(at growth: Growth, of resolution: Int) -> Double {
    penaltyResolution == .full ? Double(growth.resolution) / Double(resolution) : 1
  }

  /// R1: γ/2·E‖s·∇ₓD(x)‖² on reals, differentiable (Mescheder et al. 2018, Eq. 9).
  /// - Parameters:
  ///   - reals: `[N, C, H, W]`, a leaf that requires gradients.
  ///   - realScores: D(reals), `[N, 1]`.
  ///   - scale: s, of ``gradientScale(at:of:)``.
  public func r1Penalty(reals: Tensor, realScores: Tensor, scale: Double = 1) -> Tensor {
    let gradient = gradients(of: realScores.sum(), withRespectTo: [reals], createGraph: true)[0]
    return gradient.to(.float32).squared().sum(over: [1, 2, 3]).mean() * (gamma / 2 * scale * scale)
  }

  /// λ·E[(‖s·∇D(x̂)‖ − 1)²], x̂ = x + u·(G(z) − x), differentiable (Gulrajani et al. 2017, Eq. 3).
  ///
  /// 1e−12 is added under the root, because its slope at 0 is infinite.
  /// - Parameters:
  ///   - reals: x, `[N, C, H, W]`
  ///   - fakes: G(z), the same shape
  ///   - position: u, uniform in 0…1, `[N, 1, 1, 1]`
  ///   - scale: s, of ``gradientScale(at:of:)``.
  ///   - discriminator: D
  public func gradientPenalty(
    reals: Tensor, fakes: Tensor, position: Tensor, scale: Double = 1, discriminator: (Tensor) -> Tensor
  ) -> Tensor {
    let between = (reals + (fakes - reals) * position).requiringGradient()
    let gradient = gradients(of: discriminator(between).sum(), withRespectTo: [between], createGraph: true)[0]
    let norm = (gradient.to(.float32).squared().sum(over: [1, 2, 3]) * (scale * scale) + 1e-12).squareRoot()
    return (norm - 1).squared().mean() * gamma
  }

  /// ε·E[D(x)²] (PGGAN §A.1).
  /// - Parameter realScores: D(x), `[N, 1]`
  public func driftTerm(realScores: Tensor) -> Tensor { realScores.squared().mean() * drift }
}
