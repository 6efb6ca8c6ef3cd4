import ArgumentParser
import Datasets
import Files
import Foundation

/// `stylegan dataset info`: describes a dataset.
struct DatasetInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Describe a dataset as a training sees it.",
    discussion: """
      Examples:
        stylegan dataset info photos.zip
        stylegan dataset info photos/ --resolution 64 --json
        stylegan dataset info fashion-mnist --benchmark --threads 2
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.", completion: .data)
  var path: String
  @Option(parsing: .unconditional, help: "Crop and resize images to this side, a power of two from 4 to 1024.")
  var resolution: Int?
  @Option(parsing: .unconditional, help: "Convert images to 1, 3 or 4 channels.") var channels: Int?
  @Flag(help: "Also measure the reading speed in images per second.") var benchmark = false
  @Option(parsing: .unconditional, help: "Number of threads that read, for --benchmark.") var threads = 1
  @OptionGroup var output: OutputArguments

  func validate() throws { try requireRange("--threads", threads, 1...1024) }

  func run() throws {
    try StyleGANTool.run {
      var line = ProgressLine(unit: "files", quiet: output.quiet)
      let dataset: any ImageDataset
      do {
        defer { line.clear() }
        dataset = try DatasetSource.open(
          path, resolution: resolution, channels: channels, cacheLimit: benchmark ? 0 : 1 << 30, notice: output.note,
          progress: { line.show($0, of: $1) })
      } catch {
        output.explainBadImage(error, of: path)
        throw error
      }
      var description = DatasetDescription(dataset)
      let rate = benchmark ? try DatasetBenchmark.rate(of: dataset, threads: threads) : nil
      description.imagesPerSecond = rate
      for line in description.lines { output.say(line) }
      if let rate { output.say("reading      \(Int(rate)) images/s on \(counted(threads, "thread"))") }
      try output.finish(description)
    }
  }
}
