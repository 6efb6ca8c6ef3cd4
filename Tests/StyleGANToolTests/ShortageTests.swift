import Foundation
import Testing
import _TestSupport

/// Pictures that do not fit the memory are sound: no command calls them damaged or leaves them out.
@Suite struct ShortageTests {
  /// Kilobytes of address space: enough for the program, not for the pictures.
  private static let limit = 1_100_000

  /// Whether the program starts under that limit: some builds of libtorch take more.
  private static let starts =
    (try? Program.run(["dataset", "check", "/nowhere"], in: "/", shell: "ulimit -v \(limit); \"$@\""))?.exitCode == 66

  @Test(
    .enabled(if: starts), arguments: ["vast.webp", "vast.tif"],
    ["check in --resolution 16", "build in out.zip --resolution 16 --channels 1 --skip-bad --threads 1"])
  func shortageOfMemoryIsNoDamage(file: String, command: String) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("in"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: "\(Program.package)/Tests/ImagesTests/Fixtures/\(file)", toPath: folder.file("in/\(file)"))
    try FileManager.default.copyItem(
      atPath: "\(Program.package)/Tests/ImagesTests/Fixtures/rgb.png", toPath: folder.file("in/a.png"))
    let outcome = try Program.run(
      ["dataset"] + command.split(separator: " ").map(String.init), in: folder.path,
      shell: "ulimit -v \(Self.limit); \"$@\"")
    #expect(outcome.exitCode == 71, "\(outcome)")
    #expect(outcome.errors.contains("not enough memory for"), "\(outcome.errors)")
    #expect(outcome.errors.contains(file), "\(outcome.errors)")
    #expect(!(outcome.output + outcome.errors).contains("damaged") && !outcome.errors.contains("skipped"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("out.zip")))
  }

  /// libvips loads some decoders from files of its own; without descriptors these pictures seem of no known format.
  @Test(arguments: ["noise.avif", "grey.bmp"], ["check in", "build in out.zip --resolution 16 --skip-bad"])
  func shortageOfDescriptorsIsNoDamage(file: String, command: String) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("in"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: "\(Program.package)/Tests/ImagesTests/Fixtures/\(file)", toPath: folder.file("in/\(file)"))
    let outcome = try Program.run(
      ["dataset"] + command.split(separator: " ").map(String.init), in: folder.path, shell: "ulimit -n 4; \"$@\"")
    #expect(outcome.exitCode == 71, "\(outcome)")
    #expect(outcome.errors.contains("too many files are open"), "\(outcome.errors)")
    #expect(!(outcome.output + outcome.errors).contains("damaged") && !outcome.errors.contains("skipped"))
  }
}
