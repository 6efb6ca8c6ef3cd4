import Foundation
import Torch

/// Inception-v3 (Szegedy et al. 2016) as in the usual FID networks: average pooling does not count the border, and the last
/// block uses max pooling. Features are the 2,048 means over the image.
///
/// Weights come from a safetensors file with the names of the usual PyTorch state dict (`Conv2d_1a_3x3.conv.weight`,
/// `….bn.running_mean`, …, `Mixed_7c.branch_pool.bn.bias`, `fc.weight`, `fc.bias`), without `num_batches_tracked` and
/// `AuxLogits`. Layers may be narrower than the original's. Probabilities leave the last layer's bias out, as the published
/// inception score does.
public final class InceptionV3: Detector {
  /// The file's name without its extension.
  public let name: String
  /// The name and a digest of the weights.
  public let identity: String
  /// Features and probabilities; no perceptual features.
  public let outputs: Set<DetectorOutput> = [.features, .probabilities]
  /// Empty: the file has no names.
  public let classNames: [String] = []
  private let weights: StateDict
  private let preprocessing: Preprocessing

  /// The conversion of images to the network's input, `[N, 3, 299, 299]`.
  public enum Preprocessing: Sendable {
    /// Bilinear, with half pixels, scaled to −1…1: as the usual FID programs for PyTorch.
    case pyTorch
    /// TensorFlow's first bilinear resizing, then (x − 128)/128: as the published network of 2015-12-05 itself. FIDs of the
    /// two differ by about 1 %.
    case tensorFlow
  }

  /// Whether a file has these weights.
  static func isInception(_ file: SafetensorsFile) -> Bool { file.tensors["Conv2d_1a_3x3.conv.weight"] != nil }

  init(_ file: SafetensorsFile, name: String, preprocessing: Preprocessing = .pyTorch, device: Device) throws {
    self.preprocessing = preprocessing
    self.name = preprocessing == .pyTorch ? name : "\(name)-tf"
    weights = try StateDict(file, Self.names, device: device)
    identity = "\(self.name) \(digest(of: weights.state))" + (preprocessing == .pyTorch ? "" : " tensorflow")
  }

