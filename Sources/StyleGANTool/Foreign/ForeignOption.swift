import ArgumentParser
import GANs

/// An option of NVIDIA's StyleGAN programs, and what it becomes here.
struct ForeignOption: Sendable {
  /// How its value is written there.
  enum Form: Sendable {
    /// Without a value.
    case flag
    /// With 1, 0, true, false, yes or no.
    case boolean
    /// With any value.
    case value
  }

  /// What becomes of an option with a value.
  enum Answer {
    /// The same option exists here.
    case same
    /// These arguments take its place.
    case write([String])
    /// It becomes the positional argument with this number.
    case argument(Int)
    /// It has no effect on the result here, for this reason.
    case leaveOut(String)
    /// It cannot be used; the sentence says what to write instead.
    case explain(String)
  }

  /// An option in a command line.
  struct Use {
    /// Its name as written, such as "--gpus".
    let name: String
    /// Its value; "" without one.
    let value: String
    /// All arguments of the command line.
    let arguments: [String]

    /// The value as yes or no; nil for other words.
    var isOn: Bool? { ForeignOptions.boolean(value) }

    /// The value of another option in the command line.
    func value(of option: String) -> String? {
      for (index, argument) in arguments.enumerated() {
        if argument.hasPrefix("\(option)=") { return String(argument.dropFirst(option.count + 1)) }
        if argument == option, index + 1 < arguments.count { return arguments[index + 1] }
      }
      return nil
    }
  }

  /// The commands here: "train", "dataset build".
  let commands: [String]
  /// Its names there.
  let names: [String]
  let form: Form
  /// Values for the table in the documentation; each makes a row.
  let examples: [String]
  let answer: @Sendable (Use) -> Answer

  init(
    _ commands: String, _ names: String, _ form: Form = .value, examples: [String],
    _ answer: @escaping @Sendable (Use) -> Answer
  ) {
    self.commands = commands.components(separatedBy: ", ")
    self.names = names.components(separatedBy: ", ")
    (self.form, self.examples, self.answer) = (form, examples, answer)
  }
}

/// Command lines of NVIDIA's programs, translated where it is possible.
enum ForeignOptions {
  /// Translates the options of a command line.
  /// - Returns: the arguments to parse, and a note for each option that was changed.
  /// - Throws: `ValidationError` for the options that cannot be used, with what to write instead.
  static func translated(_ arguments: [String]) throws -> (arguments: [String], notes: [String]) {
    guard let (command, length) = command(arguments) else { return (arguments, []) }
    var result = Array(arguments[..<length])
    var (positional, notes, refusals): ([(Int, String)], [String], [String]) = ([], [], [])
    var at = length
    while at < arguments.count, arguments[at] != "--" {
      let argument = arguments[at]
      at += 1
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard argument.hasPrefix("-"), let option = option(parts[0], of: command) else {
        result.append(argument)
        continue
      }
      var written = [argument]
      var value = parts.count > 1 ? parts[1] : ""
      if parts.count == 1, option.form != .flag, at < arguments.count,
        option.form == .value || boolean(arguments[at]) != nil
      {
        value = arguments[at]
        written.append(value)
        at += 1
      }
      let words = "'\(written.joined(separator: " "))'"
      switch option.answer(.init(name: parts[0], value: value, arguments: arguments)) {
      case .same: result += written
      case .write(let ours):
        result += ours
        if ours != written { notes.append("\(words) is '\(ours.joined(separator: " "))' here") }
      case .argument(let number):
        positional.append((number, value))
        notes.append("\(words) is the argument '\(value)' here")
      case .leaveOut(let reason): notes.append("\(words) is not needed here: \(reason)")
      case .explain(let sentence): refusals.append(sentence)
      }
    }
    guard refusals.isEmpty else { throw ValidationError(refusals.joined(separator: "; also, ")) }
    result += positional.sorted { $0.0 < $1.0 }.map(\.1)
    return (result + arguments[at...], notes)
  }

  /// The command of a command line, and the number of its words.
  private static func command(_ arguments: [String]) -> (name: String, length: Int)? {
    for length in [2, 1] where arguments.count >= length {
      let name = arguments[..<length].joined(separator: " ")
      if table.contains(where: { $0.commands.contains(name) }) { return (name, length) }
    }
    return nil
  }

  private static func option(_ name: String, of command: String) -> ForeignOption? {
    table.first { $0.names.contains(name) && $0.commands.contains(command) }
  }

  /// The words for yes and no of those programs.
  static func boolean(_ word: String) -> Bool? {
    switch word.lowercased() {
    case "1", "true", "t", "yes", "y", "on": true
    case "0", "false", "f", "no", "n", "off": false
    default: nil
    }
  }
}

// MARK: The table of the documentation

extension ForeignOptions {
  /// A row of the table: an option as it is written there.
  struct Row: Encodable {
    let command, option, answer: String
    /// Whether the program accepts the option.
    let works: Bool
  }

  static var rows: [Row] {
    table.flatMap { option in
      option.commands.flatMap { command in
        option.names.flatMap { name in
          // An example with names of its own stands for all names.
          option.examples.filter { !$0.hasPrefix("-") || name == option.names[0] }.map {
            row(option, command, $0.isEmpty ? name : $0.hasPrefix("-") ? $0 : "\(name)=\($0)")
          }
        }
      }
    }
  }

  private static func row(_ option: ForeignOption, _ command: String, _ written: String) -> Row {
    let (words, there) = (command.components(separatedBy: " "), written.components(separatedBy: " "))
    do {
      let (arguments, notes) = try translated(words + there)
      let ours = Array(arguments.dropFirst(words.count))
      let answer =
        if ours == there { "the same" } else if !ours.isEmpty { "`\(ours.joined(separator: " "))`" } else {
          "not needed:" + (notes.first?.split(separator: ":").last ?? "")
        }
      return Row(command: command, option: written, answer: answer, works: true)
    } catch { return Row(command: command, option: written, answer: "\(error)", works: false) }
  }

  /// The tables in Markdown.
  static var markdown: String {
    var text = "| there | here |\n|---|---|\n"
    for (program, command) in CommandNames.foreign.sorted(by: { $0.key < $1.key }) {
      text += "| `\(program)` | `\(command)` |\n"
    }
    for command in Set(rows.map(\.command)).sorted() {
      text += "\n## \(command)\n\n| option there | here |\n|---|---|\n"
      for row in rows where row.command == command {
        text += "| `\(row.option)` | \(row.works ? row.answer : "refused: \(row.answer)") |\n"
      }
    }
    return text
  }
}

/// `stylegan nvidia-options`: prints the tables; it is not in the list of commands.
struct NVIDIAOptions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nvidia-options", abstract: "List the options of NVIDIA's programs and what to write here.",
    discussion: """
      Examples:
        stylegan nvidia-options
      """, shouldDisplay: false)

  @OptionGroup var output: OutputArguments

  func run() throws {
    try StyleGANTool.run {
      output.say(String(ForeignOptions.markdown.dropLast()))
      try output.finish(Results(programs: CommandNames.foreign, options: ForeignOptions.rows))
    }
  }

  /// The output of `--json`.
  private struct Results: Encodable {
    /// NVIDIA's programs and the commands that do their work.
    let programs: [String: String]
    let options: [ForeignOptions.Row]
  }
}
