import ArgumentParser
import Datasets
import Files
import GANs

// Metrics of each class by itself.

extension Metrics {
  /// Measures each class of a conditional network against the real images of that class.
  func measureClasses(of file: NetworkFile, _ path: String, _ run: MetricRun, _ reals: (any ImageDataset)?) throws {
    let count = file.configuration.labelSize
    guard count > 0, file.labelKind == .classes else {
      throw ValidationError("--per-class needs a network with classes, and \(path) has none: leave it out")
    }
    if let reals, reals.labelCount != count {
      throw ValidationError(
        "--per-class: \(data!) has \(counted(reals.labelCount, "class", "classes")), but \(path) has \(count)")
    }
    if let reals, let different = file.differentClass(from: reals) {
      throw ValidationError("--per-class: the classes of \(data!) are not those of \(path): \(different)")
    }
    let names = (0..<count).map { file.labelNames.isEmpty ? "\($0)" : file.labelNames[$0] }
    let folder = outdir ?? Folder.of(path)
    try prepare(folder, inputs: [path])
    output.explain("\(path), \(weights.rawValue) weights, \(count) classes")
    var (results, isFirst): ([MetricResult], Bool) = ([], true)
    for (label, name) in names.enumerated() {
      let images = reals.flatMap { $0.images(ofClass: label) }
      if reals != nil, images == nil {
        output.note("note: \(data!) has no images of the class \(name.shown), which is left out")
        continue
      }
      var run = run
      run.classNames = names
      run.cautions = isFirst
      run.samples = samples ?? Self.samples(of: run.metrics, classes: count)
      let subject = try run.subject(
        file, raw: weights == .raw, reals: images, labels: LabelDistribution(only: label, of: count))
      if let obstacle = run.obstacle(subject, images) { throw obstacle }
      if isFirst { output.explain(run.table().heading) }
      isFirst = false
      try run(subject, images, folder: folder) { result in
        result.kimg = file.history?.kimg
        result.network = FileSystem.name(of: path)
        (result.weights, result.data, result.label) = (weights.rawValue, data, name)
        results.append(result)
      }
    }
    try output.finish(Results(network: path, results: results))
  }

  /// The usual number of fakes, divided among the classes.
  private static func samples(of metrics: [Metric], classes: Int) -> Int {
    max(16, (metrics.map(\.usualSamples).max() ?? 0) / classes)
  }
}
