import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The augmentation against augmentation.safetensors, made by make_augmentation_fixture.py: each change alone, and all of them
/// on gray, colour and transparent images, of 4×4 pixels up.
@Suite struct AugmentationReferenceTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("augmentation") }

  private var cases: [(name: String, steps: [AugmentationStep], p: Double)] {
    get throws {
      try fixture.file.metadata.filter { $0.key.hasPrefix("case.") }.sorted { $0.key < $1.key }.map { key, value in
        let parts = value.split(separator: " ").map(String.init)
        let steps = AugmentationPipe(rawValue: parts[0])?.steps ?? []
        let alone = AugmentationStep(rawValue: parts[0]).map { [$0] }
        return (String(key.dropFirst(5)), alone ?? steps, try #require(Double(parts[1])))
      }
    }
  }

  private func parameters(_ name: String, _ steps: [AugmentationStep], _ p: Double) throws -> AugmentationParameters {
    func rows(_ step: AugmentationStep, _ prefix: String) throws -> [[Double]] {
      try (0..<4).map { "\(name).draws.\(step.rawValue).\(prefix)\($0)" }.filter(fixture.has).map {
        try fixture[$0].doubles
      }
    }
    let draws = AugmentationDraws(
      gates: Dictionary(uniqueKeysWithValues: try steps.map { ($0, try rows($0, "gate")) }),
      values: Dictionary(uniqueKeysWithValues: try steps.map { ($0, try rows($0, "")) }))
    let image = try fixture["\(name).image"]
    return AugmentationParameters(
      draws, steps, p: p, channels: image.size(1), width: image.size(3), height: image.size(2))
  }

  @Test func matricesFollowTheDraws() throws {
    let names = Set(try cases.map(\.name))
    #expect(names.isSuperset(of: AugmentationStep.allCases.map(\.rawValue)) && names.count == 21)
    let comparison = Comparison("augmentation matrices", relative: 1e-12)
    for (name, steps, p) in try cases {
      let parameters = try parameters(name, steps, p)
      let (geometry, color) = (try fixture["\(name).geometry"], try fixture["\(name).color"])
      if let found = parameters.geometry {
        comparison(Tensor(found.flatMap { $0.flatMap { $0 } }, shape: geometry.shape, dtype: .float64), geometry, name)
      } else {
        #expect(geometry[0].doubles == [1, 0, 0, 0, 1, 0, 0, 0, 1], "\(name)")
      }
      let found =
        parameters.color
        ?? geometry.doubles.prefix(geometry.size(0)).map { _ in
          [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
        }
      comparison(
        Tensor(found.flatMap { $0.flatMap { $0 } }, shape: [found.count, 3, 4], dtype: .float64),
        color.sliced(0..<3, along: 1), "\(name), colors")
    }
    comparison.report()
  }

  /// Values, first and second gradients, by the fused kernel in float32 and by plain operations in float64.
  @Test(arguments: [DType.float32, .float64]) func imagesAndGradients(type: DType) throws {
    let comparison = Comparison("augmentation in \(type)")
    for (name, steps, p) in try cases {
      let parameters = try parameters(name, steps, p)
      let image = try fixture["\(name).image"].to(type).requiringGradient()
      let noise = fixture.has("\(name).noise") ? try fixture["\(name).noise"].to(type) : nil
      let y = parameters.applied(to: image, noise: noise)
      #expect(y.dtype == type)
      let weights = Tensor.range(from: 0, to: Double(y.elementCount), dtype: .float64).cosine().to(type)
      let loss = (y.squared() * weights.reshaped(y.shape)).sum()
      let first = gradients(of: loss, withRespectTo: [image], createGraph: true)[0]
      let second = gradients(of: first.squared().sum(), withRespectTo: [image])[0]
      comparison(y.withoutGraph, try fixture["\(name).value"], name)
      comparison(first.withoutGraph, try fixture["\(name).first"], "\(name), first gradient")
      comparison(second, try fixture["\(name).second"], "\(name), second gradient")
    }
    comparison.report()
  }
}
