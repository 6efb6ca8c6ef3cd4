import Foundation
import Images
import Testing
import _TestSupport

/// Pictures that are not square, transparent pictures and pixel art, as their users meet them.
@Suite struct PictureShapeTests {
  private let folder: TemporaryFolder

  /// Pictures of a disc; with alpha on transparent ground.
  init() throws { folder = try TemporaryFolder() }

  private func fill(_ name: String, width: Int, height: Int, channels: Int) throws {
    try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    for index in 0..<16 {
      let pixels = (0..<width * height).flatMap { at -> [UInt8] in
        let (x, y) = (at % width - width / 2, at / width - height / 2)
        let isInside = x * x + y * y < 9 + index
        let color: [UInt8] = isInside ? [UInt8(100 + 5 * index), 60, 20] : [0, 0, UInt8(index)]
        return channels == 4 ? color + [isInside ? 255 : 0] : color
      }
      try Image(width: width, height: height, channels: channels, pixels: pixels)
        .write(to: folder.file("\(name)/\(index + 10).png"))
    }
  }

  @discardableResult private func run(_ line: String) throws -> Program.Outcome {
    let outcome = try Program.run(line.split(separator: " ").map(String.init), in: folder.path)
    #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    return outcome
  }

  private func refused(_ line: String, _ sentence: String, code: Int32 = 64) throws {
    let outcome = try Program.run(line.split(separator: " ").map(String.init), in: folder.path)
    #expect(outcome.exitCode == code && outcome.errors.contains(sentence), "\(line): \(outcome.errors)")
  }

  private func train(_ more: String) throws -> String {
    try run(
      "train --kimg 0.004 --tick 0.004 --snap 1 --no-growing \(more) "
        + smallTraining.filter { $0 != "--fade-kimg" && $0 != "--stable-kimg" && $0 != "0.008" }.joined(separator: " "))
    return "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).max()))
  }

  private func picture(_ path: String) throws -> Image {
    try ImageDecoder.decode(contentsOf: folder.file(path), pages: .first)
  }

  /// A data set of 12×16 pictures, one step of training, and pictures of 12×16.
  @Test func picturesThatAreNotSquare() throws {
    try fill("posters", width: 24, height: 40, channels: 3)
    let built = try run("dataset build posters posters.zip --width 12 --height 16")
    #expect(built.output.contains("posters.zip: 16 images of 16×16×3, with pictures of 12×16"))
    #expect(try run("dataset info posters.zip").output.contains("pictures     12×16 at (2, 0), the rest is padding"))
    let network = try train("--data posters.zip")
    #expect(try run("inspect \(network)").output.contains("pictures of 12×16, padded at (2, 0)"))
    #expect(try run("inspect \(network) --json").output.contains("\"pictureArea\""))
    try run("generate --network \(network) --seeds 0-2 --outdir out")
    #expect(try [picture("out/seed0001.png")].map { [$0.width, $0.height, $0.channels] } == [[12, 16, 3]])
    try run("generate --network \(network) --grid 3x2 --scale 2 --outdir out")
    #expect(try [picture("out/grid.png")].map { [$0.width, $0.height] } == [[72, 64]])
    try run("style-mixing --network \(network) --rows 1 --cols 2,3 --styles 0 --outdir out")
    #expect(try [picture("out/style-mixing.png")].map { [$0.width, $0.height] } == [[3 * 13 + 1, 2 * 17 + 1]])
    try run(
      "interpolate --network \(network) --seeds 0,1 --frames 2 --steps 2 --scale 1 --outdir out --format webp,png")
    #expect(try [picture("out/interpolation.webp")].map { [$0.width, $0.height] } == [[12, 16]])
    #expect(try [picture("out/frames/frame00000.png")].map { [$0.width, $0.height] } == [[12, 16]])
    #expect(try picture("out/interpolation.png").height == 16)
    // A photograph, a picture of the data, and a picture of other data.
    for line in ["posters/12.png", "--data posters.zip --items 3", "--data posters --items 4"] {
      try run("project \(line) --network \(network) --steps 1 --outdir projected")
    }
    for name in ["12", "item00003", "item00004"] {
      let triple = try picture("projected/\(name)-projected.png")
      #expect(triple.width == 36 && triple.height == 16)
      // The target itself: the disc is in its middle, and no padding at its left.
      #expect(triple.pixels[(8 * 36 + 6) * 3] > 90 && triple.pixels[(8 * 36) * 3 + 2] > 0)
    }
    try run("metrics --network \(network) --data posters.zip --metrics swd --samples 8")
    try refused(
      "metrics --network \(network) --data posters --metrics swd --samples 8", "padded, with pictures 12×16 at (2, 0)")
    let fakes = try #require(Program.names(folder.file(network)).first { $0.hasPrefix("fakes") })
    #expect(try picture("\(network)/\(fakes)").width % 12 == 0)
    #expect(try picture("\(network)/reals.png").width == 16 * 12)
  }

