import ArgumentParser
import Datasets
import Foundation
import GANs
import Images

struct Figures: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw the figures of the StyleGAN paper from a network.",
    usage: """
      stylegan figures --network <file> [--data <data>] [--only <figures>] [<options>]
      stylegan figures --only 6
      """,
    discussion: """
      Bands of layers (coarse, middle, fine) scale with the network's resolution.
      Figures:
        2  uncurated samples
        3  style mixing
        4  stochastic variation
        5  noise in all layers, none, fine, coarse
        6  two factors with one combination missing: Z is warped, W is not (only
           with --only 6: an experiment that trains three small networks)
        7  the data (needs --data)
        8  the truncation trick, ψ from 1 to −1

      Examples:
        stylegan figures --network runs/00000-stylegan-fashion-mnist-32 \\
          --data fashion-mnist --outdir figures
        stylegan figures --network net.safetensors --only 3,8 --seed 40
      """)

  @Option(
    help: ArgumentHelp("A network file, or the folder of a run (its newest network).", valueName: "file"),
    completion: .network)
  var network: String?
  @Option(help: "Figures to draw, such as 2,3 or 3-5 (default: all except 6; 7 needs --data).") var only: NumberList?
  @Option(parsing: .unconditional, help: "The first seed; the others are the next numbers.") var seed: UInt32 = 0
  @Option(
    name: .customLong("trunc"), parsing: .unconditional, help: "Truncation ψ of figures 2 to 5, 0.7 as in the paper.")
  var psi: Double = 0.7
  @Option(help: "The data of figure 7, as for 'stylegan train'.", completion: .data) var data: String?
  @OptionGroup var classes: ClassArguments
  @OptionGroup var compute: ComputeArguments
  @OptionGroup var pictures: PictureArguments

  /// The figures to draw.
  private func figures() throws -> [PaperFigure] {
    guard let only else { return PaperFigure.allCases.filter { $0 != .twoFactors && ($0 != .dataset || data != nil) } }
    return try only.values.map { number in
      guard let figure = PaperFigure(rawValue: Int(number)) else {
        let known = PaperFigure.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
        throw ValidationError("--only has \(number), but the figures are \(known)")
      }
      if figure == .dataset, data == nil { throw ValidationError("figure 7 shows the data: name it with --data") }
      return figure
    }
  }

  mutating func validate() throws {
    try requireRange("--trunc", psi, -100...100)
    if network == nil, try figures().contains(where: { $0 != .twoFactors }) {
      throw ValidationError("give a network with --network; only figure 6 needs none")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let figures = try figures()
      let device = try compute.apply()
      // Everything is opened before anything is written.
      let file = try network.map { try openNetwork($0, device: device) }
      var dataset: (any ImageDataset)?
      if let file, let data, figures.contains(.dataset) {
        dataset = try DatasetSource.open(
          data, resolution: file.configuration.dataResolution, channels: file.configuration.imageChannels,
          notice: pictures.output.note)
      }
      if figures.contains(where: { ![.twoFactors, .dataset].contains($0) }) { try file?.styleGenerator() }
      let showsNoise = figures.contains { $0 == .stochasticVariation || $0 == .noise }
      if let file, showsNoise, !file.configuration.traits.hasNoise {
        throw ValidationError(
          "figures 4 and 5 need noise inputs, but \(file.name) has none: choose other figures with --only")
      }
      let condition = try file.flatMap { try classes.condition(for: $0, device: device) }
      try pictures.prepare(
        figures.map(\.fileName), inputs: file.map { [$0.path] } ?? [], data: dataset == nil ? nil : data)
      var files: [WrittenFile] = []
      var experiments: [TwoFactors] = []
      if figures.contains(.twoFactors) { (files, experiments) = try drawTwoFactors() }
      if let file { files += try draw(figures, file, condition, dataset) }
      try pictures.output.finish(Results(network: file?.path, files: files, twoFactors: experiments))
    }
  }

  private func draw(
    _ figures: [PaperFigure], _ file: NetworkFile, _ condition: Condition?, _ dataset: (any ImageDataset)?
  ) throws -> [WrittenFile] {
    let renderer = Renderer(
      file, truncation: Truncation(psi: psi), condition: condition, compute: Compute(precision: compute.precision))
    let seeds = { (count: UInt32) in (0..<count).map { seed &+ $0 } }
    return try figures.compactMap { figure in
      let image: Image
      switch figure {
      case .samples: image = try renderer.samplesFigure(seed: seed)
      case .styleMixing: image = try renderer.styleMixingFigure(seed: seed)
      case .stochasticVariation: image = try renderer.stochasticVariationFigure(seeds: seeds(3))
      case .noise: image = try renderer.noiseFigure(seeds: seeds(3))
      case .twoFactors: return nil
      case .dataset: image = try datasetFigure(dataset!)
      case .truncation: image = try renderer.truncationFigure(seeds: seeds(4))
      }
      return try pictures.write(image, as: figure.fileName)
    }
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    let network: String?
    let files: [WrittenFile]
    /// The experiments of figure 6; empty without it.
    let twoFactors: [TwoFactors]
  }

  /// An experiment of figure 6.
  private struct TwoFactors: Encodable {
    let seed: Int
    /// Path lengths, and R² of linear maps to the factors.
    let pathLengthZ, pathLengthW, linearityZ, linearityW: Double
    /// The share of pictures in the quarter that the data lacks, 0…1.
    let missing: Double
  }

  /// Runs three experiments. The figure shows the first.
  private func drawTwoFactors() throws -> ([WrittenFile], [TwoFactors]) {
    var line = ProgressLine(unit: "steps", quiet: pictures.output.quiet)
    let table = Table([
      .text("seed"), .number("path length Z"), .number("path length W"), .number("R² Z"), .number("R² W"),
      .number("in the missing quarter"),
    ])
    pictures.output.explain(table.heading)
    var (files, experiments): ([WrittenFile], [TwoFactors]) = ([], [])
    for number in 0..<3 {
      let result = TwoFactorExperiment(seed: UInt64(seed) + UInt64(number)).run { done, total in
        line.show(number * total + done, of: 3 * total)
      }
      line.clear()
      experiments.append(
        TwoFactors(
          seed: Int(seed) + number, pathLengthZ: result.pathLengthZ, pathLengthW: result.pathLengthW,
          linearityZ: result.linearityZ, linearityW: result.linearityW, missing: result.missing))
      let numbers = [result.pathLengthZ, result.pathLengthW, result.linearityZ, result.linearityW]
      pictures.output.say(
        table.line(
          ["\(Int(seed) + number)"] + numbers.map { String(format: "%.3f", $0) } + [percent(result.missing)]))
      if number == 0 { files.append(try pictures.write(try result.figure(), as: PaperFigure.twoFactors.fileName)) }
    }
    return (files, experiments)
  }
}
