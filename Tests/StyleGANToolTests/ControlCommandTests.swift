import Foundation
import Images
import Testing
import _TestSupport

/// The commands that control a network's pictures, run as a user runs them.
@Suite struct ControlCommandTests {
  static let mistakes: [BadInput] = [
    .init("figures", 64, "--network"),
    .init("figures --network net.safetensors --only 9 --outdir OUT/new", 64, "--only has 9"),
    .init("figures --network net.safetensors --only 7 --outdir OUT/new", 64, "--data"),
    .init("figures --network net.safetensors --trunc nan --outdir OUT/new", 64, "--trunc is nan"),
    .init("figures --network none.safetensors --outdir OUT/mine", 66, "none.safetensors"),
    .init("project --network net.safetensors --outdir OUT/new", 64, "name pictures"),
    .init("project picture.png --data good.idx3 --network net.safetensors --outdir OUT/new", 64, "name pictures"),
    .init("project picture.png --steps 0 --network net.safetensors --outdir OUT/new", 64, "--steps is 0"),
    .init("project picture.png --lr nan --network net.safetensors --outdir OUT/new", 64, "--lr is nan"),
    .init("project picture.png --space z --network net.safetensors --outdir OUT/new", 64, "--space"),
    .init("project none.png --network net.safetensors --outdir OUT/new", 66, "none.png"),
    .init("project data-text/a.png --network net.safetensors --outdir OUT/new", 65, "a.png"),
    .init("project --data good.idx3 --items 32 --network net.safetensors --outdir OUT/new", 64, "pictures 0 to 31"),
    .init("directions --network net.safetensors --count 0 --outdir OUT/new", 64, "--count is 0"),
    .init("directions --network net.safetensors --layers 8 --outdir OUT/new", 64, "layer 8"),
    .init("directions --network net.safetensors --only 8 --outdir OUT/new", 64, "--only has 8"),
    .init("directions --network net.safetensors --count 9 --outdir OUT/new", 64, "at most 8 dimensions of w"),
    .init("figures --network net.safetensors --only 7 --outdir OUT/new", 64, "name it with --data"),
    .init("directions --network net.safetensors --method labels --outdir OUT/new", 64, "--data"),
    .init("directions --network net.safetensors --method labels --data good.idx3 --outdir OUT/new", 64, "no labels"),
    .init("directions --network net.safetensors --strength nan --outdir OUT/new", 64, "--strength is nan"),
    .init("generate --network net.safetensors --seeds none.npz --outdir OUT/new", 66, "none.npz"),
    .init("generate --network net.safetensors --seeds net.safetensors --outdir OUT/new", 65, "no tensor 'w'"),
    .init("generate --network net.safetensors --seeds picture.safetensors --outdir OUT/new", 65, "picture.safetensors"),
    .init(
      "style-mixing --network net.safetensors --rows net.safetensors --cols 1 --outdir OUT/new", 65, "no tensor 'w'"),
    .init("interpolate --network net.safetensors --seeds 1,none.npz --space z --outdir OUT/new", 64, "great circles"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --space z --path cubic --outdir OUT/new", 64, "great circles"),
    .init("interpolate --network net.safetensors --seeds 1,2,3 --grid 2x1 --outdir OUT/new", 64, "divided among"),
    .init("interpolate --network net.safetensors --seeds 1,2 --format mov --outdir OUT/new", 64, "--format"),
    .init("interpolate --network net.safetensors --seeds 1,2 --format gif --fps 60 --outdir OUT/new", 64, "50 frames"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --background red --outdir OUT/new", 64, "for --format mp4"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --format mp4 --background nile --outdir OUT/new", 64, "#rrggbb"
    ),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --psi-to nan --path truncation --outdir OUT/new", 64, "nan"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --format mp4 --outdir OUT/new", 73, "needs the program ffmpeg",
      shell: "PATH=/nowhere; \"$@\""),
  ]

  @Test(arguments: mistakes) func mistakesAreExplained(input: BadInput) throws {
    let folder = try TemporaryFolder()
    try input.check(out: folder.path)
  }

