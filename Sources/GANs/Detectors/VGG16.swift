import Foundation
import Torch

/// VGG16 (Simonyan & Zisserman 2015): perceptual distances of LPIPS (Zhang et al. 2018), and 4,096 features of its second
/// linear layer for precision and recall.
///
/// Weights come from a safetensors file with the names of the usual PyTorch state dicts: `features.0.weight` …
/// `features.28.bias`; for features also `classifier.0`, `.3` and `.6`; for the learned weights of LPIPS
/// `lin0.model.1.weight` … `lin4.model.1.weight` (without them all channels have equal weight). Layers may be narrower
/// than the original's.
public final class VGG16: Detector {
  /// The file's name without its extension.
  public let name: String
  /// The name and a digest of the weights.
  public let identity: String
  /// Perceptual features; features and probabilities where the file has the linear layers.
  public let outputs: Set<DetectorOutput>
  /// Empty: the file has no names.
  public let classNames: [String] = []
  private let weights: StateDict
  private let hasWeightedLayers: Bool
  /// The indices in `features` of the convolutions of each block.
  private static let blocks = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]

  /// Whether a file has these weights.
  static func isVGG(_ file: SafetensorsFile) -> Bool { file.tensors["features.28.weight"] != nil }

  init(_ file: SafetensorsFile, name: String, device: Device) throws {
    self.name = name
    let hasClassifier = file.tensors["classifier.0.weight"] != nil
    hasWeightedLayers = file.tensors["lin0.model.1.weight"] != nil
    let layers =
      Self.blocks.flatMap { $0 }.map { "features.\($0)" } + (hasClassifier ? [0, 3, 6].map { "classifier.\($0)" } : [])
    let lines = hasWeightedLayers ? (0..<5).map { "lin\($0).model.1.weight" } : []
    weights = try StateDict(file, layers.flatMap { ["\($0).weight", "\($0).bias"] } + lines, device: device)
    outputs = hasClassifier ? Set(DetectorOutput.allCases) : [.perceptual]
    identity = "\(name) \(digest(of: weights.state))"
  }

  /// Features, probabilities or perceptual features.
  public func callAsFunction(_ images: Tensor, _ output: DetectorOutput) -> Tensor {
    withoutGradients {
      let device = weights.device
      var x = DetectorInput.channels(images.to(device).to(.float32), 3)
      if output != .perceptual { x = x.resizedBilinear(height: 224, width: 224) }
      let mean = Tensor([0.485, 0.456, 0.406], shape: [1, 3, 1, 1], device: device)
      let deviation = Tensor([0.229, 0.224, 0.225], shape: [1, 3, 1, 1], device: device)
      x = (x / 255 - mean) / deviation
      var layers: [Tensor] = []
      for (i, block) in Self.blocks.enumerated() {
        if i > 0 { x = x.maxPooled(kernel: 2, stride: 2) }
        for layer in block {
          x = x.conv2d(weights["features.\(layer).weight"], bias: weights["features.\(layer).bias"], padding: 1).relu()
        }
        layers.append(x)
      }
      if output == .perceptual { return perceptual(layers).to(.cpu) }
      // [N, C, 7, 7], channels first, as the linear layers were trained.
      x = x.maxPooled(kernel: 2, stride: 2).laidOut(.contiguous)
      x = x.reshaped([x.size(0), -1])
      func linear(_ x: Tensor, _ i: Int) -> Tensor {
        x.linear(weights["classifier.\(i).weight"], bias: weights["classifier.\(i).bias"])
      }
      let features = linear(linear(x, 0).relu(), 3).relu()
      return (output == .features ? features : Classifier.logProbabilities(linear(features, 6)).exp()).to(.cpu)
    }
  }

  /// One row per image; squared distances of rows are Σ_layers mean_positions Σ_c w_c (â_c − b̂_c)².
  private func perceptual(_ layers: [Tensor]) -> Tensor {
    guard hasWeightedLayers else { return DetectorInput.perceptual(layers) }
    return .concatenated(
      layers.enumerated().map { i, x in
        let length = x.squared().sum(over: [1], keepingDimensions: true).squareRoot() + 1e-10
        let share = weights["lin\(i).model.1.weight"].reshaped([1, -1, 1, 1])
        let scale = (share.relu() / Double(x.size(2) * x.size(3))).squareRoot()
        return (x / length * scale).laidOut(.contiguous).reshaped([x.size(0), -1])
      }, along: 1)
  }
}
