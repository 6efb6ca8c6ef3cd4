import ArgumentParser
import Files
import Foundation
import GANs
import Images
import Torch

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the contents of a network file: architecture, parameters, training.",
    discussion: """
      Examples:
        stylegan inspect runs/00000-stylegan-fashion-mnist-32
        stylegan inspect net.safetensors --json
      """)

  @Argument(help: "A network file, or the folder of a run (its newest network).", completion: .network) var file: String
  @OptionGroup var output: OutputArguments

  func run() throws {
    try StyleGANTool.run {
      let path = try newestNetwork(at: file)
      let network = try NetworkFile(path: path)
      show(path, network)
      try output.finish(Summary(path, network))
    }
  }

  private func show(_ path: String, _ network: NetworkFile) {
    let c = network.configuration
    output.say(path)
    output.say("  \(type(of: c).title), \(c.resolution)×\(c.resolution), \(counted(c.imageChannels, "channel"))")
    for line in c.summary { output.say("  \(line)") }
    if let labels = Labels(network) { output.say("  \(labels.line)") }
    if c.isPremultiplied { output.say("  colors are multiplied by alpha inside, and divided again when drawn") }
    let fade = network.growth.alpha < 1 ? String(format: ", %.0f %% faded in", network.growth.alpha * 100) : ""
    output.say("  draws at \(network.growth.resolution)×\(network.growth.resolution)\(fade)")
    if let area = network.pictureArea {
      output.say("  pictures of \(area.width)×\(area.height), padded at (\(area.x), \(area.y))")
    }
    if let h = network.history {
      output.say(
        "  trained on \(h.dataset) for \(h.kimg.plain) kimg in \(h.steps) steps; recipe \(h.recipe), seed \(h.seed)")
    }
    for (prefix, title) in [("G_ema.", "generator (moving average)"), ("D.", "discriminator")] {
      let tensors = network.tensors.filter { $0.name.hasPrefix(prefix) }
      let total = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
      output.say("\n\(title): \(tensors.count) tensors, \(total) values")
      let width = (tensors.map(\.name.count).max() ?? 0) - prefix.count
      for tensor in tensors {
        let name = tensor.name.dropFirst(prefix.count).padding(toLength: width, withPad: " ", startingAt: 0)
        output.say("  \(name)  \(tensor.dataType.rawValue)  \(tensor.shape)")
      }
    }
  }

  /// The labels of a conditional network.
  private struct Labels: Encodable {
    /// "classes" or "vectors".
    let kind: LabelKind
    /// The number of classes, or of the numbers of a label.
    let size: Int
    /// The names of the classes, or empty.
    let names: [String]

    init?(_ network: NetworkFile) {
      guard network.configuration.labelSize > 0 else { return nil }
      (kind, size, names) = (network.labelKind, network.configuration.labelSize, network.labelNames)
    }

    /// "3 classes: 0 dark, 1 middle, 2 bright"
    var line: String {
      guard kind == .classes else { return "label vectors of \(counted(size, "number"))" }
      let list = names.prefix(100).enumerated().map { "\($0) \($1.shown)" }.joined(separator: ", ")
      return counted(size, "class", "classes") + (names.isEmpty ? "" : ": \(list)\(names.count > 100 ? ", …" : "")")
    }
  }

  /// The output of `--json`.
  private struct Summary: Encodable {
    let path, family: String
    let configuration: Architecture
    let growth: Growth
    /// nil for a network without labels.
    let labels: Labels?
    /// The part of the images that is not padding; nil for images without padding.
    let pictureArea: PictureArea?
    let training: NetworkFile.History?
    let tensors: [String: [Int]]

    /// A configuration of any family, in its own JSON.
    struct Architecture: Encodable {
      let value: any NetworkConfiguration
      func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }

    init(_ path: String, _ network: NetworkFile) {
      self.path = path
      family = type(of: network.configuration).family
      configuration = Architecture(value: network.configuration)
      growth = network.growth
      labels = Labels(network)
      pictureArea = network.pictureArea
      training = network.history
      tensors = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.shape) })
    }
  }
}
