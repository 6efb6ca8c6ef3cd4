import ArgumentParser
import Files
import Foundation
import Images

/// What a command prints: results on stdout, everything else on stderr. All commands share these options.
struct OutputArguments: ParsableArguments {
  @Flag(help: "Print the results as one JSON object, and nothing else, on stdout.") var json = false
  @Flag(help: "Print only results, and only errors on stderr.") var quiet = false

  /// Prints a line of the results; nothing with --json.
  func say(_ line: String) {
    guard !json else { return }
    print(line)
    // A reader at the other end of a pipe sees it now, not at the end of the command.
    StandardOutput.flush()
  }

  /// Prints a line that explains the results, such as the heading of a table; nothing with --json or --quiet.
  func explain(_ line: String) { if !quiet { say(line) } }

  /// Prints a note on stderr; nothing with --quiet.
  func note(_ line: String) { if !quiet { printError(line) } }

  /// With --json, prints the results.
  /// - Throws: `EncodingError`.
  func finish(_ results: @autoclosure () -> some Encodable) throws {
    if json { try printJSON(results()) }
  }
}

/// Prints results as JSON. All JSON of the program on stdout is printed here.
///
/// - Throws: `EncodingError`.
func printJSON(_ results: some Encodable) throws { Swift.print(try resultsJSON(results)) }

/// Results as JSON: keys sorted, on several lines. A number that is not finite is the string "inf", "-inf" or "nan", because
/// JSON has no such numbers. Characters that change a terminal (see `String.shown`) are written as \\u escapes.
///
/// - Throws: `EncodingError`.
package func resultsJSON(_ results: some Encodable) throws -> String {
  let text = try JSON.pretty(
    results, nonFinite: .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan"))
  guard text.shown(keeping: "\n") != text else { return text }
  // The only line breaks are those between values.
  return text.unicodeScalars.map { scalar in
    let character = String(scalar)
    if scalar == "\n" || character.shown == character { return character }
    return character.utf16.map { "\\u" + String($0, radix: 16).leftPadded(to: 4) }.joined()
  }.joined()
}

/// A picture or an animation that a command wrote, in the output of `--json`.
struct WrittenFile: Encodable {
  /// The path as the user can open it.
  var path: String
  /// The size in pixels.
  var width, height: Int?
  /// The seed it was drawn from, or the file of latents and the number in it, from 0.
  var seed: UInt32?
  var latents: String?
  /// The class it shows, by its name, or the numbers of its label; nil without labels.
  var label: String?
  var item: Int?
  /// The number of frames of an animation, and their rate.
  var frames: Int?
  var framesPerSecond: Double?

  init(_ path: String, width: Int? = nil, height: Int? = nil) {
    (self.path, self.width, self.height) = (path, width, height)
  }
}

/// The output of `--json` of commands that only draw.
struct DrawnResults: Encodable {
  /// The network file.
  var network: String?
  /// The files in the order in which they were written.
  var files: [WrittenFile]
}