  @Test func sizesThatCannotBeAreRefused() throws {
    try fill("in", width: 8, height: 8, channels: 3)
    for (options, sentence) in [
      ("", "give --resolution, or --width and --height"), ("--width 8", "--width is one side: give both"),
      ("--height 8", "--height is one side: give both"),
      ("--width 0 --height 8", "--width is 0, but must be 1 to 1024"),
      ("--width 8 --height 1025", "--height is 1025, but must be 1 to 1024"),
      ("--width 8 --height 4 --resolution 8", "--resolution is for square images"),
      ("--resolution 8 --resize cubic", "--resize"),
    ] {
      try refused("dataset build in out.zip \(options)", sentence)
    }
    try refused("train --data in --resize nearest --dry-run", "--resize is for pictures that are resized")
  }

  /// Transparent pictures: drawn with alpha in every format that has it.
  @Test func transparentPictures() throws {
    try fill("stickers", width: 16, height: 16, channels: 4)
    let network = try train("--data stickers --channels 4")
    try run("generate --network \(network) --seeds 0 --outdir out")
    try run("generate --network \(network) --grid 2x2 --outdir out")
    try run("style-mixing --network \(network) --rows 1 --cols 2 --styles 0 --outdir out")
    try run("interpolate --network \(network) --seeds 0,1 --frames 2 --steps 2 --format webp,png --outdir out")
    let fakes = try #require(Program.names(folder.file(network)).first { $0.hasPrefix("fakes") })
    for path in [
      "out/seed0000.png", "out/grid.png", "out/style-mixing.png", "out/interpolation.png", "out/interpolation.webp",
      "out/frames/frame00000.png", "\(network)/\(fakes)", "\(network)/reals.png",
    ] {
      let image = try picture(path)
      #expect(image.channels == 4, "\(path)")
      let alphas = stride(from: 3, to: image.pixels.count, by: 4).map { image.pixels[$0] }
      #expect(alphas.contains { $0 < 255 }, "\(path)")
    }
  }

  /// Pixel art resized while it is read: reals.png has its palette, and a resumed run reads it in the same way.
  @Test func pixelArt() throws {
    try fill("art", width: 48, height: 48, channels: 3)
    let network = try train("--data art --resolution 16 --resize nearest")
    let reals = try picture("\(network)/reals.png")
    let colors = Set(stride(from: 0, to: reals.pixels.count, by: 3).map { Array(reals.pixels[$0..<$0 + 3]) })
    #expect(colors.isSubset(of: (0..<16).flatMap { [[UInt8(100 + 5 * $0), 60, 20], [0, 0, UInt8($0)]] }))
    try refused("train --resume latest --kimg 0.008 --resize area", "cannot change --resize")
    try run("train --resume latest --kimg 0.008")
    try run("metrics --network \(network) --data art --metrics swd --samples 8")
  }
}

extension Program {
  /// The names in a folder.
  fileprivate static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }
}
