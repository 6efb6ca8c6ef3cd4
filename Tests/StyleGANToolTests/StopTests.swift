import Datasets
import Foundation
import Images
import Testing
import _TestSupport

/// How a training ends before its time: by signals, closed terminals and errors. It is saved, and says how it continues.
@Suite struct StopTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try idx(count: 32, side: 16).write(to: URL(fileURLWithPath: folder.file("data.idx3")))
  }

  private let train =
    ["train", "--data", "data.idx3", "--kimg", "1000", "--tick", "0.02", "--snap", "2", "--keep", "2"] + smallTraining

  private func run(_ arguments: [String], shell: String? = nil) throws -> Program.Outcome {
    try Program.run(arguments, in: folder.path, shell: shell)
  }

  private var log: String {
    let name = (try? FileManager.default.contentsOfDirectory(atPath: folder.file("runs")).first) ?? ""
    return (try? String(contentsOfFile: folder.file("runs/\(name)/log.txt"), encoding: .utf8)) ?? ""
  }

  /// The state of the run, at what it was saved.
  private func resumes() throws {
    let outcome = try run(["train", "--resume", "latest", "--minutes", "0.001"])
    #expect(outcome.exitCode == 0 && outcome.output.contains("stopped and saved"), "\(outcome.errors)")
  }

  /// Starts a training in the background of a shell, waits for its first tick, and then does `body`.
  private func started(_ body: String, by prefix: String = "") -> String {
    """
    \(prefix) "$@" >out 2>err & first=$!
    until grep -q kimg runs/0*/log.txt 2>/dev/null && [ -s runs/0*/stats.jsonl ]; do sleep 0.02; done
    \(body)
    """
  }

  /// A closed terminal or ssh connection. Shells send the signal twice, session managers together with SIGTERM.
  @Test(arguments: ["kill -HUP $first", "kill -HUP $first; kill -HUP $first", "kill -HUP $first; kill -TERM $first"])
  func hangUpsSave(signals: String) throws {
    let outcome = try run(train, shell: started("\(signals); wait $first; echo $?; cat out"))
    #expect(outcome.output.hasPrefix("129\n") || (signals.contains("TERM") && outcome.output.hasPrefix("143\n")))
    #expect(outcome.output.contains("stopped and saved. Resume with: stylegan train --resume runs/00000-"))
    try resumes()
  }

  /// The printed command can be pasted, whatever the folder is called.
  @Test func theResumptionIsQuoted() throws {
    let outcome = try run(train + ["--outdir", "my runs", "--minutes", "0.001"])
    #expect(outcome.output.contains("stylegan train --resume 'my runs/00000-"), "\(outcome.output)")
  }

  /// Ctrl-C, and then the terminal is closed: still saved.
  @Test func aHangUpAfterAnInterruptIsNoHurry() throws {
    let outcome = try run(train, shell: started("kill -TERM $first; kill -HUP $first; wait $first; echo $?; cat out"))
    #expect(outcome.output.contains("stopped and saved"))
    #expect(["129", "143"].contains(outcome.output.prefix(3)))
    try resumes()
  }

  /// What was started by nohup goes on.
  @Test func nohupIsRespected() throws {
    let outcome = try run(
      train,
      shell: started(
        """
        kill -HUP $first; sleep 0.3; kill -0 $first && echo alive
        kill -TERM $first; wait $first; echo $?
        """, by: "nohup"))
    #expect(outcome.output == "alive\n143\n", "\(outcome.output)")
  }

  // MARK: Errors

  private func makePictures() throws -> String {
    let path = folder.file("pictures")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for index in 0..<300 {
      let pixels = (0..<256).map { UInt8(truncatingIfNeeded: $0 * (index + 3) + index * $0 / 7) }
      try Image(planar: pixels, channels: 1, height: 16, width: 16).write(to: "\(path)/\(1000 + index).png")
    }
    return path
  }

  /// A picture that is damaged in the middle: saved, told with the way out, and gone on with after repair or removal.
  @Test(arguments: [true, false]) func aDamagedPicture(isRepaired: Bool) throws {
    let pictures = try makePictures()
    // One that the grid of reals does not need.
    let name = "\(1000 + SampleOrder(seed: 0, count: 300).permutation(epoch: 0)[200]).png"
    let bad = "\(pictures)/\(name)"
    let good = try Data(contentsOf: URL(fileURLWithPath: bad))
    // In its middle: the first look at all files sees their headers and ends.
    var damaged = good
    damaged.insert(0x55, at: good.count / 2)
    try damaged.write(to: URL(fileURLWithPath: bad))
    let arguments = ["train", "--data", "pictures", "--kimg", "0.4", "--tick", "0.02"] + smallTraining
    let outcome = try run(arguments)
    #expect(outcome.exitCode == 65)
    #expect(outcome.errorLines.count == 2, "\(outcome.errors)")
    #expect(outcome.errorLines.first?.hasPrefix("error: ") == true && outcome.errors.contains(name))
    let note = try #require(outcome.errorLines.last)
    #expect(
      note.contains(
        /note: the training is saved at 0\.[0-9]+ kimg\. When this is mended, resume with: stylegan train --resume runs\/00000-/
      ))
    #expect(log.contains("note: the training is saved"))
    // Nothing was mended yet: the same again, and nothing is lost.
    #expect(try run(["train", "--resume", "latest"]).exitCode == 65)
    if isRepaired {
      try good.write(to: URL(fileURLWithPath: bad))
    } else {
      try FileManager.default.removeItem(atPath: bad)
    }
    let resumed = try run(["train", "--resume", "latest"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    let what = isRepaired ? "1 file changed (\(name))" : "1 file is missing (\(name))"
    #expect(resumed.output.contains("the data changed: \(what)"))
    #expect(log.contains("the data changed: \(what)"))
  }

  @Test func otherChangesNeedAWord() throws {
    let pictures = try makePictures()
    let first = try run(["train", "--data", "pictures", "--kimg", "0.1", "--quiet"] + smallTraining)
    #expect(first.exitCode == 0, "\(first.errors)")
    try FileManager.default.removeItem(atPath: "\(pictures)/1120.png")
    let refused = try run(["train", "--resume", "latest", "--kimg", "0.2"])
    #expect(refused.exitCode == 65)
    #expect(
      refused.errors == "error: \(pictures) is not the data set this run started with: 1 file is missing (1120.png); "
        + "restore it, or continue with the changed data by --data-changed\n")
    let accepted = try run(["train", "--resume", "latest", "--kimg", "0.2", "--data-changed"])
    #expect(
      accepted.exitCode == 0 && accepted.output.contains("the data changed: 1 file is missing"), "\(accepted.errors)")
    // Once is enough.
    #expect(try run(["train", "--resume", "latest", "--kimg", "0.3", "--quiet"]).exitCode == 0)
  }

  /// No more room for the files of the run: what can be saved is, and the sentence says from where it continues.
  @Test func aFileThatCannotBeWritten() throws {
    let outcome = try run(
      train,
      shell: started(
        """
        mkdir block; run=$(echo runs/0*); mv $run/log.txt block; mkdir $run/log.txt
        wait $first; echo $?; rmdir $run/log.txt; mv block/log.txt $run
        """))
    #expect(outcome.output == "73\n", "\(outcome.output)")
    let errors = try String(contentsOfFile: folder.file("err"), encoding: .utf8)
    #expect(errors.contains("error: cannot write") && errors.contains("note: the training is saved at"), "\(errors)")
    try resumes()
  }
}
