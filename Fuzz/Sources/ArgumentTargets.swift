import ArgumentParser
import Foundation

@testable import GANs
@testable import StyleGANTool

/// A command with its options, as the program itself lists them.
private struct CommandOptions: Decodable {
  struct Name: Decodable {
    let kind, name: String
    var text: String { (kind == "long" ? "--" : "-") + name }
  }
  struct Argument: Decodable {
    let kind: String
    let names: [Name]?
    let allValues: [String]?
    let allValueStrings: [String]?
  }
  let commandName: String
  let subcommands: [CommandOptions]?
  let arguments: [Argument]?

  /// Every command below with its path.
  func leaves(_ path: [String] = []) -> [(path: [String], arguments: [Argument])] {
    [(path, arguments ?? [])] + (subcommands ?? []).flatMap { $0.leaves(path + [$0.commandName]) }
  }
}

private let commands: [(path: [String], arguments: [CommandOptions.Argument])] = {
  struct Root: Decodable { let command: CommandOptions }
  return must { try JSONDecoder().decode(Root.self, from: Data(StyleGAN._dumpHelp().utf8)).command.leaves() }
}()

private let values =
  [
    "0", "1", "-1", "2", "8", "16", "0.5", "-0", "1e308", "1e999", "nan", "inf", "-inf", "0x10", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "4294967295", "4294967296", "1000000", "8x4", "256x256", "1x0",
    "0,3,10-20",
    "0-999999", "0-4294967295", "5-3", "8:64,16:32", "4:1", "8:1e999", "", " ", "a.png", "a.safetensors", "w.npz",
    "list",
    "latest", "fid50k_full,kid50k", "all", "0:1", "cpu", "cuda:9", "mp4,gif", "png", "x,y", "--", "-", "=", "ψ",
    "\u{1F600}", "\0",
    "center", "none", "/", ".", "1024", "4", "3", "100", "2.5", "1e-320",
  ] + Families.recipes.map(\.name) + Metric.allCases.map(\.rawValue)

/// Parses a command line; nothing runs. For `train` the options of the run are made too, as for data of 16×16.
private func parse(_ arguments: [String]) {
  do {
    let command = try StyleGAN.parseAsRoot(arguments)
    guard let train = command as? Train,
      case .recipe(let recipe)? = train.place.recipe ?? RecipeChoice(argument: "stylegan")
    else { return }
    attempt {
      var options = TrainingOptions(
        recipe: recipe, data: "a", dataset: .init(name: "a", fingerprint: "0", count: 9),
        configuration: try recipe.configuration(train.network.settings, resolution: 16, imageChannels: 1))
      try train.training.apply(to: &options)
      train.measures.apply(to: &options.measures)
      try options.validate()
      require(try TrainingOptions(text: options.text(), path: "options.json") == options, "written options are equal")
      try options.requireMemory(limit: 1 << 33)
      try options.requireBatches()
    }
  } catch {
    require(!StyleGAN.message(for: error).isEmpty || error is CleanExit, "errors have a message")
    require([0, 64].contains(StyleGAN.exitCode(for: error).rawValue), "wrong arguments are errors of usage")
  }
}

let argumentTargets = [
  Target("numbers") { (bytes: UnsafeRawBufferPointer) in
    guard let kind = bytes.first else { return }
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    attempt {
      switch kind % 7 {
      case 0: require(try NumberList(reading: text).values.count <= NumberList.limit, "lists end")
      case 1: require(try GridSize(reading: text).columns <= 256, "grids end")
      case 2: _ = try ByResolution<Int>(reading: text)
      case 3: _ = try ByResolution<Double>(reading: text)
      case 4: require(try LatentList(reading: text).count <= NumberList.limit, "lists end")
      case 5: _ = try FormatList(reading: text)
      default: _ = (RunDirectory.kimg(ofSnapshot: text), SavedLatents.isPath(text))
      }
    }
  },
  // One argument a line.
  Target("arguments") { (bytes: UnsafeRawBufferPointer) in
    parse(bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
  },
  Target("arguments-made") { choices in
    let (path, options) = choices.of(commands)
    var arguments = path
    while !choices.isAtEnd && arguments.count < 16 {
      if options.isEmpty || choices.oneIn(16) {
        arguments.append(String(decoding: choices.text(), as: UTF8.self))
        continue
      }
      let option = choices.of(options)
      if let names = option.names, !names.isEmpty { arguments.append(choices.of(names).text) }
      guard option.kind != "flag" else { continue }
      let known = (option.allValues ?? []) + (option.allValueStrings ?? [])
      arguments.append(
        choices.oneIn(8) ? "\(choices.integer())" : choices.of(!known.isEmpty && choices.oneIn(2) ? known : values))
    }
    parse(arguments)
  },
]
