import Foundation
import Torch

extension MetricEvaluation {
  /// - Throws: ``Stopped`` where `shouldStop` returns true.
  func requireTime() throws { if shouldStop() { throw Stopped() } }

  func frechet(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let realCount = realCount(metric, count)
    func statistics(_ file: FeatureFile, _ count: Int) throws -> FeatureStatistics {
      var statistics: FeatureStatistics?
      for range in chunks(count, of: 1024) {
        let rows = try file.rows(range)
        if statistics == nil { statistics = FeatureStatistics(like: rows) }
        statistics!.add(rows)
      }
      return statistics!
    }
    let detector = detector(for: metric)!
    let real = try statistics(try reals(detector, .features, realCount), realCount)
    let fake = try statistics(try fakes(detector, .features, count), count)
    return result(
      metric, ["fid": frechetDistance(real, fake)], samples: ["real": realCount, "fake": count],
      detector: detector.name)
  }

  func kernel(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let (realCount, detector) = (realCount(metric, count), detector(for: metric)!)
    let (real, fake) = (try reals(detector, .features, realCount), try fakes(detector, .features, count))
    let value = try KernelDistance(seed: seed)(
      realCount: realCount, fakeCount: count,
      real: { rows in
        try self.requireTime()
        return try real.rows(rows)
      }, fake: { try fake.rows($0) }, progress: { self.progress("subsets", Int($0 * 100), 100) })
    return result(metric, ["kid": value], samples: ["real": realCount, "fake": count], detector: detector.name)
  }

  func precisionRecall(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let (realCount, detector) = (realCount(metric, count), detector(for: metric)!)
    let (real, fake) = (try reals(detector, .features, realCount), try fakes(detector, .features, count))
    let value = try PrecisionRecall()(
      realCount: realCount, fakeCount: count,
      real: { rows in
        try self.requireTime()
        return try real.rows(rows)
      }, fake: { try fake.rows($0) }, progress: { self.progress("neighbors", Int($0 * 100), 100) })
    return result(
      metric, ["precision": value.precision, "recall": value.recall], samples: ["real": realCount, "fake": count],
      detector: detector.name)
  }

  func inceptionScore(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let detector = detector(for: metric)!
    let file = try fakes(detector, .probabilities, count)
    var score = InceptionScore(total: count)
    for range in chunks(count, of: 1024) { score.add(try file.rows(range)) }
    let (mean, deviation) = score.result
    return result(metric, ["mean": mean, "std": deviation], samples: ["fake": count], detector: detector.name)
  }

  func pathLength(
    _ metric: Metric, _ space: PerceptualPathLength.Space, _ sampling: PerceptualPathLength.Sampling, _ count: Int
  ) throws -> MetricResult {
    guard space == .z || subject.generator!.mapping != nil else {
      throw MetricError(metric, "this generator has no W; measure ppl_z\(sampling.rawValue)")
    }
    let detector = detector(for: metric)!
    var length = PerceptualPathLength(space: space, sampling: sampling, samples: count, seed: seed)
    length.cropsFaces = cropsFaces
    lastPathLengths = try length.distances(
      subject.generator!,
      perceptual: { images in
        try self.requireTime()
        return try detector(images, .perceptual)
      }, progress: { self.progress("pairs", $0, count) })
    return result(
      metric, ["ppl": PerceptualPathLength.trimmedMean(lastPathLengths)], samples: ["pairs": count],
      detector: detector.name)
  }

  func separability(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let generator = subject.generator!
    let classifier = attributes ?? ClassAttributes(detector(for: metric)!)
    let z = RandomStream(seed: seed).normal([count, generator.zSize])
    var (ws, logits): ([Tensor], [Tensor]) = ([], [])
    for range in chunks(count, of: 64) {
      try requireTime()
      let part = z[range].to(generator.device)
      let noise = RandomStream(seed: seed &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(range.lowerBound + 1))
      let condition = generator.condition(part.size(0), noise)
      let w = generator.mapping?(part, condition) ?? part
      ws.append(w.to(.cpu))
      logits.append(try classifier(generator.synthesis(w, condition, noise, 1).quantized().to(.float32)))
      progress("fakes", range.upperBound, count)
    }
    let answers = Tensor.concatenated(logits)
    let measure = LinearSeparability(ranking: classifier.ranking)
    let spaces = [("z", z)] + (generator.mapping == nil ? [] : [("w", Tensor.concatenated(ws))])
    var attributes: [String: [LinearSeparability.Attribute]] = [:]
    for (space, latents) in spaces {
      for (i, name) in classifier.names.enumerated() {
        try requireTime()
        let column = answers.selected(i, along: 1).doubles
        attributes[space, default: []].append(measure(name, latents: latents, logits: column))
        progress("attributes in \(space.uppercased())", i + 1, classifier.names.count)
      }
    }
    let lsZ = LinearSeparability.score(attributes["z"]!)
    var found =
      attributes["w"].map {
        result(
          metric, ["ls_w": LinearSeparability.score($0), "ls_z": lsZ], samples: ["fake": count],
          detector: classifier.name)
      } ?? result(metric, ["ls_z": lsZ], samples: ["fake": count], detector: classifier.name)
    found.attributes = attributes
    return found
  }

  func slicedWasserstein(_ metric: Metric, _ count: Int) throws -> MetricResult {
    let distance = SlicedWassersteinDistance(samples: count, seed: seed)
    let real = RealImages(dataset: reals!, growth: subject.growth, seed: seed, device: device)
    let kept = try pictures(count).map { try filled($0) }
    let shape = [-1, subject.channels, subject.resolution, subject.resolution]
    let value = try distance(
      resolution: subject.resolution, channels: subject.channels, reals: real.images,
      fakes: { range in
        try self.requireTime()
        return try kept.map { try $0.rows(range).reshaped(shape).to(self.device) } ?? self.subject.images(range)
      }
    ) { share in progress("percent", Int(share * 100), 100) }
    var found = result(metric, ["average": value.average], samples: ["fake": count, "real": count], detector: nil)
    found.values = Dictionary(uniqueKeysWithValues: value.levels.map { (String($0.resolution), $0.distance) })
    return found
  }

  func similarity(_ metric: Metric, _ pairs: Int) throws -> MetricResult {
    let file = try filled(try similarities(pairs: pairs))
    let total = try chunks(2 * pairs, of: 1024).reduce(0.0) { $0 + (try file.rows($1)).sum().item }
    return result(metric, ["msssim": total / Double(2 * pairs)], samples: ["pairs": pairs], detector: nil)
  }
}
