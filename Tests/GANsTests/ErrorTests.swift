import Datasets
import Files
import Foundation
import GANs
import Images
import Testing
import _TestSupport

/// An error in the middle of a training: the state is saved first, and the resumed run ends with the same bytes.
@Suite struct ErrorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Fault: Error {}

  /// Pictures of which one cannot be read until it is mended: the one of a sample that the grid of reals does not need.
  private final class FaultyDataset: ImageDataset, @unchecked Sendable {
    private let lock = NSLock()
    private let sound = SyntheticDataset(count: 400)
    private var bad: Int?

    init(failingAt sample: Int) {
      precondition(sample >= 128)
      bad = Int(SampleOrder(seed: smallOptions().seed, count: 400).permutation(epoch: 0)[sample])
    }

    var name: String { sound.name }
    var count: Int { sound.count }
    var channels: Int { sound.channels }
    var resolution: Int { sound.resolution }
    var labelCount: Int { 0 }
    var labelNames: [String] { [] }
    var fingerprint: String { sound.fingerprint }
    func label(at index: Int) -> Int? { nil }
    func mend() { lock.withLock { bad = nil } }

    func image(at index: Int) throws -> [UInt8] {
      if lock.withLock({ bad == index }) { throw Fault() }
      return sound.image(at: index)
    }
  }

  /// One, several, and paired minibatches in a step, with either network first: the networks are never half a step ahead.
  @Test(arguments: [
    (1, false, true), (3, false, true), (1, true, true), (2, true, true), (1, false, false), (1, true, false),
  ])
  func dataErrorsAreSaved(critics: Int, pairs: Bool, discriminatorFirst: Bool) throws {
    var options = smallOptions()
    options.criticSteps = critics
    if pairs { options.objective.loss = .relativistic }
    options.stepOrder = discriminatorFirst ? .discriminatorFirst : .generatorFirst
    let whole = try trainSmallRun(Trainer(options, dataset: SyntheticDataset(count: 400), in: folder.file("whole")))
    // In different places of a step.
    for sample in [129, 163, 190] {
      let data = FaultyDataset(failingAt: sample)
      var state = ""
      var record = RunRecord()
      do {
        let trainer = try Trainer(options, dataset: data, in: folder.file("faulty"))
        state = trainer.directory.state
        #expect(throws: Fault.self) { try trainer.train(observe: { event in try record.add(event, of: trainer) }) }
        #expect(trainer.imagesShown < 240)
        #expect(trainer.savedImages == trainer.imagesShown)
      }
      data.mend()
      expectSame(whole, try trainSmallRun(Trainer(resuming: state) { _ in data }))
    }
  }

  /// The same trainer can go on, too: no image is skipped.
  @Test func theTrainerItselfContinues() throws {
    let whole = try trainSmallRun(
      Trainer(smallOptions(), dataset: SyntheticDataset(count: 400), in: folder.file("whole")))
    let data = FaultyDataset(failingAt: 150)
    let trainer = try Trainer(smallOptions(), dataset: data, in: folder.file("faulty"))
    #expect(throws: Fault.self) { try trainer.train() }
    data.mend()
    guard case .finished = try trainer.train() else {
      Issue.record("not finished")
      return
    }
    var record = RunRecord()
    try record.finish(trainer.directory)
    expectSame(RunRecord(files: whole.files, statistics: whole.statistics), record)
  }

  /// A disk that is full at any kind of event, early and late: what was due is made up for.
  @Test(arguments: ["step", "tick", "snapshotDue", "snapshot"], [1, 2, 4])
  func errorsOfObserversAreSaved(kind: String, occurrence: Int) throws {
    struct Failing: TrainingObserver {
      let kind: String
      let left: Counter
      func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
        let name =
          switch event {
          case .step: "step"
          case .tick: "tick"
          case .snapshotDue: "snapshotDue"
          case .snapshot: "snapshot"
          }
        guard name == kind else { return }
        left.value -= 1
        if left.value == 0 { throw FileError(.write, path: "/full", code: ENOSPC) }
      }
    }
    final class Counter { var value = 0 }
    let whole = try trainSmallRun(Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file("whole")))
    // Before the writers of files, and after them.
    for isFirst in [true, false] {
      let counter = Counter()
      counter.value = occurrence
      var state = ""
      do {
        let trainer = try Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file("failing"))
        let failing = Failing(kind: kind, left: counter)
        trainer.observers = isFirst ? [failing] + trainer.observers : trainer.observers + [failing]
        #expect(throws: FileError.self) { try trainer.train() }
        #expect(trainer.savedImages == trainer.imagesShown)
        state = trainer.directory.state
      }
      var resumed = try trainSmallRun(Trainer(resuming: state) { _ in SyntheticDataset() })
      resumed.snapshots = [:]
      expectSame(whole, resumed)
    }
  }

  // MARK: Repaired and changed data

  private func picture(_ seed: Int) throws -> Image {
    Image(planar: SyntheticDataset().image(at: seed), channels: 1, height: 16, width: 16)
  }

  /// The picture that is cut: one that the grid of reals does not need.
  private static let cut = 1000 + Int(SampleOrder(seed: smallOptions().seed, count: 200).permutation(epoch: 0)[170])
  /// Another one.
  private static let other = cut == 1007 ? 1008 : 1007

  /// 200 pictures, one of them cut.
  private func makePictures() throws -> String {
    let path = folder.file("pictures")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for index in 0..<200 { try picture(index).write(to: "\(path)/\(1000 + index).png") }
    let good = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(Self.cut).png"))
    // In its middle: the first look at all files sees their headers and ends.
    var damaged = good
    damaged.insert(0x55, at: good.count / 2)
    try damaged.write(to: URL(fileURLWithPath: "\(path)/\(Self.cut).png"))
    return path
  }

  /// A run that the cut picture ended.
  private func stoppedRun(_ pictures: String) throws -> RunDirectory {
    let data = try DatasetSource.open(pictures)
    var options = smallOptions()
    options.data = pictures
    options.dataset = .init(name: data.name, fingerprint: data.fingerprint, count: data.count)
    options.totalKimg = 0.4
    let trainer = try Trainer(options, dataset: data, in: folder.file("runs"))
    #expect(throws: (any Error).self) { try trainer.train() }
    #expect(trainer.savedImages == trainer.imagesShown && trainer.imagesShown < 400)
    return trainer.directory
  }

  private func resume(_ run: RunDirectory, _ pictures: String, accepting: Bool = false) throws -> DataChange? {
    var changes = RunChanges()
    changes.acceptsChangedData = accepting
    let trainer = try Trainer(resuming: run.state, with: changes) { _ in try DatasetSource.open(pictures) }
    guard case .finished = try trainer.train() else { Issue.record("not finished"); return nil }
    return trainer.dataChange
  }

  private func options(_ run: RunDirectory) throws -> TrainingOptions {
    try TrainingOptions(text: String(contentsOfFile: run.options, encoding: .utf8), path: run.options)
  }

  private func lines(_ run: RunDirectory) throws -> [[String: Double]] {
    try String(contentsOfFile: run.statistics, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
    }
  }

  /// The file that ended the training is repaired or removed: the run continues and records it.
  @Test(arguments: [true, false])
  func whatCouldNotBeReadIsMended(isRepaired: Bool) throws {
    let pictures = try makePictures()
    let run = try stoppedRun(pictures)
    let before = try options(run)
    if isRepaired {
      try picture(Self.cut - 1000).write(to: "\(pictures)/\(Self.cut).png")
    } else {
      try FileManager.default.removeItem(atPath: "\(pictures)/\(Self.cut).png")
    }
    let change = try #require(try resume(run, pictures))
    #expect(change.what == (isRepaired ? "1 file changed (\(Self.cut).png)" : "1 file is missing (\(Self.cut).png)"))
    #expect(change.before == before.dataset && change.after.count == (isRepaired ? 200 : 199))
    #expect(try options(run).dataChanges == [change] && options(run).dataset == change.after)
    let lines = try lines(run)
    #expect(lines.last?["Data/changes"] == 1 && lines.last?["Data/images"] == Double(change.after.count))
    // From then on these are its data.
    #expect(try resume(run, pictures) == nil)
  }

  /// Any other change is refused with a sentence, until the user accepts it.
  @Test(arguments: ["changed", "missing", "new", "other"])
  func changedDataAreRefused(kind: String) throws {
    let pictures = try makePictures()
    let run = try stoppedRun(pictures)
    let state = try Data(contentsOf: URL(fileURLWithPath: run.state))
    try picture(Self.cut - 1000).write(to: "\(pictures)/\(Self.cut).png")
    var what = "1 file changed (\(Self.cut).png)"
    switch kind {
    case "changed":
      try Image(width: 16, height: 16, filledWith: [7]).write(to: "\(pictures)/\(Self.other).png")
      what = "2 files changed (\([Self.cut, Self.other].sorted().map { "\($0).png" }.joined(separator: ", ")))"
    case "missing":
      try FileManager.default.removeItem(atPath: "\(pictures)/\(Self.other).png")
      what += ", 1 is missing (\(Self.other).png)"
    case "new":
      try picture(3).write(to: "\(pictures)/2000.png")
      what += ", 1 is new (2000.png)"
    default:
      for index in 0..<200 {
        try FileManager.default.moveItem(
          atPath: "\(pictures)/\(1000 + index).png", toPath: "\(pictures)/\(3000 + index).png")
      }
      what = "200 files are missing (1000.png, 1001.png, 1002.png, …), 200 are new (3000.png, 3001.png, 3002.png, …)"
    }
    let error = #expect(throws: TrainingError.self) { try resume(run, pictures) }
    #expect(error == .dataChanged(pictures, what))
    #expect(try Data(contentsOf: URL(fileURLWithPath: run.state)) == state)
    let change = try #require(try resume(run, pictures, accepting: true))
    #expect(change.what == what)
    #expect(try options(run).dataChanges == [change])
    #expect(
      try RunReport(runs: [run.path]).html().contains(
        "2 files changed (\([Self.cut, Self.other].sorted().map { "\($0).png" }.joined(separator: ", ")))")
        == (kind == "changed"))
  }

  /// Runs of older versions have no record of their files: the sentence is shorter, and the way out is the same.
  @Test func withoutARecord() throws {
    let pictures = try makePictures()
    let run = try stoppedRun(pictures)
    try FileManager.default.removeItem(atPath: run.dataRecord)
    try picture(Self.cut - 1000).write(to: "\(pictures)/\(Self.cut).png")
    #expect(throws: TrainingError.dataChanged(pictures, "its content differs")) { try resume(run, pictures) }
    #expect(try resume(run, pictures, accepting: true)?.what == "its content differs")
    #expect(FileManager.default.fileExists(atPath: run.dataRecord))
  }

  // MARK: Pictures

  /// Previews change nothing: they are drawn after every step here, and the first snapshot removes the file.
  @Test func previewsLeaveNoTrace() throws {
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file(parent))
    }
    let whole = try trainSmallRun(trainer("whole"))
    let drawn = Drawn()
    let seen = try trainSmallRun(
      {
        let trainer = try trainer("seen")
        trainer.observers.append(
          PreviewWriter(firstAfter: 0) { path in
            let image = try ImageDecoder.decode(contentsOf: path)
            drawn.sides.append(image.width)
          })
        return trainer
      }())
    expectSame(whole, seen)
    #expect(!drawn.sides.isEmpty && drawn.sides.allSatisfy { $0 == 16 * 16 })
  }

  private final class Drawn { var sides: [Int] = [] }

  /// Fakes of 8×8 are shown at the final 16×16; each pixel is a square.
  @Test func earlyFakesHaveTheFinalSize() throws {
    let trainer = try Trainer(smallOptions(), dataset: SyntheticDataset(), in: folder.file("runs"))
    _ = try trainer.train()
    let path = trainer.directory.path
    let early = try ImageDecoder.decode(contentsOf: "\(path)/fakes000000.064.png")
    let late = try ImageDecoder.decode(contentsOf: "\(path)/fakes000000.240.png")
    #expect((early.width, early.height) == (late.width, late.height))
    let pixels = early.planar
    for y in stride(from: 0, to: early.height, by: 2) {
      for x in stride(from: 0, to: early.width, by: 2) {
        let first = pixels[y * early.width + x]
        for at in [y * early.width + x + 1, (y + 1) * early.width + x, (y + 1) * early.width + x + 1] {
          if pixels[at] != first { Issue.record("(\(x), \(y))"); return }
        }
      }
    }
  }
}
