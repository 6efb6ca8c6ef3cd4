import Foundation

/// Starts the program again, once, such that threads which wait for others soon sleep.
///
/// OpenMP's threads spin for milliseconds at the end of each parallel region. On a quiet machine that gains little; beside
/// another busy process the spinning thread keeps the one it waits for off the core, and training drops to a tenth. The
/// runtime reads its setting when it is loaded, before any code of ours; what the user has set stays.
func letWaitingThreadsSleep() {
  #if os(Linux)
    guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
    setenv("GOMP_SPINCOUNT", "1000", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  // Where that is refused, the program goes on as it is.
  #endif
}
