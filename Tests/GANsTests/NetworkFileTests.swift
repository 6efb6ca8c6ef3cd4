import Files
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

@Suite struct NetworkFileTests {
  private let folder: TemporaryFolder
  private let trainer: Trainer
  private let path: String

  /// A network of a short run.
  init() throws {
    folder = try TemporaryFolder()
    var options = smallOptions()
    options.totalKimg = 0.1
    trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("runs"))
    guard case .finished(let network) = try trainer.train() else { preconditionFailure("it was stopped") }
    path = network
  }

  @Test func whatIsWrittenIsRead() throws {
    let network = try NetworkFile(path: path)
    let options = trainer.options
    #expect(network.configuration as? StyleGANConfiguration == options.stylegan)
    // The last step, of 4 images, began after 96.
    #expect(network.growth == options.schedule.growth(afterImages: 96))
    #expect(network.growth.alpha < 1)
    let history = try #require(network.history)
    #expect(history.kimg == 0.1 && history.dataset == "synthetic" && history.fingerprint == "50 squares")
    #expect(history.seed == 5 && history.steps == 15 && history.recipe == "test")
    func expectSame(_ a: ParameterStore, _ b: ParameterStore) {
      #expect(a.state.map(\.name) == b.state.map(\.name))
      for (x, y) in zip(a.state, b.state) { #expect(x.value.bytes == y.value.bytes, "\(x.name)") }
    }
    expectSame(network.generator.store, trainer.networks.average.store)
    expectSame(try network.rawGenerator().store, trainer.networks.generator.store)
    let generator = StyleGANGenerator(options.stylegan, seed: 1)
    let discriminator = StyleGANDiscriminator(options.stylegan, seed: 1)
    try network.load(generator: generator, discriminator: discriminator)
    expectSame(generator.store, trainer.networks.generator.store)
    expectSame(discriminator.store, trainer.networks.discriminator.store)
    // A training state is a network, too.
    expectSame(try NetworkFile(path: trainer.directory.state).generator.store, network.generator.store)
  }

  /// The file with changes, opened and loaded whole; what is said against it.
  private func refusal(
    metadata: (inout [String: String]) -> Void = { _ in },
    tensors: (inout [String: (shape: [Int], bytes: [UInt8])]) -> Void = { _ in }
  ) throws -> any Error {
    let original = try SafetensorsFile(path: path)
    var contents: [String: (shape: [Int], bytes: [UInt8])] = [:]
    for (name, info) in original.tensors {
      contents[name] = (info.shape, try original.withBytes(of: name) { Array($0) })
    }
    tensors(&contents)
    var writer = SafetensorsWriter(metadata: original.metadata)
    metadata(&writer.metadata)
    for (name, content) in contents {
      writer.add(name, dataType: .float32, shape: content.shape, bytes: content.bytes)
    }
    let tampered = folder.file("tampered.safetensors")
    try writer.write(to: tampered)
    do {
      let network = try NetworkFile(path: tampered)
      try network.load(
        generator: network.configuration.makeGenerator(seed: 0, device: .cpu),
        discriminator: network.configuration.makeDiscriminator(seed: 0, device: .cpu))
    } catch {
      #expect("\(error)".contains(tampered), "\(error) does not name the file")
      return error
    }
    struct NothingSaid: Error {}
    return NothingSaid()
  }

  @Test func unchangedItIsAccepted() throws {
    #expect("\(try refusal())".contains("NothingSaid"))
  }

  @Test(arguments: [
    ("format", nil, "no 'format'"), ("format", "another 1", "its format is 'another 1'"),
    ("family", "biggan", "its family 'biggan' is unknown"), ("family", nil, "its family '' is unknown"),
    ("configuration", nil, "no 'configuration'"), ("configuration", "{}", "'configuration' is not valid"),
    ("growth", #"{"resolution":64,"alpha":1}"#, "its growth 64×64"),
    ("growth", #"{"resolution":16,"alpha":0}"#, "its growth 16×16, 0.0 is impossible"),
    ("training", "[]", "'training' is not valid"),
  ])
  func metadataThatCannotBeIsRefused(key: String, value: String?, sentence: String) throws {
    let error = try refusal(metadata: { $0[key] = value })
    #expect(error is NetworkFileError)
    #expect("\(error)".contains(sentence), "\(error)")
  }

  @Test func impossibleConfigurationsAreRefused() throws {
    for (old, new, sentence) in [
      (#""resolution":16"#, #""resolution":12"#, "resolution is 12"),
      (#""fmapMax":8"#, #""fmapMax":0"#, "fmapMax is 0"),
      (#""zSize":8"#, #""zSize":1000000000000"#, "zSize is 1000000000000"),
    ] {
      let error = try refusal(metadata: {
        $0["configuration"] = $0["configuration"]?.replacingOccurrences(of: old, with: new)
      })
      #expect(error is NetworkFileError)
      #expect("\(error)".contains(sentence), "\(error)")
    }
  }

  @Test(arguments: ["G_ema.mapping.dense0.weight", "G.synthesis.b16.style1.noise", "D.b4.dense1.bias"])
  func tensorsThatDoNotFitAreNamed(name: String) throws {
    let changes: [(String, (inout [String: (shape: [Int], bytes: [UInt8])]) -> Void)] = [
      ("is missing", { $0[name] = nil }),
      ("has values that are not finite", { $0[name]?.bytes.replaceSubrange(0..<4, with: [0, 0, 0xc0, 0x7f]) }),
      ("not [", { $0[name]?.shape.append(1) }),
    ]
    for (problem, change) in changes {
      let error = try #require(try refusal(tensors: change) as? LoadError)
      #expect(error.problems.count == 1 && error.problems[0].contains("'\(name)'"))
      #expect(error.problems[0].contains(problem), "\(error)")
    }
  }

  @Test(arguments: ["G_ema.extra", "G.extra", "D.extra", "Q.extra"])
  func unexpectedTensorsAreNamed(name: String) throws {
    let error = try #require(try refusal(tensors: { $0[name] = ([1], [0, 0, 0, 0]) }) as? LoadError)
    #expect(error.problems == ["'\(name)' is not expected"])
  }

  /// One error tells of everything.
  @Test func everyProblemIsListed() throws {
    let error = try refusal(tensors: {
      $0["G_ema.mapping.w_avg"] = nil
      $0["G_ema.mapping.dense0.bias"]?.shape.append(1)
      $0["G_ema.more"] = ([1], [0, 0, 0, 0])
    })
    #expect((error as? LoadError)?.problems.count == 3, "\(error)")
  }

  @Test func otherFilesAreRefused() throws {
    let other = folder.file("other.safetensors")
    try SafetensorsWriter().write(to: other)
    #expect(throws: NetworkFileError.self) { try NetworkFile(path: other) }
    #expect(throws: FileError.self) { try NetworkFile(path: folder.file("none")) }
    try Data("not a network".utf8).write(to: URL(fileURLWithPath: other))
    #expect(throws: SafetensorsError.self) { try NetworkFile(path: other) }
  }
}
