import Files
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Inception-v3 and VGG16 against the PyTorch reference, with a few channels a layer.
@Suite struct DetectorReferenceTests {
  /// The weights of a fixture as a file of their own, changed by `edit`.
  private func file(
    _ fixture: Fixture, _ folder: TemporaryFolder, _ edit: (String) -> Bool = { _ in true }
  ) throws -> String {
    let names = fixture.file.names.filter { !$0.hasPrefix("in.") && !$0.hasPrefix("out.") && edit($0) }
    var writer = SafetensorsWriter()
    writer.add(try names.map { ($0, try fixture[$0]) })
    try writer.write(to: folder.file("weights.safetensors"))
    return folder.file("weights.safetensors")
  }

  @Test func inceptionAgrees() throws {
    let (fixture, folder) = (try Fixture("inception"), try TemporaryFolder())
    let detector = try DetectorSource.open(try file(fixture, folder), for: nil)
    #expect(detector is InceptionV3 && detector.name == "weights" && detector.outputs == [.features, .probabilities])
    let images = try fixture["in.images"]
    expectClose(try detector(images, .features), try fixture["out.features"])
    expectClose(try detector(images, .probabilities), try fixture["out.probabilities"])
    for missing in ["fc.bias", "Mixed_6b.branch7x7_2.bn.weight"] {
      let path = try file(fixture, folder) { $0 != missing }
      #expect(throws: LoadError.self) { try DetectorSource.open(path, for: nil) }
    }
  }

  /// TensorFlow's preprocessing has a name of its own, for files and in caches.
  @Test func inceptionAgreesWithTensorFlow() throws {
    let (fixture, folder) = (try Fixture("inception"), try TemporaryFolder())
    let path = try file(fixture, folder)
    let (usual, detector) = (try DetectorSource.open(path, for: nil), try DetectorSource.open("tf:\(path)", for: nil))
    #expect(detector.name == "weights-tf" && detector.outputs == usual.outputs)
    #expect(detector.identity != usual.identity && usual.name == "weights")
    let images = try fixture["in.images"]
    expectClose(try detector(images, .features), try fixture["out.tensorflow.features"])
    expectClose(try detector(images, .probabilities), try fixture["out.tensorflow.probabilities"])
    #expect(relativeError(try usual(images, .features), try detector(images, .features)) > 1e-3)
    // Down in one direction, up in the other.
    let resized = DetectorInput.resizedAsInTensorFlow(try fixture["in.tall"].to(.float32), 299)
    #expect(resized.shape == [2, 1, 299, 299])
    let columns = resized.sliced(0..<299, along: 3, step: 13)
    expectClose(columns, try fixture["out.tall"], relative: 1e-6)

    // Other files have no such preprocessing.
    var writer = SafetensorsWriter()
    writer.add(try Fixture("vgg").file.names.filter { $0.hasPrefix("features") }.map { ($0, try Fixture("vgg")[$0]) })
    try writer.write(to: folder.file("vgg.safetensors"))
    let script = try #require(Bundle.module.url(forResource: "Fixtures/script", withExtension: "pt")).path
    for other in [folder.file("vgg.safetensors"), script] {
      let error = #expect(throws: DetectorError.self) { try DetectorSource.open("tf:\(other)", for: nil) }
      #expect(error?.description.contains("leave out 'tf:'") == true)
    }
    #expect(throws: FileError.self) { try DetectorSource.open("tf:\(folder.file("gone"))", for: nil) }
  }

  @Test func vggAgrees() throws {
    let (fixture, folder) = (try Fixture("vgg"), try TemporaryFolder())
    let detector = try DetectorSource.open(try file(fixture, folder), for: nil)
    #expect(detector is VGG16 && detector.outputs == Set(DetectorOutput.allCases))
    let images = try fixture["in.images"]
    expectClose(try detector(images, .features), try fixture["out.features"])
    expectClose(try detector(images, .probabilities), try fixture["out.probabilities"])
    func distance(_ detector: any Detector) throws -> Tensor {
      let rows = try detector(images, .perceptual)
      return (rows[0] - rows[1]).squared().sum().reshaped([1])
    }
    expectClose(try distance(detector), try fixture["out.lpips"])
    // Without the learned weights, and without the linear layers.
    let plain = try DetectorSource.open(
      try file(fixture, folder) { $0.hasPrefix("features") }, for: nil)
    #expect(plain.outputs == [.perceptual])
    expectClose(try distance(plain), try fixture["out.plain"])
  }
}
