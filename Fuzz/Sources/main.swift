// Feeds one parser with inputs of libFuzzer: `Fuzz TARGET [options and corpora of libFuzzer]`, or `Fuzz --list`.
// `Scripts/fuzz` builds this program and runs every target.

import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

// libFuzzer starts itself again for -merge and -fork, without the name of the target.
let inherited = getenv("FUZZ_TARGET").map { String(cString: $0) }
let wish = inherited ?? CommandLine.arguments.dropFirst().first ?? "--list"
if wish == "--list" {
  for target in targets { print(target.name) }
  exit(0)
}
guard let chosen = targets.first(where: { $0.name == wish }) else {
  print("there is no target \(wish); --list shows all")
  exit(64)
}
// A pipe of `report` and a limit of the system must not end the program.
signal(SIGPIPE, SIG_IGN)
Target.read = chosen.read
var arguments = CommandLine.unsafeArgv
var count = CommandLine.argc
if inherited == nil {
  setenv("FUZZ_TARGET", wish, 1)
  arguments[1] = arguments[0]
  arguments += 1
  count -= 1
}
let code = runDriver(&count, &arguments) { bytes, count in
  Target.read!(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
Scratch.remove()
exit(code)
