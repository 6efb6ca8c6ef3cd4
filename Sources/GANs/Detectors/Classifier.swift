import CDetectors
import Datasets
import Files
import Foundation
import Torch

/// A small convolutional classifier as a detector: four 3×3 convolutions (16, 32, 64, 128 maps) with batch norm and ReLU,
/// 2×2 max pooling between them, the mean over the image, one linear layer. Features are the 128 means.
public final class Classifier: Detector {
  /// The metadata of a detector file.
  public struct Description: Codable, Sendable, Equatable {
    /// The side of its input images.
    public var resolution: Int
    /// Input channels, 1 or 3.
    public var channels: Int
    /// The number of classes.
    public var classes: Int
    /// A name for each class, or empty.
    public var classNames: [String]
    /// The name of the training data.
    public var dataset: String
    /// The accuracy on test images, 0…1; nil before it is measured.
    public var accuracy: Double?
  }

  static let format = "swift-stylegan detector 1"
  private static let channels = [16, 32, 64, 128]

  /// Its metadata.
  public internal(set) var description: Description
  /// Its name.
  public let name: String
  /// The name and a digest of the weights.
  public private(set) var identity = ""
  /// All outputs.
  public let outputs = Set(DetectorOutput.allCases)
  /// The classes of the training data; numbers where they have no names.
  public var classNames: [String] {
    description.classNames.isEmpty ? (0..<description.classes).map { "class \($0)" } : description.classNames
  }
  let store: ParameterStore
  private let convolutions: [Conv2d]
  private let norms: [BatchNorm]
  private let last: Linear

  /// A classifier with fresh weights.
  init(_ description: Description, name: String, seed: UInt64, device: Device) {
    (self.description, self.name) = (description, name)
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    let root = store.root
    let inputs = [description.channels] + Self.channels
    convolutions = Self.channels.enumerated().map { i, outputs in
      Conv2d(root / "conv\(i)", inputs: inputs[i], outputs: outputs, kernel: 3, padding: 1, bias: false)
    }
    norms = Self.channels.enumerated().map { BatchNorm(root / "norm\($0)", channels: $1) }
    last = Linear(root / "linear", inputs: Self.channels.last!, outputs: description.classes)
  }

  /// Opens a file that `stylegan detector train` wrote.
  /// - Throws: `SafetensorsError`, `LoadError`, ``DetectorError``.
  public convenience init(path: String, device: Device = .cpu) throws {
    let stem = FileSystem.stem(of: path)
    try self.init(try SafetensorsFile(path: path), name: stem, device: device)
  }

  /// The detector for Fashion-MNIST that comes with this library, trained by
  /// `stylegan detector train --data fashion-mnist --test fashion-mnist-test --epochs 4 --out fashion.safetensors`. Its
  /// test accuracy is 90.9 %.
  public static func fashion(device: Device = .cpu) throws -> Classifier {
    let bytes = UnsafeRawBufferPointer(start: cd_fashion(), count: cd_fashion_size())
    return try Classifier(
      try SafetensorsFile(embedded: bytes, name: "the built-in detector"), name: "fashion", device: device)
  }

  /// Whether a file is a detector of this kind.
  static func isClassifier(_ file: SafetensorsFile) -> Bool { file.metadata["format"] == format }

  convenience init(_ file: SafetensorsFile, name: String, device: Device) throws {
    guard Self.isClassifier(file) else {
      throw DetectorError("\(file.path) is not a detector of this program; make one with: stylegan detector train")
    }
    let description = try file.decoded("description", as: Description.self)
    guard [1, 3].contains(description.channels), (8...1024).contains(description.resolution),
      (2...100_000).contains(description.classes),
      description.classNames.isEmpty || description.classNames.count == description.classes
    else { throw DetectorError("\(file.path) cannot be used as a detector: its description is impossible") }
    self.init(description, name: name, seed: 0, device: device)
    try file.load(into: store.state)
    store.setRequiresGradient(false)
    identity = "\(name) \(digest(of: store.state))"
  }

  /// Writes the detector. The write is atomic.
  public func write(to path: String) throws {
    var writer = SafetensorsWriter(metadata: ["format": Self.format, "description": try JSON.compact(description)])
    writer.add(store.state)
    try writer.write(to: path)
  }

  /// Log-odds up to a constant: `[N, classes]`.
  /// - Parameter images: `[N, channels, resolution, resolution]`, −1…1.
  func logits(_ images: Tensor, training: Bool, layers: (Tensor) -> Void = { _ in }) -> Tensor {
    var x = images
    for (i, (convolution, norm)) in zip(convolutions, norms).enumerated() {
      if i > 0 { x = x.maxPooled(kernel: 2, stride: 2) }
      x = norm(convolution(x.laidOut(.channelsLast)), training: training).relu()
      layers(x)
    }
    return last(x.mean(over: [2, 3]))
  }

  /// The most probable class of each image.
  /// - Parameter images: `[N, C, H, W]`, −1…1.
  func classes(_ images: Tensor) -> [Int] {
    withoutGradients {
      let x = DetectorInput.channels(images.onWhite(black: -1, white: 1), description.channels)
      return logits(DetectorInput.resized(x, description.resolution), training: false).indexOfMaximum().integers
    }
  }

  /// Features, probabilities or perceptual features.
  public func callAsFunction(_ images: Tensor, _ output: DetectorOutput) -> Tensor {
    withoutGradients {
      let x = DetectorInput.channels(images.to(store.device).to(.float32), description.channels)
      var layers: [Tensor] = []
      let logits = logits(DetectorInput.resized(x, description.resolution) / 127.5 - 1, training: false) {
        layers.append($0)
      }
      switch output {
      case .features: return layers.last!.mean(over: [2, 3]).to(.cpu)
      case .perceptual: return DetectorInput.perceptual(layers).to(.cpu)
      case .probabilities: return Self.logProbabilities(logits).exp().to(.cpu)
      }
    }
  }

  /// The mean over images of −log p(label).
  /// - Parameter logits: `[N, classes]`
  static func crossEntropy(_ logits: Tensor, _ labels: [Int]) -> Tensor {
    let targets = Condition(classes: labels, of: logits.size(1), device: logits.device).vectors
    return (logProbabilities(logits) * targets).sum() / Double(-labels.count)
  }

  /// x − log Σ eˣ over the last dimension.
  static func logProbabilities(_ logits: Tensor) -> Tensor {
    let shifted = logits - logits.withoutGraph.maximum(over: [1], keepingDimensions: true)
    return shifted - shifted.exp().sum(over: [1], keepingDimensions: true).log()
  }
}

/// A digest of tensors with their names, 16 hexadecimal digits.
func digest(of tensors: [(name: String, value: Tensor)]) -> String {
  var digest = Digest()
  for (name, value) in tensors {
    digest.add(name)
    value.bytes.withUnsafeBytes { digest.add($0) }
  }
  return digest.hexadecimal
}
