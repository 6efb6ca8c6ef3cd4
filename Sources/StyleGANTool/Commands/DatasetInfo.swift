import ArgumentParser
import Datasets
import Files
import Foundation

/// `stylegan dataset info`: what training would see.
struct DatasetInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Describe a dataset as training would see it.",
    discussion: """
      Examples:
        stylegan dataset info photos.zip
        stylegan dataset info photos/ --resolution 64 --json
        stylegan dataset info fashion-mnist --benchmark --threads 2
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.")
  var path: String

  @Option(parsing: .unconditional, help: "Crop and resize images to this side, a power of two from 4 to 1024.")
  var resolution: Int?

  @Option(parsing: .unconditional, help: "Convert images to 1, 3 or 4 channels.")
  var channels: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Also measure how many images a second can be read.")
  var benchmark = false

  @Option(parsing: .unconditional, help: "Threads that read, for --benchmark.")
  var threads = 1

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads is \(threads), but must be 1 to 1024") }
  }

  func run() throws {
    try StyleGANTool.run {
      let dataset = try DatasetSource.open(
        path, resolution: resolution, channels: channels, cacheLimit: benchmark ? 0 : 1 << 30,
        notice: { printError($0) })
      let description = DatasetDescription(dataset)
      let rate = benchmark ? try DatasetBenchmark.rate(of: dataset, threads: threads) : nil
      if json {
        var object = description
        object.imagesPerSecond = rate
        print(try JSON.pretty(object))
      } else {
        for line in description.lines { print(line) }
        if let rate { print("reading      \(Int(rate)) images/s on \(counted(threads, "thread"))") }
      }
    }
  }
}
