import GANs
import Testing
import Torch

/// Settings belong to families; errors name fields.
@Suite struct SettingsTests {
  /// Every setting that a family declares is a field of its configuration, reaches it, and is not overridden by a recipe.
  @Test(arguments: Families.recipes.map(\.name)) func everySettingReachesTheNetwork(name: String) throws {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    let plain = try recipe.configuration(resolution: 32, imageChannels: 1)
    for setting in recipe.family.settings {
      let values: [SettingValue] =
        switch setting.kind {
        case .integer: [3]
        case .number: [.number(0.25)]
        case .flag: [true, false]
        case .preset(let names): names.map(SettingValue.text)
        }
      let changed = try values.map {
        try recipe.configuration([setting.field: $0], resolution: 32, imageChannels: 1).summary
      }
      #expect(changed.contains { $0 != plain.summary }, "\(setting.field.rawValue)")
    }
  }

  /// A setting with no default value is one like others: it comes from its family's folder alone.
  @Test func hiddenLayersHaveAWidthOfTheirOwn() throws {
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan" })
    let configuration = try recipe.configuration(
      ["mappingWidth": 24, "mappingLayers": 3, "zSize": 8, "wSize": 16], resolution: 8, imageChannels: 1)
    let store = configuration.makeGenerator(seed: 0, device: .cpu).store
    let shapes = store.parameters.filter { $0.name.hasSuffix("weight") && $0.name.hasPrefix("mapping") }
    #expect(shapes.map(\.value.shape) == [[24, 8], [24, 24], [16, 24]])
  }

  @Test func settingsOfAnotherTypeAreRefused() throws {
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan" })
    #expect(throws: ConfigurationError.self) {
      try recipe.configuration(["zSize": .text("many")], resolution: 32, imageChannels: 1)
    }
  }

  /// A Swift programmer reads properties, a user of the program reads whatever it calls them.
  @Test func messagesNameFields() throws {
    let error = ConfigurationError("there are no styles to mix: use \(field: .mixingProbability, 0) or \(field: .loss)")
    #expect(error.field == .mixingProbability && error.message.fields == [.mixingProbability, .loss])
    #expect(error.description == "there are no styles to mix: use mixingProbability = 0 or loss")
    let said = error.message.text { field, value in "<\(field.rawValue)\(value.map { ":" + $0 } ?? "")>" }
    #expect(said == "there are no styles to mix: use <mixingProbability:0> or <loss>")
    #expect(
      ConfigurationError(field: .gamma, -1, range: "0 or more").description == "gamma is -1, but must be 0 or more")
  }

  @Test func foreignSettingsNameThemselvesAndTheKnownOnes() throws {
    let pggan = try #require(Families.recipes.first { $0.name == "pggan" })
    let error = #expect(throws: ConfigurationError.self) {
      try pggan.configuration(["noise": false], resolution: 32, imageChannels: 1)
    }
    #expect(error?.field == "noise" && error?.message.fields.dropFirst() == ["fmapBase", "fmapMax", "width", "zSize"])
  }
}
