import ArgumentParser
import Datasets
import Foundation
import Images

/// `stylegan dataset build`: any pictures to a ZIP dataset.
struct DatasetBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Make a ZIP dataset (NVIDIA's layout) of any images.",
    discussion: """
      A build that was interrupted goes on when the same command is given again.

      Examples:
        stylegan dataset build photos/ photos.zip --resolution 64
        stylegan dataset build scans.zip small.zip --resolution 32 --channels 1 --resize area --skip-bad
      """)

  @Argument(help: "A folder of images, a .zip, an IDX or CIFAR-10 file, or fashion-mnist.")
  var source: String

  @Argument(help: "The dataset to make, with the extension .zip.")
  var destination: String

  @Option(parsing: .unconditional, help: "Side of the images, a power of two from 4 to 1024.")
  var resolution: Int

  @Option(help: "What becomes of images that are not square: center takes the middle, none stretches.")
  var crop = DatasetBuilder.Crop.center

  @Option(help: "How images are resized.")
  var resize = DatasetBuilder.Resize.lanczos

  @Option(parsing: .unconditional, help: "Channels: 1, 3 or 4. By default what the images have, 3 if they differ.")
  var channels: Int?

  @Option(parsing: .unconditional, help: "Threads that decode, resize and encode.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Leave out images that cannot be read, and say which.")
  var skipBad = false

  @Flag(help: "Replace the dataset if it exists.")
  var force = false

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads is \(threads), but must be 1 to 1024") }
  }

  func run() throws {
    try StyleGANTool.run {
      let builder = DatasetBuilder(
        resolution: resolution, crop: crop, resize: resize, channels: channels, skipsBad: skipBad)
      var line = ProgressLine(unit: "images")
      var saidResumed = false
      do {
        let summary = try builder.build(source, to: destination, replacing: force, threads: threads) { progress in
          if progress.resumed > 0, !saidResumed {
            printError("going on after \(progress.resumed) images")
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
          printError("note: `stylegan dataset check` lists all such images, --skip-bad leaves them out")
        } else if FileManager.default.fileExists(atPath: DatasetBuilder.partialFolder(of: destination)) {
          printError("note: what is done is kept; give the same command again to go on")
        }
        throw error
      }
    }
  }
}

extension DatasetBuilder.Crop: ExpressibleByArgument {}
extension DatasetBuilder.Resize: ExpressibleByArgument {}
