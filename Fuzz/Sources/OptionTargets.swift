import Foundation

@testable import Datasets
@testable import Files
@testable import GANs
@testable import Torch

/// The options of each recipe, and the configuration of each family, for small images.
private let options: [JSONText] = Families.recipes.map { recipe in
  let data = TrainingOptions.DatasetIdentity(name: "a", fingerprint: "0", count: 9)
  let configuration = must { try recipe.configuration(resolution: 16, imageChannels: 1) }
  return JSONText(
    text: must { try TrainingOptions(recipe: recipe, data: "a", dataset: data, configuration: configuration).text() })
}

private let configurations: [(family: String, text: JSONText)] = Families.all.map { family in
  func text<Family: NetworkConfiguration>(_ type: Family.Type) -> String {
    must { try JSON.compact(type.defaults(for: [:], resolution: 16, imageChannels: 1)) }
  }
  return (family.family, JSONText(text: text(family)))
}

func changed(_ text: JSONText, _ choices: inout Choices) -> String {
  (0..<choices.below(4)).reduce(text) { text, _ in text.changed(&choices) }.text
}

private func readOptions(_ text: String) {
  attempt {
    let options = try TrainingOptions(text: text, path: "options.json")
    let again = try TrainingOptions(text: options.text(), path: "options.json")
    require(options == again, "written options are equal")
    _ = (options.remedies.description, options.schedule.imagesUntilGrown)
    for images in [0, 1000, 1 << 40] {
      let growth = options.schedule.growth(afterImages: images)
      require(options.configuration.resolutions.contains(growth.resolution), "growth ends at the resolution")
      _ = (options.schedule.batchSize(at: growth.resolution), options.schedule.learningRate(at: growth.resolution))
    }
    try options.requireBatches()
    try options.requireMemory(limit: 1 << 33)
  }
}

private let history = JSONText(
  text: "{\"kimg\":1.5,\"dataset\":\"a\",\"fingerprint\":\"0\",\"seed\":1,\"steps\":3,\"recipe\":\"stylegan\"}")
private let progress = JSONText(
  text: """
    {"images":64,"steps":8,"ticks":1,"position":64,"resolution":8,"growth":{"resolution":8,"alpha":0.5},
    "generatorUpdates":8,"discriminatorUpdates":8,"statistics":{"sums":{"a":1.5},"counts":{"a":2}}}
    """)

/// A network file or a training state with metadata only; libtorch counts its weights without memory.
private func metadata(_ choices: inout Choices, _ format: String) -> MadeSafetensors {
  var made = MadeSafetensors()
  let (family, configuration) = choices.of(configurations)
  made.metadata = [
    ("format", choices.oneIn(24) ? "x" : format), ("family", choices.oneIn(24) ? "x" : family),
    ("configuration", changed(configuration, &choices)),
    ("growth", choices.oneIn(3) ? JSONText(&choices).text : "{\"resolution\":16,\"alpha\":1}"),
    ("training", changed(history, &choices)),
  ]
  if choices.oneIn(4) { made.metadata.append(("labels", JSONText(&choices).text)) }
  if choices.oneIn(8) { made.metadata.remove(at: choices.below(made.metadata.count)) }
  return made
}

let optionTargets = [
  Target("options") { (bytes: UnsafeRawBufferPointer) in readOptions(String(decoding: bytes, as: UTF8.self)) },
  Target("options-made") { choices in readOptions(changed(choices.of(options), &choices)) },
  Target("network") { choices in
    var made = metadata(&choices, NetworkFile.format)
    made.add(&choices, names: ["G_ema.a", "G.a", "D.a", "x"], shapes: [[2], [3, 3]])
    let path = Scratch.write(made.bytes(&choices), "network.safetensors")
    attempt {
      let header = try NetworkReaders.open(path).header
      try attempt { try header.configuration.validate() } ?? { throw NetworkFileError(path, "invalid") }()
      try header.requireGenerator(in: [], of: path)
      _ = (header.configuration.summary, header.configuration.traits)
      for resolution in header.configuration.resolutions { _ = header.configuration.activationCount(at: resolution) }
    }
  },
  Target("state") { choices in
    var made = metadata(&choices, TrainingState.format)
    made.metadata.append(("options", changed(choices.of(options), &choices)))
    made.metadata.append(("progress", changed(progress, &choices)))
    let path = Scratch.write(made.bytes(&choices), "state.safetensors")
    attempt {
      let read = try SafetensorsFile(path: path).decoded("progress", as: TrainingProgress.self)
      if read.isPossible { _ = read.statistics.means }
    }
    attempt { try TrainingState.description(at: path).options.requireBatches() }
  },
]
