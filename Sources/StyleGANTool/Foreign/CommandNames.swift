import ArgumentParser
import Foundation

/// Names of commands and options: what is unknown, and what was probably meant.
enum CommandNames {
  /// NVIDIA's programs and the command that does their work.
  static let foreign = [
    "train.py": "train", "run_training.py": "train", "generate.py": "generate", "gen_images.py": "generate",
    "run_generator.py": "generate", "style_mixing.py": "style-mixing", "gen_video.py": "interpolate",
    "projector.py": "project", "run_projector.py": "project", "calc_metrics.py": "metrics", "run_metrics.py": "metrics",
    "dataset_tool.py": "dataset build", "closed_form_factorization.py": "directions", "apply_factor.py": "directions",
    "pretrained_example.py": "generate", "visualizer.py": "interpolate",
  ]

  /// Refuses a word that is not a command, also below `dataset` and after `help`.
  /// - Throws: `ValidationError` with the command that was probably meant.
  static func requireKnown(_ arguments: [String]) throws {
    var rest = arguments[...]
    if rest.first == "help" { rest = rest.dropFirst() }
    var command: any ParsableCommand.Type = StyleGAN.self
    var words: [String] = []
    while !command.configuration.subcommands.isEmpty, let word = rest.first, !word.hasPrefix("-") {
      rest = rest.dropFirst()
      let subcommands = command.configuration.subcommands
      if let next = subcommands.first(where: { $0._commandName == word }) {
        command = next
        words.append(word)
        continue
      }
      if words.isEmpty, word == "help" { return }
      let names = subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
      let sentence = "there is no command '\((words + [word]).joined(separator: " "))'"
      guard let meant = closest(to: word, among: names, isTop: words.isEmpty) else {
        throw ValidationError("\(sentence); the commands are: \(names.joined(separator: ", "))")
      }
      throw ValidationError("\(sentence). Did you mean '\((words + [meant]).joined(separator: " "))'?")
    }
  }

  /// The name that was probably meant.
  private static func closest(to word: String, among names: [String], isTop: Bool) -> String? {
    func plain(_ word: String) -> String {
      let lower = word.lowercased().replacingOccurrences(of: "_", with: "-")
      return lower.hasSuffix(".py") ? String(lower.dropLast(3)) : lower
    }
    let wanted = plain(word)
    if let name = names.first(where: { $0 == wanted }) { return name }
    if isTop, let program = foreign.first(where: { plain($0.key) == wanted }) { return program.value }
    if let name = nearest(to: wanted, among: names) { return name }
    let parts = names.filter { wanted.count >= 3 && ($0.hasPrefix(wanted) || $0.contains(wanted)) }
    if parts.count == 1 { return parts[0] }
    return isTop
      ? StyleGAN.configuration.subcommands.lazy.compactMap { command in
        command.configuration.subcommands.map { $0._commandName }.first { $0 == wanted }
          .map { "\(command._commandName) \($0)" }
      }.first : nil
  }

  /// The nearest of some names, if a third of the letters or fewer differ.
  static func nearest(to word: String, among names: [String]) -> String? {
    let near = names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
    guard let near, near.distance <= max(1, word.count / 3) else { return nil }
    return near.name
  }

  /// Inserted, left out, replaced and exchanged letters (Damerau and Levenshtein's distance).
  private static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in 1...max(1, a.count) where !a.isEmpty {
      var row = [i]
      for j in 1...max(1, b.count) where !b.isEmpty {
        var best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows.last!.last!
  }

  /// The first option of a command line that its command lacks, with the option that was probably meant. The parser
  /// would complain about a missing option instead.
  static func unknownOption(_ arguments: [String]) -> String? {
    let options = optionNames(of: arguments.prefix { !$0.hasPrefix("-") })
    guard !options.isEmpty else { return nil }
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") && argument.count > 2 {
      let name = String(argument.prefix { $0 != "=" })
      let isInverse = name.hasPrefix("--no-") && options.contains("--" + name.dropFirst(5))
      if options.contains(name) || isInverse || name == "--help" || name == "--version" { continue }
      let dashed = name.replacingOccurrences(of: "_", with: "-").lowercased()
      let meant =
        options.contains(dashed) ? dashed : nearest(to: dashed, among: options) ?? relative(of: dashed, options)
      return "Unknown option '\(name)'" + (meant.map { ". Did you mean '\($0)'?" } ?? "")
    }
    return nil
  }

  /// The option that an unknown one begins or ends with, or that begins with it, if only one is as long:
  /// "--batchsize", "--metric-samples", "--generator-seed".
  private static func relative(of name: String, _ options: [String]) -> String? {
    let word = name.dropFirst(2)
    let near = options.filter { option in
      let other = option.dropFirst(2)
      return min(other.count, word.count) >= 4
        && (word.hasPrefix(other) || word.hasSuffix(other) || other.hasPrefix(word))
    }
    let longest = near.filter { $0.count == near.map(\.count).max() }
    return longest.count == 1 ? longest[0] : nil
  }

  /// The long options of the command that a command line names, as the program lists them itself.
  private static func optionNames(of words: ArraySlice<String>) -> [String] {
    struct Command: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable { let kind, name: String }
        let names: [Name]?
      }
      let commandName: String
      let subcommands: [Command]?
      let arguments: [Argument]?
    }
    struct Dump: Decodable { let command: Command }
    guard var command = try? JSONDecoder().decode(Dump.self, from: Data(StyleGAN._dumpHelp().utf8)).command else {
      return []
    }
    for word in words {
      guard let next = command.subcommands?.first(where: { $0.commandName == word }) else { break }
      command = next
    }
    return (command.arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map { "--\($0.name)" }
  }
}
