import ArgumentParser
import Datasets
import Files
import Foundation
import Images

/// `stylegan dataset build`: writes a ZIP dataset.
struct DatasetBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Make a ZIP dataset (NVIDIA's layout) from images of any kind.",
    discussion: """
      To resume an interrupted build, give the same command again.

      Examples:
        stylegan dataset build photos/ photos.zip --resolution 64
        stylegan dataset build scans.zip small.zip --resolution 32 --channels 1 \\
            --resize area --skip-bad
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.", completion: .data)
  var source: String
  @Argument(help: "The dataset to write, a .zip file.", completion: .file(extensions: ["zip"])) var destination: String
  @Option(parsing: .unconditional, help: "Side of the images, a power of two from 4 to 1024.") var resolution: Int
  @Option(help: "For images that are not square: center crops to the central square, none stretches them.")
  var crop = DatasetBuilder.Crop.center
  @Option(help: "The filter for resizing images.") var resize = DatasetBuilder.Resize.lanczos
  @Option(parsing: .unconditional, help: "Channels: 1, 3 or 4 (default: those of the images, 3 if they differ).")
  var channels: Int?
  @Option(parsing: .unconditional, help: "Number of threads that decode, resize and encode.")
  var threads = UsableProcessors.count
  @Flag(help: "Skip images that cannot be read, and list them.") var skipBad = false
  @Flag(help: "Replace the dataset if it exists.") var force = false
  @OptionGroup var output: OutputArguments

  func validate() throws { try requireRange("--threads", threads, 1...1024) }

  func run() throws {
    try StyleGANTool.run {
      let builder = DatasetBuilder(
        resolution: resolution, crop: crop, resize: resize, channels: channels, skipsBad: skipBad)
      if destination.lowercased().hasSuffix(".zip") {
        // The builder decides about an existing data set, but even --force must not replace the source.
        try Outputs(inputs: [source]).check([destination]) { _ in true }
      }
      var line = ProgressLine(unit: "images", quiet: output.quiet)
      var saidResumed = false
      var skipped: [String] = []
      var notes: [String] = []
      do {
        func show(_ progress: DatasetBuilder.Progress) {
          if progress.resumed > 0, !saidResumed {
            output.note("resuming after \(counted(progress.resumed, "image"))")
            saidResumed = true
          }
          if let error = progress.skipped {
            line.clear()
            skipped.append(((error as? any UserFacingError)?.sentence ?? "\(error)").shown)
            output.note("skipped: \(skipped.last!)")
          }
          line.show(progress.done, of: progress.total, before: progress.resumed)
        }
        let summary = try builder.build(
          source, to: destination, replacing: force, threads: threads, progress: show,
          notice: {
            notes.append($0.hasPrefix("note: ") ? String($0.dropFirst(6)) : $0)
            output.note($0)
          })
        line.clear()
        if !summary.classes.isEmpty {
          let list = summary.classes.prefix(10).map { "\($0.name.shown) \($0.images)" }.joined(separator: ", ")
          output.say(
            "\(counted(summary.classes.count, "class", "classes")): \(list)\(summary.classes.count > 10 ? ", …" : "")")
        }
        output.say(
          "\(destination.shown): \(counted(summary.images, "image")) of \(resolution)×\(resolution)×\(summary.channels)"
            + (summary.skipped > 0 ? ", \(summary.skipped) skipped" : "")
            + (summary.conversions.isEmpty ? "" : " (\(summary.conversions.joined(separator: "; ")))"))
        try output.finish(
          Results(
            path: destination, images: summary.images, resolution: resolution, channels: summary.channels,
            skipped: summary.skipped, skippedImages: skipped, conversions: summary.conversions,
            classes: summary.classes, notes: notes))
      } catch {
        line.clear()
        if DatasetBuilder.isSkippable(error), !skipBad, !isAboutTheWhole(error, source) {
          output.note("note: 'stylegan dataset check' lists all such images; --skip-bad skips them")
        } else if FileSystem.exists(DatasetBuilder.partialFolder(of: destination)) {
          output.note("note: the finished part is kept; give the same command again to resume")
        }
        throw error
      }
    }
  }
}

extension DatasetBuild {
  /// The output of `--json`.
  private struct Results: Encodable {
    /// The written file.
    let path: String
    /// The number of images, their side in pixels, and their channels.
    let images, resolution, channels: Int
    /// The number of images that cannot be read, and a sentence about each that this command met.
    let skipped: Int
    let skippedImages: [String]
    /// What was converted to other channels: "alpha of 3 images is composited on white".
    let conversions: [String]
    /// The classes with their numbers of images.
    let classes: [DatasetDescription.Label]
    /// What was left out, one sentence each.
    let notes: [String]
  }

}

extension OutputArguments {
  /// After an error about one of the images of a dataset, says how to find and leave out all such images.
  func explainBadImage(_ error: any Error, of source: String) {
    guard DatasetBuilder.isSkippable(error), !isAboutTheWhole(error, source) else { return }
    note("note: 'stylegan dataset check' lists all such images; 'stylegan dataset build --skip-bad' leaves them out")
  }
}

/// Whether the dataset itself cannot be used, not one of its images.
private func isAboutTheWhole(_ error: any Error, _ source: String) -> Bool {
  switch error {
  case let error as FileError: error.path == source
  case DatasetError.malformed(let path, _): path == source
  default: false
  }
}

extension DatasetBuilder.Crop: ExpressibleByArgument {}
extension DatasetBuilder.Resize: ExpressibleByArgument {}
