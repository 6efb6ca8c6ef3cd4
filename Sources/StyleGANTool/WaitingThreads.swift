import Files
import Foundation
import Torch

/// Restarts the program once, with a setting that says how long waiting threads stay awake.
///
/// OpenMP's threads spin at the end of each parallel region, for milliseconds if nothing is set. On an idle machine this
/// saves the time to wake them. Beside another busy process, a spinning thread takes the core of the thread that it waits
/// for, and training becomes ten times slower. The runtime reads the setting when it is loaded, before our code runs, so a
/// restart is needed. Settings of the user are kept.
func chooseWaiting(threads: Int) {
  #if os(Linux)
    guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
    let before = runningThreads()
    let turns = Processor.measureWaiting().turns
    let others = min(before, runningThreads()) - 1
    let isFree = threads + others <= ProcessInfo.processInfo.activeProcessorCount
    setenv("GOMP_SPINCOUNT", "\(isFree ? turns : Processor.fewestWaitingTurns)", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  // If execv fails, the program continues without the setting.
  #endif
}

/// Threads of the machine that run or could run, this one included; 1 if the system does not tell.
private func runningThreads() -> Int {
  let text = (try? WholeFile.bytes(of: "/proc/loadavg", limit: 4096)).map { String(decoding: $0, as: UTF8.self) }
  let running = text?.split(separator: " ").dropFirst(3).first?.split(separator: "/").first
  return running.flatMap { Int($0) } ?? 1
}
