import GANs
import Testing
import Torch

@Suite struct TwoFactorTests {
  @Test func theDataMissOneCombination() {
    let points = TwoFactorExperiment.data(4000, RandomStream(seed: 1)).floats
    let counts = stride(from: 0, to: 8000, by: 2).reduce(into: [0, 0, 0, 0]) { counts, at in
      counts[(points[at] > 0 ? 1 : 0) + (points[at + 1] > 0 ? 2 : 0)] += 1
    }
    #expect(counts[3] == 0)
    // Five deviations of a binomial distribution.
    for count in counts[..<3] { #expect(abs(count - 1333) < 150) }
  }

  /// The paper's claim, on a short training. Over the seeds 0 to 7 the path length is 1.64 to 4.10 in Z and 1.02 to 1.24 in
  /// W (at most 0.73 of Z's), R² is 0.07 to 0.89 in Z and 0.91 to 0.99 in W, and at most 2.7 % of the pictures are missing.
  @Test func wIsStraighterThanZ() throws {
    var experiment = TwoFactorExperiment(seed: 1)
    experiment.steps = 1200
    let result = experiment.run()
    print(
      "path length Z \(result.pathLengthZ), W \(result.pathLengthW); R² Z \(result.linearityZ), W \(result.linearityW)")
    #expect(result.missing < 0.05)
    #expect(result.pathLengthW > 0.9 && result.pathLengthW < result.pathLengthZ)
    #expect(result.linearityW > result.linearityZ)
    let figure = try result.figure()
    #expect((figure.width, figure.height) == (3 * 260 + 80, 26 + 260 + 44))
  }
}
