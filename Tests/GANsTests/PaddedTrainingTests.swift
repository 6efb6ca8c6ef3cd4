import Datasets
import Files
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// Pictures in padded squares, from the data to the drawn picture.
@Suite struct PaddedTrainingTests {
  private let folder: TemporaryFolder
  /// 9×14 in 16×16: left 3, right 4, 1 above and below.
  private let area = PictureArea(width: 9, height: 14, inMiddleOf: 16)

  init() throws { folder = try TemporaryFolder() }

  private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
    var options = smallOptions()
    (options.totalKimg, options.tickKimg, options.snapshotTicks) = (0.032, 0.016, 1)
    change(&options)
    return options
  }

  private func trained(_ dataset: SyntheticDataset, _ options: TrainingOptions) throws -> (
    RunDirectory, network: String
  ) {
    let trainer = try Trainer(options, dataset: dataset, in: folder.file("runs"))
    guard case .finished(let network) = try trainer.train() else { preconditionFailure("it was stopped") }
    return (trainer.directory, network)
  }

  private func size(_ path: String) throws -> [Int] {
    let header = try ImageDecoder.header(contentsOf: path)
    return [header.width, header.height]
  }

  /// A growing network draws 8×8 at first; its grids have the final size.
  @Test func drawnPicturesHaveNoPadding() throws {
    let (run, network) = try trained(
      SyntheticDataset(pictureArea: area), options { $0.batchGridSteps = 1 })
    let file = try NetworkFile(path: network)
    #expect(file.pictureArea == area && file.growth.resolution == 8)
    let columns = 16
    #expect(try size(run.reals) == [columns * 9, 8 * 14])
    let fakes = try #require(Folder.names(in: run.path).first { $0.hasPrefix("fakes") })
    #expect(try size("\(run.path)/\(fakes)") == [columns * 9, 8 * 14])
    #expect(try size(run.batch(steps: 0)) == [5 * 11 + 2, 2 * 16 + 2])
    // At 8×8, without the pixels that are partly padding: 3…12 of 16 is 2…6 of 8.
    let renderer = Renderer(file)
    let small = PictureArea(x: 2, y: 1, width: 4, height: 6)
    #expect(renderer.pictureArea == small)
    var whole = renderer
    whole.pictureArea = nil
    #expect(try renderer.images(seeds: [1, 2]) == whole.images(seeds: [1, 2]).map { try $0.cropped(to: small) })
    let drawn = NetworkSnapshot(file).renderer().images(seeds: [1])
    #expect(drawn == renderer.images(seeds: [1]) && drawn[0].width == 4)
    for image in renderer.styleMixing(rows: [1], columns: [2, 3], layers: [0]) {
      #expect((image.width, image.height) == (4, 6))
    }
    for image in renderer.images(renderer.styles(renderer.codes(seeds: [1, 2])), movingNoise: 0) {
      #expect((image.width, image.height) == (4, 6))
    }
    _ = try renderer.stochasticVariationFigure(seeds: [1], realizations: 2)
    // The state is a network, too.
    #expect(try NetworkFile(path: run.state).pictureArea == area)
  }

  /// Metrics see the padding of both, and refuse data with another one.
  @Test func metricsCompareWithTheSamePadding() throws {
    let dataset = SyntheticDataset(pictureArea: area)
    let file = try NetworkFile(path: try trained(dataset, options()).network)
    try file.requireSamePadding(as: dataset)
    try file.requireSamePadding(as: MirroredDataset(dataset))
    for other in [nil, PictureArea(width: 8, height: 14, inMiddleOf: 16)] {
      let error = #expect(throws: ConfigurationError.self) {
        try file.requireSamePadding(as: SyntheticDataset(pictureArea: other))
      }
      #expect(error.map { "\($0)" }?.contains("padded, with pictures 9×14 at (3, 1)") == true)
    }
    #expect(MetricSubject(file.generator, growth: file.growth, seed: 1).resolution == 8)
  }

  /// The border that a network crops off comes off the area.
  @Test func borders() throws {
    let data = SyntheticDataset(pictureArea: area)
    let recipe = try #require(Families.recipes.first { $0.name == "gan" })
    var options = TrainingOptions(
      recipe: recipe, data: "synthetic", dataset: options().dataset,
      configuration: GANConfiguration(resolution: 12, imageChannels: 1, border: 2, zSize: 8))
    (options.totalKimg, options.tickKimg, options.snapshotTicks) = (0.064, 0.064, 1)
    let (run, network) = try trained(data, options)
    let file = try NetworkFile(path: network)
    #expect(file.pictureArea == PictureArea(x: 1, y: 0, width: 9, height: 12))
    #expect(Renderer(file).images(seeds: [0]).map { [$0.width, $0.height] } == [[9, 12]])
    #expect(try size(run.reals)[1] % 12 == 0)
    try file.requireSamePadding(as: data)
  }

  /// Files without an area are those of earlier versions, and a damaged area is refused.
  @Test func theAreaInFiles() throws {
    let (_, plain) = try trained(SyntheticDataset(), options())
    #expect(try SafetensorsFile(path: plain).metadata["picture_area"] == nil)
    #expect(try NetworkFile(path: plain).pictureArea == nil)
    let (_, padded) = try trained(SyntheticDataset(pictureArea: area), options())
    let original = try SafetensorsFile(path: padded)
    #expect(original.metadata["picture_area"] == #"{"height":14,"width":9,"x":3,"y":1}"#)
    for text in [#"{"height":15,"width":9,"x":3,"y":2}"#, #"{"height":14,"width":0,"x":3,"y":1}"#, "[]"] {
      var writer = SafetensorsWriter(metadata: original.metadata)
      writer.metadata["picture_area"] = text
      for (name, info) in original.tensors {
        writer.add(
          name, dataType: info.dataType, shape: info.shape, bytes: try original.withBytes(of: name) { Array($0) })
      }
      try writer.write(to: folder.file("bad.safetensors"))
      let error = #expect(throws: NetworkFileError.self) { try NetworkFile(path: folder.file("bad.safetensors")) }
      #expect(error?.description.contains("'picture_area'") == true, "\(String(describing: error))")
    }
  }

  /// With alpha, padding and pixel art: a stopped run ends as one without a stop.
  @Test func aStoppedRunEndsTheSame() throws {
    let dataset = SyntheticDataset(channels: 4, pictureArea: area)
    var options = smallOptions()
    options.stylegan.imageChannels = 4
    options.resize = .nearest
    let whole = try trainSmallRun(try Trainer(options, dataset: dataset, in: folder.file("whole")), dataset: dataset)
    let stopped = try trainSmallRun(
      try Trainer(options, dataset: dataset, in: folder.file("stopped")), stops: [40, 160], dataset: dataset)
    expectSame(whole, stopped)
    let fakes = try #require(whole.files.keys.first { $0.hasPrefix("fakes") })
    let image = try ImageDecoder.decode(Array(whole.files[fakes]!), name: fakes)
    #expect(image.channels == 4 && (image.width, image.height) == (16 * 9, 8 * 14))
  }

  /// The kernel is in options.json and in the history; options of earlier versions have none.
  @Test func theKernelIsSaved() throws {
    let chosen = options { $0.resize = .nearest }
    let text = try chosen.text()
    #expect(text.contains(#""resize" : "nearest""#))
    #expect(try TrainingOptions(text: text, path: "a") == chosen)
    let usual = try options().text()
    #expect(!usual.contains("resize"))
    #expect(try TrainingOptions(text: usual, path: "a").resize == nil)
    #expect(try NetworkFile(path: trained(SyntheticDataset(), chosen).network).history?.resize == .nearest)
    #expect(try NetworkFile(path: trained(SyntheticDataset(), options()).network).history?.resize == nil)
    let wrong = text.replacingOccurrences(of: #""resize" : "nearest""#, with: #""resize" : "bilinear""#)
    #expect(throws: ConfigurationError.self) { try TrainingOptions(text: wrong, path: "a") }
  }
}
