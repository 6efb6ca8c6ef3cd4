import Foundation
import Images
import Testing
import _TestSupport

/// No command overwrites a file of the user's, and no two outputs of a command have one name.
@Suite struct OverwritingTests {
  private let folder: TemporaryFolder
  private let cache: TemporaryFolder

  init() throws {
    (folder, cache) = (try TemporaryFolder(), try TemporaryFolder())
    for name in ["net.safetensors", "good.idx3", "picture.png"] {
      try FileManager.default.copyItem(atPath: "\(BadFiles.path)/\(name)", toPath: folder.file(name))
    }
  }

  private func run(_ line: String, environment: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(
      line.split(separator: " ").map(String.init), in: folder.path,
      environment: ["XDG_CACHE_HOME": cache.path].merging(environment) { $1 })
  }

  private func sound(_ line: String) throws -> [String] {
    let outcome = try run(line)
    #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  private func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: folder.file(name)) }

  /// Runs a command that must be refused at once, and checks that the file is as before.
  private func refused(_ line: String, _ file: String, _ phrase: String, code: Int32 = 73) throws {
    let (before, all) = (bytes(file), listing(folder.path))
    #expect(before != nil, "\(file) is missing")
    let outcome = try run(line)
    #expect(outcome.exitCode == code, "\(line): \(outcome.exitCode as Any) \(outcome.errors)")
    #expect(outcome.errors.contains(phrase) && outcome.errorLines.count == 1, "\(line): \(outcome.errors)")
    #expect(bytes(file) == before, "\(line) changed \(file)")
    #expect(listing(folder.path) == all, "\(line) left something")
  }

  /// A file that only has the name of a projection's latents is the user's, also with --force.
  @Test func strangersBesideAProjectionStay() throws {
    try FileManager.default.createDirectory(atPath: folder.file("out"), withIntermediateDirectories: false)
    try Data("precious".utf8).write(to: URL(fileURLWithPath: folder.file("out/picture.npz")))
    try refused(
      "project picture.png --network net.safetensors --outdir out --steps 1000000 --force", "out/picture.npz",
      "picture.npz")
  }

  /// Several snapshots within a thousand images, of which older ones are removed, have names of their own.
  @Test func prunedSnapshotsLeaveTheirPictures() throws {
    let outcome = try Program.run(
      ["train", "--data", "good.idx3", "--kimg", "1.8", "--tick", "0.2", "--snap", "1", "--keep", "1", "--quiet"]
        + smallTraining, in: folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let files = listing(folder.file("runs"))
    #expect(files.filter { $0.contains("/fakes") }.count == 9, "\(files)")
    #expect(files.filter { $0.contains("/network-snapshot-") }.count == 1, "\(files)")
  }

  /// Files of the user's with the names that commands give to their outputs. The steps would take hours.
  @Test func picturesOfTheUserStay() throws {
    let net = "--network net.safetensors --outdir ."
    for (line, file) in [
      ("generate \(net) --seeds 3", "seed0003.png"), ("generate \(net) --seeds 3,3", "seed0003-2.png"),
      ("generate \(net) --grid 2x2", "grid.png"),
      ("style-mixing \(net) --rows 1 --cols 2", "style-mixing.png"),
      ("interpolate \(net) --seeds 1,2 --frames 2", "interpolation.png"),
      ("interpolate \(net) --seeds 1,2 --frames 2", "interpolation.webp"),
      ("interpolate \(net) --seeds 1,2 --frames 2 --format png", "frames/frame00003.png"),
      ("directions \(net)", "directions.safetensors"), ("directions \(net)", "directions.png"),
      ("directions \(net) --seeds 0,1", "directions-0001.png"),
      ("figures \(net) --only 8", "figure-8-truncation.png"),
      ("project picture.png \(net) --steps 1000000", "picture-projected.png"),
      ("project picture.png \(net) --steps 1000000", "picture.npz"),
      ("project picture.png \(net) --steps 1000000 --force", "picture.safetensors"),
      ("detector train --data good.idx3 --out d.safetensors --epochs 1000", "d.safetensors"),
    ] {
      let path = folder.file(file)
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: folder.file("picture.png"), toPath: path)
      try refused(line, file, "\(file) exists already")
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// The inputs themselves, by name, by a symbolic and by a hard link.
  @Test func inputsStay() throws {
    func place(_ kind: Int, _ input: String, at file: String) throws {
      try? FileManager.default.removeItem(atPath: folder.file(file))
      if kind == 0 { symlink(input, folder.file(file)) } else { link(folder.file(input), folder.file(file)) }
    }
    for kind in 0...1 {
      let net = "--network net.safetensors --outdir ."
      try place(kind, "picture.png", at: "picture-projected.png")
      try refused("project picture.png \(net) --steps 1000000 --force", "picture.png", "is an input of this command")
      try refused(
        "project ./picture.png \(net) --steps 1000000", "picture-projected.png", "is an input of this command")
      try FileManager.default.removeItem(atPath: folder.file("picture-projected.png"))
      try place(kind, "net.safetensors", at: "directions.safetensors")
      try refused("directions \(net)", "net.safetensors", "is an input of this command")
      try refused(
        "directions --network directions.safetensors --outdir .", "directions.safetensors", "is an input of this")
      try place(kind, "net.safetensors", at: "metric-ppl_wend-values.safetensors")
      try refused("metrics \(net) --metrics ppl_wend --samples 16", "net.safetensors", "is an input of this command")
      try place(kind, "net.safetensors", at: "interpolation.png")
      try refused("interpolate \(net) --seeds 1,2", "net.safetensors", "is an input of this command")
      for name in ["directions.safetensors", "metric-ppl_wend-values.safetensors", "interpolation.png"] {
        try FileManager.default.removeItem(atPath: folder.file(name))
      }
    }
    // A data set is not its own destination, and nothing is drawn into its folder.
    _ = try sound("dataset build good.idx3 set.zip --resolution 16")
    symlink("set.zip", folder.file("link.zip"))
    for (source, destination) in [("set.zip", "set.zip"), ("link.zip", "set.zip"), ("set.zip", "./link.zip")] {
      try refused(
        "dataset build \(source) \(destination) --resolution 16 --force", "set.zip", "is an input of this command")
    }
    try FileManager.default.createDirectory(atPath: folder.file("photos/cats"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder.file("picture.png"), toPath: folder.file("photos/cats/a.png"))
    for place in ["photos", "photos/new", "photos/cats/../cats"] {
      try refused(
        "project --data photos --network net.safetensors --steps 1000000 --outdir \(place)", "photos/cats/a.png",
        "would become a part of the data set photos")
    }
    for place in ["photos", "photos/runs", "photos/cats/../new"] {
      try refused(
        "train --data photos --width tiny --outdir \(place)", "photos/cats/a.png",
        "is in the folder of the data, photos",
        code: 64)
    }
    try refused(
      "figures --data photos --network net.safetensors --only 7 --outdir photos", "photos/cats/a.png",
      "would become a part")
  }

  /// What the program drew itself is drawn anew, but not after somebody changed it.
  @Test func ownPicturesAreReplaced() throws {
    let lines = [
      "generate --network net.safetensors --seeds 3", "interpolate --network net.safetensors --seeds 1,2 --frames 2",
      "interpolate --network net.safetensors --seeds 1,2 --frames 2 --format png",
      "directions --network net.safetensors",
    ]
    for line in lines {
      let first = try sound(line)
      #expect(try sound(line) == first)
    }
    var changed = try #require(bytes("out/seed0003.png"))
    changed[20] ^= 1
    try changed.write(to: URL(fileURLWithPath: folder.file("out/seed0003.png")))
    try refused(lines[0], "out/seed0003.png", "out/seed0003.png exists already")
  }

  @Test func outputsHaveNamesOfTheirOwn() throws {
    for name in ["sub/picture.png", "a,b.png", "PICTURE.png"] {
      let path = folder.file(name)
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: folder.file("picture.png"), toPath: path)
    }
    // Beside the pictures: none of them is touched.
    let pictures = ["picture.png", "a,b.png", "PICTURE.png"]
    let before = pictures.map(bytes)
    let project =
      "project picture.png sub/picture.png PICTURE.png a,b.png --network net.safetensors --steps 2 --outdir ."
    let lines = try sound(project)
    #expect(lines.count == 6, "\(lines)")
    #expect(pictures.map(bytes) == before)
    for stem in ["picture", "picture-2", "PICTURE-3", "a,b"] {
      for ending in [".safetensors", ".npz", "-projected.png"] {
        #expect(bytes(stem + ending) != nil, "\(stem)\(ending)")
      }
    }
    // Projections are kept; with --force they are made again.
    try refused(project, "picture.npz", "picture.safetensors exists already")
    #expect(try sound(project + " --force").count == 6)
    #expect(pictures.map(bytes) == before)

    let drawn = try sound(
      "generate --network net.safetensors --seeds 3,a,b.safetensors,3,sub/../a,b.npz,picture.npz --outdir drawn")
    #expect(
      drawn.map { $0.replacingOccurrences(of: "drawn/", with: "") }
        == ["seed0003.png", "a,b.png", "seed0003-2.png", "a,b-2.png", "picture.png"])
    #expect(bytes("drawn/seed0003.png") == bytes("drawn/seed0003-2.png"))
  }

  @Test func reportsReplaceOnlyReports() throws {
    let run = try #require(listing("\(BadFiles.path)/runs").first)
    try FileManager.default.copyItem(atPath: "\(BadFiles.path)/runs/\(run)", toPath: folder.file("run"))
    try "<html>mine</html>".write(toFile: folder.file("page.html"), atomically: true, encoding: .utf8)
    try refused("report run --out page.html", "page.html", "page.html exists already")
    try refused("report run --out run/reals.png", "run/reals.png", "run/reals.png exists already")
    for line in ["report run", "report run --out new.html", "report run run --out new.html"] {
      for _ in 0..<2 { #expect(try sound(line).count == 1) }
    }
  }
}

/// Places are checked before the work: with so many steps, a late check would take hours.
@Suite struct PlaceTests {
  static let long = String(repeating: "n", count: 246)
  static let lines = [
    "project picture.png --network net.safetensors --steps 1000000",
    "metrics --network net.safetensors --data good.idx3 --metrics swd --samples 1000000",
    "metrics --images good.idx3 --metrics msssim --samples 1000000", "directions --network net.safetensors",
    "figures --network net.safetensors --only 6", "interpolate --network net.safetensors --seeds 0-99 --frames 20",
  ]

  @Test(arguments: lines) func placesAreCheckedFirst(_ line: String) throws {
    for (place, phrase) in [("OUT/mine.txt", "not a folder"), ("OUT/\(Self.long)\(Self.long)", "too long")] {
      try check(.init("\(line) --outdir \(place)", 73, phrase))
    }
  }

  @Test func namesAreCheckedFirst() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: "\(BadFiles.path)/picture.png", toPath: folder.file("\(Self.long).png"))
    let place = folder.file("\(Self.long).png")
    try check(
      .init("project \(place) --network net.safetensors --steps 1000000 --outdir OUT/new", 73, "its name is too long"))
  }

  private func check(_ bad: BadInput) throws {
    let out = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: out.file("mine.txt")))
    try bad.check(out: out.path)
  }

  /// The cache is below XDG_CACHE_HOME, else below HOME; without a place for it the metrics are measured all the same.
  @Test func cachesFollowTheEnvironment() throws {
    let folder = try TemporaryFolder()
    let metrics =
      "metrics --images good.idx3 --data good.idx3 --metrics fid50k_full,pr50k3 --samples 32 --detector random-vgg"
    var values: [String] = []
    for (variables, cache) in [
      (["XDG_CACHE_HOME": folder.file("xdg"), "HOME": folder.file("home")], "xdg"),
      (["XDG_CACHE_HOME": "", "HOME": folder.file("home")], "home/.cache"),
      (["XDG_CACHE_HOME": "relative", "HOME": folder.file("home2")], "home2/.cache"),
      (["XDG_CACHE_HOME": "/dev/null/cache"], nil), (["XDG_CACHE_HOME": "", "HOME": "/dev/null"], nil),
    ] as [([String: String], String?)] {
      let outcome = try Program.run(
        metrics.split(separator: " ").map(String.init), in: BadFiles.path, environment: variables)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let uncached = outcome.errorLines.filter { $0.contains("cannot be written, so features") }
      #expect(uncached.count == (cache == nil ? 1 : 0), "\(variables): \(outcome.errors)")
      if let cache {
        #expect(
          listing(folder.file("\(cache)/swift-stylegan/features")).contains { $0.hasSuffix(".f32") }, "\(variables)")
      }
      values.append(
        outcome.output.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").dropFirst().first }
          .joined(separator: " "))
    }
    #expect(Set(values).count == 1 && !values[0].isEmpty, "\(values)")
  }
}
