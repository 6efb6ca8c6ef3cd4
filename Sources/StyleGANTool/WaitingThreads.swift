import Foundation

/// Restarts the program once, with a setting that makes waiting threads sleep early.
///
/// OpenMP's threads spin for milliseconds at the end of each parallel region. On an idle machine this gains little.
/// Beside another busy process, a spinning thread takes the core of the thread that it waits for, and training becomes
/// ten times slower. The runtime reads the setting when it is loaded, before our code runs, so a restart is needed.
/// Settings of the user are kept.
func letWaitingThreadsSleep() {
  #if os(Linux)
    guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
    setenv("GOMP_SPINCOUNT", "1000", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  // If execv fails, the program continues without the setting.
  #endif
}
