import ArgumentParser
import Datasets
import Foundation
import GANs
import Images

struct Figures: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw the figures of the StyleGAN paper from a network.",
    discussion: """
      Bands of layers (coarse, middle, fine) scale with the network's resolution.
      Figures:
        2  uncurated samples                 5  noise in all layers, none, fine, coarse
        3  style mixing                      7  the data (needs --data)
        4  stochastic variation              8  the truncation trick, ψ from 1 to −1
        6  two factors with one combination missing: Z is warped, W is not; an experiment that
           trains three small networks of its own, drawn only with --only 6

      Examples:
        stylegan figures --network runs/00000-stylegan-fashion-mnist-32 --data fashion-mnist --outdir figures
        stylegan figures --network net.safetensors --only 3,8 --seed 40
      """)

  @Option(help: ArgumentHelp("A network file, or the folder of a run (its newest network).", valueName: "file"))
  var network: String?
  @Option(help: "Figures to draw, such as 2,3 or 3-5 (default: all except 6; 7 needs --data).") var only: NumberList?
  @Option(parsing: .unconditional, help: "The first seed; the others are the next numbers.") var seed: UInt32 = 0
  @Option(
    name: .customLong("trunc"), parsing: .unconditional, help: "Truncation ψ of figures 2 to 5, 0.7 as in the paper.")
  var psi: Double = 0.7
  @Option(help: "The data of figure 7, as for 'stylegan train'.") var data: String?
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
      let file = try network.map { try NetworkFile(path: try newestNetwork(at: $0), device: device) }
      var dataset: (any ImageDataset)?
      if let file, let data, figures.contains(.dataset) {
        dataset = try DatasetSource.open(
          data, resolution: file.configuration.dataResolution, channels: file.configuration.imageChannels,
          notice: printError)
      }
      if figures.contains(where: { ![.twoFactors, .dataset].contains($0) }) { try file?.styleGenerator() }
      let showsNoise = figures.contains { $0 == .stochasticVariation || $0 == .noise }
      if let file, showsNoise, !file.configuration.traits.hasNoise {
        throw ValidationError(
          "figures 4 and 5 need noise inputs, but \(file.path) has none: choose other figures with --only")
      }
      let condition = try file.flatMap { try classes.condition(for: $0, device: device) }
      try pictures.prepare()
      if figures.contains(.twoFactors) { try drawTwoFactors() }
      if let file { try draw(figures, file, condition, dataset) }
    }
  }

  private func draw(
    _ figures: [PaperFigure], _ file: NetworkFile, _ condition: Condition?, _ dataset: (any ImageDataset)?
  ) throws {
    let renderer = Renderer(
      file, truncation: Truncation(psi: psi), condition: condition, compute: Compute(precision: compute.precision))
    let seeds = { (count: UInt32) in (0..<count).map { seed &+ $0 } }
    for figure in figures {
      let image: Image
      switch figure {
      case .samples: image = try renderer.samplesFigure(seed: seed)
      case .styleMixing: image = try renderer.styleMixingFigure(seed: seed)
      case .stochasticVariation: image = try renderer.stochasticVariationFigure(seeds: seeds(3))
      case .noise: image = try renderer.noiseFigure(seeds: seeds(3))
      case .twoFactors: continue
      case .dataset: image = try datasetFigure(dataset!)
      case .truncation: image = try renderer.truncationFigure(seeds: seeds(4))
      }
      try pictures.write(image, as: figure.fileName)
    }
  }

  /// Runs three experiments. The figure shows the first.
  private func drawTwoFactors() throws {
    var line = ProgressLine(unit: "steps")
    print("seed  path length Z  W  R² Z  W  in the missing quarter")
    func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
    for number in 0..<3 {
      let result = TwoFactorExperiment(seed: UInt64(seed) + UInt64(number)).run { done, total in
        line.show(number * total + done, of: 3 * total)
      }
      line.clear()
      let figures = [result.pathLengthZ, result.pathLengthW, result.linearityZ, result.linearityW, result.missing]
      print("\(Int(seed) + number)  " + figures.map(rounded).joined(separator: "  "))
      if number == 0 { try pictures.write(try result.figure(), as: PaperFigure.twoFactors.fileName) }
    }
  }
}