  private func stylegan(_ line: String, _ folder: TemporaryFolder) throws -> [Substring] {
    let words = line.split(separator: " ").map { $0.replacingOccurrences(of: "OUT", with: folder.path) }
    let outcome = try Program.run(words, in: BadFiles.path)
    #expect(outcome.exitCode == 0 && outcome.errors == "", "\(line): \(outcome.errors)")
    return outcome.output.split(separator: "\n")
  }

  /// What a photograph is projected to is drawn, mixed and walked to like a seed.
  @Test func projectedPhotographsStandForSeeds() throws {
    let folder = try TemporaryFolder()
    let found = try stylegan("project picture.png --network net.safetensors --space w+ --steps 20 --outdir OUT", folder)
    #expect(found.count == 1 && found[0].hasSuffix(" dB"))
    #expect(folder.contents == ["picture-projected.png", "picture.npz", "picture.safetensors"])
    _ = try stylegan("generate --network net.safetensors --seeds OUT/picture.safetensors,3 --outdir OUT/a", folder)
    _ = try stylegan("generate --network net.safetensors --seeds OUT/picture.npz --outdir OUT/b", folder)
    let triple = try ImageDecoder.decode(contentsOf: folder.file("picture-projected.png"))
    let drawn = try ImageDecoder.decode(contentsOf: folder.file("a/picture.png"))
    let side = drawn.width
    #expect((triple.width, triple.height) == (3 * side, side))
    #expect(drawn == (try triple.cropped(x: side, y: 0, width: side, height: side)))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder.file("b/picture.png")))
        == Data(contentsOf: URL(fileURLWithPath: folder.file("a/picture.png"))))
    #expect(FileManager.default.fileExists(atPath: folder.file("a/seed0003.png")))
    _ = try stylegan(
      "style-mixing --network net.safetensors --rows OUT/picture.npz,1 --cols 2,3 --styles coarse --styles 3 --outdir OUT/c",
      folder)
    let table = try ImageDecoder.decode(contentsOf: folder.file("c/style-mixing.png"))
    #expect(table.height >= 5 * side && table.width >= 3 * side)
    _ = try stylegan(
      "interpolate --network net.safetensors --seeds OUT/picture.npz,1 --path mixing --frames 3 --format png --outdir OUT/d",
      folder)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("d/frames")).count == 6)
  }

  @Test func figuresDirectionsAndWalks() throws {
    let folder = try TemporaryFolder()
    let figures = try stylegan("figures --network net.safetensors --data good.idx3 --outdir OUT", folder)
    #expect(figures.count == 6)
    for path in figures { _ = try ImageDecoder.decode(contentsOf: String(path)) }
    for method in ["sefa", "pca"] {
      let lines = try stylegan(
        "directions --network net.safetensors --method \(method) --count 3 --layers fine --seeds 1,2 --steps 3 --outdir OUT/\(method)",
        folder)
      #expect(lines.count == 1 + 3 + 3)
    }
    _ = try stylegan(
      "interpolate --network net.safetensors --seeds 0-3 --path cubic --grid 2x1 --frames 2 --moving-noise --format png,webp --outdir OUT/g",
      folder)
    let frame = try ImageDecoder.decode(contentsOf: folder.file("g/frames/frame00003.png"))
    #expect(frame.width == 2 * frame.height)
    // A shorter animation leaves no frames of the longer one, but a picture of the user's.
    let mine = try frame.pngData()
    try Data(mine).write(to: URL(fileURLWithPath: folder.file("g/frames/frame00003.png")))
    _ = try stylegan(
      "interpolate --network net.safetensors --seeds 0,1 --frames 1 --format png --outdir OUT/g --quiet", folder)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("g/frames")).sorted()
        == ["frame00000.png", "frame00001.png", "frame00003.png"])
    let strip = try stylegan(
      "interpolate --network net.safetensors --seeds 5 --path truncation --frames 3 --steps 5 --outdir OUT/t", folder)
    #expect(strip.count == 2)
  }
}
