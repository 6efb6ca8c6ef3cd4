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
        stylegan dataset build scans.zip small.zip --resolution 32 --channels 1 --resize area --skip-bad
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.") var source: String
  @Argument(help: "The dataset to write, a .zip file.") var destination: String
  @Option(parsing: .unconditional, help: "Side of the images, a power of two from 4 to 1024.") var resolution: Int
  @Option(help: "For images that are not square: center crops to the central square, none stretches them.")
  var crop = DatasetBuilder.Crop.center
  @Option(help: "The filter for resizing images.") var resize = DatasetBuilder.Resize.lanczos
  @Option(parsing: .unconditional, help: "Channels: 1, 3 or 4 (default: those of the images, 3 if they differ).")
  var channels: Int?
  @Option(parsing: .unconditional, help: "Number of threads that decode, resize and encode.")
  var threads = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Skip images that cannot be read, and list them.") var skipBad = false
  @Flag(help: "Replace the dataset if it exists.") var force = false

  func validate() throws { try requireRange("--threads", threads, 1...1024) }

  func run() throws {
    try StyleGANTool.run {
      let builder = DatasetBuilder(
        resolution: resolution, crop: crop, resize: resize, channels: channels, skipsBad: skipBad)
      var line = ProgressLine(unit: "images")
      var saidResumed = false
      do {
        let summary = try builder.build(source, to: destination, replacing: force, threads: threads) { progress in
          if progress.resumed > 0, !saidResumed {
            printError("resuming after \(counted(progress.resumed, "image"))")
            saidResumed = true
          }
          if let error = progress.skipped {
            line.clear()
            printError("skipped: \((error as? any UserFacingError)?.sentence ?? "\(error)")")
          }
          line.show(progress.done, of: progress.total, before: progress.resumed)
        }
        line.clear()
        print(
          "\(destination): \(counted(summary.images, "image")) of \(resolution)×\(resolution)×\(summary.channels)"
            + (summary.skipped > 0 ? ", \(summary.skipped) skipped" : ""))
      } catch {
        line.clear()
        if error is ImageError, !skipBad {
          printError("note: 'stylegan dataset check' lists all such images; --skip-bad skips them")
        } else if FileSystem.exists(DatasetBuilder.partialFolder(of: destination)) {
          printError("note: the finished part is kept; give the same command again to resume")
        }
        throw error
      }
    }
  }
}

extension DatasetBuilder.Crop: ExpressibleByArgument {}
extension DatasetBuilder.Resize: ExpressibleByArgument {}
