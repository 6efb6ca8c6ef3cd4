import Foundation
import Images
import Testing
import _TestSupport

/// Conditional networks, as their users meet them: classes by name and by number, and vectors.
@Suite struct ClassProcessTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ line: String) throws -> Program.Outcome {
    try run(line.split(separator: " ").map { $0.replacingOccurrences(of: "~", with: " ") })
  }

  private func run(_ words: [String]) throws -> Program.Outcome { try Program.run(words, in: folder.path) }

  private func succeed(_ line: String) throws -> String {
    let outcome = try run(line)
    #expect(outcome.exitCode == 0, "\(line): \(outcome.errors)")
    return outcome.output
  }

  private func refuse(_ line: String, _ sentence: String, code: Int32 = 64) throws {
    let outcome = try run(line)
    #expect(outcome.exitCode == code && outcome.errors.contains(sentence), "\(line): \(outcome.errors)")
  }

  /// Twelve pictures of 16×16 in three folders; `table` writes dataset.json beside them.
  private func makeData(
    _ name: String = "data", titles: [String] = ["Mid", "bright, wide", "dark"], table: ((String, Int) -> String)? = nil
  ) throws {
    var entries: [String] = []
    for (label, title) in titles.enumerated() {
      let place = folder.file("\(name)/\(title)")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for i in 0..<4 {
        try Image(width: 16, height: 16, filledWith: [UInt8(60 * label + 9 * i)]).write(to: "\(place)/\(i).png")
        if let table { entries.append(table("\(title)/\(i).png", 4 * label + i)) }
      }
    }
    guard table != nil else { return }
    try Data("{\"labels\": [\(entries.joined(separator: ", "))]}".utf8)
      .write(to: URL(fileURLWithPath: folder.file("\(name)/dataset.json")))
  }

  private let dcgan = "--cfg dcgan --features 2 --z-dim 8 --batch 4 --kimg 0.008 --tick 0.008 --snap 1 --threads 1"
  private let stylegan =
    "--width tiny --fmap-max 4 --z-dim 8 --w-dim 8 --map-depth 1 --batch 4 --threads 1 --kimg 0.008 --tick 0.008 --snap 1 "
    + "--no-growing"

  private func train(_ options: String, data: String = "data") throws -> String {
    _ = try succeed("train --data \(data) --outdir runs \(options)")
    return "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first))
  }

  private func size(_ path: String) throws -> [Int] {
    let image = try ImageDecoder.decode(contentsOf: folder.file(path))
    return [image.width, image.height]
  }

  /// Folders that are named by numbers are sorted as text; a number is then a name, in lists and ranges, too.
  @Test func classesNamedByNumbers() throws {
    try makeData(titles: ["1", "2", "10"])
    let start = "--network \(try train("\(dcgan) --cond")) --threads 1 --seeds 1 --json"
    func drawn(_ classes: String) throws -> [String] {
      try succeed("generate \(start) --class \(classes) --outdir \(classes.filter { $0 != "~" })").split(
        separator: "\n"
      )
      .filter { $0.contains("\"label\"") }.compactMap { $0.split(separator: "\"").dropFirst(3).first.map(String.init) }
    }
    #expect(try drawn("1,2") == ["1", "2"])
    #expect(try drawn("1-2,~10") == ["1", "2", "10"])
    #expect(try drawn("all") == ["1", "10", "2"])
    try refuse("generate \(start) --class 1-3", "--class is '1-3', but must be one of 1, 10, 2")
    // Other data with as many classes has no pictures of these.
    try makeData("other")
    try refuse(
      "metrics \(start.replacingOccurrences(of: " --seeds 1", with: "")) --data other --metrics swd --samples 16 --per-class",
      "class 0 of the network is 1, and that of the data Mid")
  }

  /// A family without W: class tables, walks, metrics of each class, and what is refused.
  @Test func classesOfDCGAN() throws {
    try makeData()
    let network = try train("\(dcgan) --cond")
    let start = "--network \(network) --threads 1"
    #expect(try succeed("inspect \(network)").contains("3 classes: 0 Mid, 1 bright, wide, 2 dark"))
    #expect(try succeed("inspect \(network) --json").contains(#""kind" : "classes""#))

    _ = try succeed("generate \(start) --class Mid --seeds 1,2 --outdir one")
    #expect(folder.contents(of: "one") == ["seed0001.png", "seed0002.png"])
    // A name with a comma, in other letters, and a number are classes; the pictures say which.
    let json = try succeed("generate \(start) --class bright,~wide,DARK --seeds 1 --outdir two --json")
    #expect(folder.contents(of: "two") == ["seed0001-class1.png", "seed0001-class2.png"])
    #expect(json.contains(#""label" : "bright, wide""#) && json.contains(#""label" : "dark""#))
    _ = try succeed("generate \(start) --class 1 --seeds 1 --outdir three")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder.file("two/seed0001-class1.png")))
        == Data(contentsOf: URL(fileURLWithPath: folder.file("three/seed0001.png"))))
    _ = try succeed("generate \(start) --class Mid,~dark --seeds 1 --outdir four --format webp")
    #expect(folder.contents(of: "four") == ["seed0001-class0.webp", "seed0001-class2.webp"])
    // Rows are classes, or columns, as the grid is.
    for grid in ["5x3", "3x5"] {
      _ = try succeed("generate \(start) --class all --grid \(grid) --outdir \(grid)")
      let found = try size("\(grid)/grid.png")
      #expect(found[0] > (grid == "5x3" ? 5 : 3) * 16 && found[1] > (grid == "5x3" ? 3 : 5) * 16)
    }
    _ = try succeed("interpolate \(start) --seeds 3 --class all --space z --frames 2 --format png --outdir walk")
    #expect(folder.contents(of: "walk/frames").count == 6)
    _ = try succeed("interpolate \(start) --seeds 3,4 --class 0 --space z --frames 2 --format png --outdir same")
    _ = try succeed("generate \(start) --label 0.5,0.5,0 --seeds 1 --outdir mixed")

    let metrics = try succeed("metrics \(start) --data data --metrics fid50k_full,swd --samples 16 --per-class")
    let lines = metrics.split(separator: "\n")
    #expect(lines.count { $0.contains("fid50k_full[random-vgg]@16 ") } == 3)
    #expect(lines.count { $0.contains("bright, wide") } == 2 && lines.count { $0.contains("real 4") } == 6)
    #expect(FileManager.default.fileExists(atPath: folder.file("\(network)/metric-swd-per-class.jsonl")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("\(network)/metric-swd.jsonl")))

    let refused = "\(start) --outdir refused"
    try refuse("generate \(refused)", "give --class, one of Mid, bright, wide, dark")
    try refuse("generate \(refused) --class grey", "--class is 'grey', but must be one of Mid, bright, wide, dark")
    try refuse("generate \(refused) --class 3", "--class is '3'")
    try refuse("generate \(refused) --class 0,Mid", "--class has 'Mid' twice")
    try refuse(
      "generate \(refused) --class all --grid 4x4", "neither a row nor a column for each of 3 classes: give 4x3")
    try refuse("generate \(refused) --class all --grid 2x3 --seeds 0-2", "--grid has 2 places for a class")
    try refuse("generate \(refused) --class Mid --label 1,0,0", "give --class or --label, not both")
    try refuse("generate \(refused) --label 1,0", "--label has 2 numbers, but")
    try refuse("generate \(refused) --label 1,x,0", "write the numbers of one label with commas")
    try refuse("generate \(refused) --class Mid --trunc-center average", "--trunc-center is for truncation")
    try refuse("interpolate \(refused) --class all --seeds 1,2 --space z", "--seeds has 2 seeds for 3 classes")
    try refuse("metrics \(start) --metrics msssim --per-class --images data", "give --network or --images, not both")
    #expect(!FileManager.default.fileExists(atPath: folder.file("refused")), "a refusal leaves nothing behind")
  }

  /// A style-based family: truncation to the class, mixing of two classes, walks in W, and one class elsewhere.
  @Test func classesOfStyleGAN() throws {
    try makeData()
    let network = try train("\(stylegan) --cond")
    let start = "--network \(network) --threads 1"
    for (options, place) in [("", "class"), (" --trunc-center average", "average")] {
      _ = try succeed("generate \(start) --class all --seeds 1 --trunc 0\(options) --outdir \(place)")
    }
    func pictures(_ place: String) throws -> Set<Data> {
      Set(
        try folder.contents(of: place).map { try Data(contentsOf: URL(fileURLWithPath: folder.file("\(place)/\($0)"))) }
      )
    }
    // The average is of all classes; the files of one picture are equal.
    #expect(try pictures("class").count == 3 && pictures("average").count == 1)
    for line in [
      "style-mixing \(start) --rows 1 --cols 2,3 --class 0,2 --outdir a",
      "interpolate \(start) --seeds 1 --class 0-2 --frames 2 --trunc 0.5 --outdir b",
      "interpolate \(start) --seeds 1,2,3 --class all --path cubic --frames 2 --outdir c",
      "interpolate \(start) --seeds 1 --class all --path truncation --frames 2 --steps 2 --outdir d",
      "interpolate \(start) --seeds 1 --class all --space z --trunc 0.5 --frames 2 --outdir e",
      "figures \(start) --class dark --only 2,3,8 --outdir f",
      "directions \(start) --class 1 --count 2 --steps 3 --outdir g",
      "project \(start) --data data --items 0,5,11 --steps 4 --outdir h",
      "project \(start) --data data --items 0 --class dark --steps 4 --outdir i",
      "metrics \(start) --data data --metrics swd --samples 8",
    ] { _ = try succeed(line) }
    #expect(folder.contents(of: "h").count == 10)
    try refuse("figures \(start) --only 2 --outdir refused", "give --class, one of Mid, bright, wide, dark")
    try refuse("figures \(start) --class all --only 2 --outdir refused", "one label at a time, and 3 are given")
    try refuse("directions \(start) --class 0,1 --outdir refused", "one label at a time, and 2 are given")
    try refuse("style-mixing \(start) --rows 1 --cols 2 --class all --outdir refused", "--class has 3 classes")
    try refuse("project \(start) --data data --class 0,1 --outdir refused", "one label at a time")
  }

  /// Vectors go from dataset.json through a build into the network; a class means nothing to it.
  @Test func vectors() throws {
    try makeData { file, number in "[\"\(file)\", [\(Double(number) / 10), -1]]" }
    #expect(try succeed("dataset info data").contains("vectors of 2 numbers"))
    #expect(try succeed("dataset check data").contains("label vectors of 2 numbers"))
    #expect(try succeed("dataset build data set.zip --resolution 16").contains("label vectors of 2 numbers"))
    let network = try train("\(dcgan) --cond", data: "set.zip")
    let start = "--network \(network) --threads 1"
    #expect(try succeed("inspect \(network)").contains("label vectors of 2 numbers"))
    _ = try succeed("generate \(start) --label -0.5,1 --seeds 1,2 --outdir a")
    _ = try succeed("generate \(start) --label 0,-1 --label 1,-1 --grid 4x2 --outdir b")
    _ = try succeed("interpolate \(start) --label 0,-1 --label 1,-1 --seeds 1 --space z --frames 2 --outdir c")
    _ = try succeed("metrics \(start) --data set.zip --metrics swd --samples 8")
    try refuse(
      "generate \(start) --class 0 --outdir r",
      "learned label vectors, which have no classes: give --label with 2 numbers")
    try refuse("generate \(start) --outdir r", "give --label with 2 numbers")
    try refuse("metrics \(start) --data set.zip --metrics swd --per-class", "--per-class needs a network with classes")
  }

  /// Labels that a training does not use are said once; an unconditional network learns them later.
  @Test func unusedLabelsAreSaid() throws {
    try makeData()
    let outcome = try run("train --data data --outdir runs \(dcgan)")
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.errorLines.count { $0.contains("the data has 3 classes, which this training does not use; --cond") } == 1)
    let network = "runs/" + (try #require(FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first))
    #expect(try run("train --resume \(network) --kimg 0.016").errors.contains("--cond") == false)
    let adapted = try succeed(
      "train --data data --outdir more --init-from \(network) \(dcgan.replacingOccurrences(of: "--features 2 --z-dim 8 ", with: "")) --cond"
    )
    #expect(adapted.contains("new: D.embedding; resized: G.b4"))
    try refuse("generate --network \(network) --class 1 --outdir r", "is not a conditional network: leave out --class")
    try refuse(
      "generate --network \(network) --label 1,2 --outdir r", "is not a conditional network: leave out --label")
    try refuse("metrics --network \(network) --metrics msssim --per-class", "--per-class needs a network with classes")
  }
}

extension TemporaryFolder {
  /// The sorted names in a folder of it.
  fileprivate func contents(of name: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: file(name))) ?? []).sorted()
  }
}
