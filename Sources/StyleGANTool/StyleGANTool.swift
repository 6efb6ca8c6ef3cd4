import ArgumentParser

@main
struct StyleGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stylegan",
    abstract: "Style-based generators: train on a folder of pictures, then draw, mix and explore.",
    discussion: """
      A first run:
        stylegan train --data fashion-mnist --width tiny --kimg 100
        stylegan generate --network runs/00000-…/network-snapshot-000100.safetensors --seeds 0-31 --grid 8x4

      Every command explains itself: stylegan help train
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Generate.self, StyleMixing.self, Interpolate.self, Project.self, FindDirections.self, Figures.self,
      Metrics.self, DetectorCommand.self, Inspect.self, Report.self, Bench.self,
      Dataset.self,
    ])
}
