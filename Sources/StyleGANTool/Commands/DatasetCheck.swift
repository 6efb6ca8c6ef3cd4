import ArgumentParser
import Datasets
import Files
import Foundation

/// `stylegan dataset check`: reads every image before a training does.
struct DatasetCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read every image of a dataset and list all problems.",
    discussion: """
      The exit code is 65 if there is a problem.

      Examples:
        stylegan dataset check photos/
        stylegan dataset check photos/ --resolution 64 --channels 3 --json
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.", completion: .data)
  var path: String
  @Option(parsing: .unconditional, help: "Accept larger images: they will be cropped and resized to this side.")
  var resolution: Int?
  @Option(
    parsing: .unconditional, help: "The images will be converted to 1, 3 or 4 channels (default: 3 if they differ).")
  var channels: Int?
  @Option(parsing: .unconditional, help: "Number of threads that read.")
  var threads = UsableProcessors.count
  @OptionGroup var output: OutputArguments

  func validate() throws { try requireRange("--threads", threads, 1...1024) }

  func run() throws {
    try StyleGANTool.run {
      var line = ProgressLine(unit: "images", quiet: output.quiet)
      defer { line.clear() }
      let inspection = try DatasetInspection(of: path, resolution: resolution, channels: channels, threads: threads) {
        line.show($0, of: $1)
      }
      line.clear()
      for problem in inspection.problems { output.say("\(problem.name.shown): \(problem.detail)") }
      let sizes = inspection.sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      for (size, count) in sizes.prefix(10) { output.say("\(count) of \(size)") }
      if sizes.count > 10 { output.say("and \(sizes.count - 10) more sizes") }
      if inspection.mixedChannels > 0 {
        output.say(
          "\(counted(inspection.mixedChannels, "image")) with other channels than the most: a training converts all to 3, "
            + "or to --channels")
      }
      let classes = inspection.classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      if let most = classes.first, let least = classes.last {
        output.say(
          counted(classes.count, "class", "classes")
            + ", from \(counted(most.value, "image")) (\(most.key.shown)) to \(least.value) (\(least.key.shown))")
      }
      if let size = inspection.labelVectorSize { output.say("label vectors of \(counted(size, "number"))") }
      for sentence in inspection.omissions.sentences(of: path) { output.say(sentence) }
      if inspection.omissions.others > 0 {
        output.say("\(counted(inspection.omissions.others, "other file")) (texts, tables, hidden) not used")
      }
      output.say(
        "\(counted(inspection.images, "image")) in the \(inspection.kind): "
          + (inspection.problems.isEmpty ? "no problems" : counted(inspection.problems.count, "problem")))
      try output.finish(inspection)
      if !inspection.problems.isEmpty { throw ExitCode(65) }
    }
  }
}