  /// The names of all tensors, in the order of the network.
  private static var names: [String] {
    let stem = ["1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"].map { "Conv2d_\($0)" }
    let a = ["1x1", "5x5_1", "5x5_2", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3", "_pool"]
    let b = ["3x3", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3"]
    let c = ["1x1", "7x7_1", "7x7_2", "7x7_3"] + (1...5).map { "7x7dbl_\($0)" } + ["_pool"]
    let d = ["3x3_1", "3x3_2", "7x7x3_1", "7x7x3_2", "7x7x3_3", "7x7x3_4"]
    let e = ["1x1", "3x3_1", "3x3_2a", "3x3_2b", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3a", "3x3dbl_3b", "_pool"]
    let blocks = [
      ("5b", a), ("5c", a), ("5d", a), ("6a", b), ("6b", c), ("6c", c), ("6d", c), ("6e", c), ("7a", d), ("7b", e),
      ("7c", e),
    ]
    let layers = stem + blocks.flatMap { block, branches in branches.map { "Mixed_\(block).branch\($0)" } }
    let parts = ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]
    return layers.flatMap { layer in parts.map { "\(layer).\($0)" } } + ["fc.weight", "fc.bias"]
  }

  /// Features or probabilities.
  public func callAsFunction(_ images: Tensor, _ output: DetectorOutput) throws -> Tensor {
    try withoutGradients {
      let x = DetectorInput.channels(images.to(weights.device).to(.float32), 3)
      let features = try features(input(x))
      if output == .features { return features.to(.cpu) }
      return Classifier.logProbabilities(features.linear(weights["fc.weight"])).exp().to(.cpu)
    }
  }

  private func input(_ x: Tensor) -> Tensor {
    switch preprocessing {
    case .pyTorch:
      let isResized = x.size(2) == 299 && x.size(3) == 299
      return (isResized ? x : x.resizedBilinear(height: 299, width: 299)) / 127.5 - 1
    case .tensorFlow: return (DetectorInput.resizedAsInTensorFlow(x, 299) - 128) / 128
    }
  }

  /// Convolution without bias, batch norm (ε = 0.001), ReLU. It keeps the size, except where `isValid` or strided.
  private func unit(_ x: Tensor, _ name: String, stride: Int = 1, isValid: Bool = false) -> Tensor {
    let weight = weights["\(name).conv.weight"]
    let bare = isValid || stride > 1
    let padding = bare ? (y: 0, x: 0) : (y: weight.size(2) / 2, x: weight.size(3) / 2)
    return x.conv2d(weight, stride: stride, padding: padding).batchNormalized(
      weight: weights["\(name).bn.weight"], bias: weights["\(name).bn.bias"],
      runningMean: weights["\(name).bn.running_mean"], runningVariance: weights["\(name).bn.running_var"],
      training: false, momentum: 0, epsilon: 0.001
    ).relu()
  }

  private func features(_ images: Tensor) throws -> Tensor {
    var x = unit(images, "Conv2d_1a_3x3", stride: 2)
    x = unit(unit(x, "Conv2d_2a_3x3", isValid: true), "Conv2d_2b_3x3").maxPooled(kernel: 3, stride: 2)
    x = unit(unit(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", isValid: true).maxPooled(kernel: 3, stride: 2)
    func joined(_ parts: Tensor...) -> Tensor { .concatenated(parts, along: 1) }
    /// The layers of a branch, one after another.
    func chain(_ block: String, _ layers: [String], lastStride: Int = 1) -> Tensor {
      layers.enumerated().reduce(x) { y, layer in
        unit(y, "\(block).branch\(layer.element)", stride: layer.offset == layers.count - 1 ? lastStride : 1)
      }
    }
    func pooled(_ block: String, byMaxima: Bool = false) -> Tensor {
      let pool =
        byMaxima ? x.maxPooled(kernel: 3, stride: 1, padding: 1) : x.averagePooled(kernel: 3, stride: 1, padding: 1)
      return unit(pool, "\(block).branch_pool")
    }
    for block in ["Mixed_5b", "Mixed_5c", "Mixed_5d"] {
      x = joined(
        chain(block, ["1x1"]), chain(block, ["5x5_1", "5x5_2"]), chain(block, ["3x3dbl_1", "3x3dbl_2", "3x3dbl_3"]),
        pooled(block))
    }
    x = joined(
      chain("Mixed_6a", ["3x3"], lastStride: 2),
      chain("Mixed_6a", ["3x3dbl_1", "3x3dbl_2", "3x3dbl_3"], lastStride: 2), x.maxPooled(kernel: 3, stride: 2))
    for block in ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"] {
      x = joined(
        chain(block, ["1x1"]), chain(block, ["7x7_1", "7x7_2", "7x7_3"]), chain(block, (1...5).map { "7x7dbl_\($0)" }),
        pooled(block))
    }
    x = joined(
      chain("Mixed_7a", ["3x3_1", "3x3_2"], lastStride: 2),
      chain("Mixed_7a", (1...4).map { "7x7x3_\($0)" }, lastStride: 2), x.maxPooled(kernel: 3, stride: 2))
    for block in ["Mixed_7b", "Mixed_7c"] {
      let (wide, double) = (chain(block, ["3x3_1"]), chain(block, ["3x3dbl_1", "3x3dbl_2"]))
      x = joined(
        chain(block, ["1x1"]), unit(wide, "\(block).branch3x3_2a"), unit(wide, "\(block).branch3x3_2b"),
        unit(double, "\(block).branch3x3dbl_3a"), unit(double, "\(block).branch3x3dbl_3b"),
        pooled(block, byMaxima: block == "Mixed_7c"))
    }
    return x.mean(over: [2, 3])
  }
}

/// The weights of a network; the file decides their shapes.
struct StateDict {
  let device: Device
  /// The tensors in the order of the names.
  let state: [(name: String, value: Tensor)]
  private let values: [String: Tensor]

  /// Reads exactly these tensors, as float32.
  /// - Throws: `LoadError` with all missing and unexpected tensors.
  init(_ file: SafetensorsFile, _ names: [String], device: Device) throws {
    self.device = device
    var found: [(name: String, value: Tensor)] = []
    var problems: [String] = []
    for name in names {
      guard file.tensors[name] != nil else {
        problems.append("'\(name)' is missing")
        continue
      }
      let value = try file.tensor(name)
      let rank = name.hasSuffix("weight") && !name.hasSuffix("bn.weight") ? value.rank : 1
      if !value.dtype.isFloatingPoint || !value.isAllFinite || value.rank != rank || value.elementCount == 0 {
        problems.append("'\(name)' \(value.shape) has a wrong type, shape or value")
      }
      found.append((name, value.to(.float32).to(device)))
    }
    let expected = Set(names)
    problems += file.names.filter { !expected.contains($0) }.map { "'\($0)' is not expected" }
    guard problems.isEmpty else { throw LoadError(path: file.path, problems: problems) }
    state = found
    values = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.value) })
  }

  subscript(name: String) -> Tensor { values[name]! }
}
