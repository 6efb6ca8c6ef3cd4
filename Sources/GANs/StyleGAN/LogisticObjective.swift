import Torch

/// The non-saturating logistic loss with an R1 penalty (Goodfellow et al. 2014; Mescheder et al. 2018): StyleGAN's.
public struct LogisticObjective: Codable, Sendable, Equatable {
  /// γ of the R1 penalty; the paper's is 10.
  public var gamma: Double
  /// The penalty is applied every this many steps, k times as strong ("lazy" where k > 1, StyleGAN2 §3.1).
  public var penaltyInterval: Int

  /// An objective.
  public init(gamma: Double = 10, penaltyInterval: Int = 1) {
    self.gamma = gamma
    self.penaltyInterval = penaltyInterval
  }

  /// L_G = E[log(1 + e^−D(G(z)))]
  /// - Parameter fakeScores: `[N, 1]`
  public func generatorLoss(fakeScores: Tensor) -> Tensor { (-fakeScores).softplus().mean() }

  /// L_D = E[log(1 + e^−D(x))] + E[log(1 + e^D(G(z)))], before the penalty.
  /// - Parameters:
  ///   - realScores: `[N, 1]`
  ///   - fakeScores: `[N, 1]`
  public func discriminatorLoss(realScores: Tensor, fakeScores: Tensor) -> Tensor {
    (-realScores).softplus().mean() + fakeScores.softplus().mean()
  }

  /// R1: γ/2·E‖∇ₓD(x)‖² on reals, differentiable (Mescheder et al. 2018, Eq. 9).
  /// - Parameters:
  ///   - reals: `[N, C, H, W]`, a leaf that requires gradients.
  ///   - realScores: D(reals), `[N, 1]`.
  public func penalty(reals: Tensor, realScores: Tensor) -> Tensor {
    let gradient = gradients(of: realScores.sum(), withRespectTo: [reals], createGraph: true)[0]
    return gradient.to(.float32).squared().sum(over: [1, 2, 3]).mean() * (gamma / 2)
  }

  /// c = k/(k + 1): the optimizer of a network that is regularised every k-th step takes one step more in k, so its
  /// learning rate is multiplied by c and its β are raised to c (StyleGAN2 §B). 1 where k = 1.
  public var lazyCorrection: Double {
    penaltyInterval > 1 ? Double(penaltyInterval) / Double(penaltyInterval + 1) : 1
  }
}
