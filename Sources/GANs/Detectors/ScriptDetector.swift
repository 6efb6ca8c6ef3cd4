import Datasets
import Files
import Foundation
import Images
import Torch

/// A detector from a TorchScript file with the usual interface. Images are uint8 `[N, 3, H, W]`, 0…255.
///
/// | output | call | where `forward` has |
/// |---|---|---|
/// | features | `(x, return_features=True)`, or `(x)` | `return_features`, or no switches |
/// | probabilities | `(x)`, with `no_output_bias=True` if supported | no `return_lpips` |
/// | perceptual | `(x, resize_images=False, return_lpips=True)`, x not rounded | `return_lpips` |
public final class ScriptDetector: Detector {
  private let script: TorchScript
  private let device: Device

  /// The file's name without its extension.
  public let name: String
  /// The name and a digest of the file.
  public let identity: String
  /// The outputs that the switches of `forward` allow.
  public let outputs: Set<DetectorOutput>
  /// Empty: the names are not known.
  public let classNames: [String] = []

  /// Loads a file.
  /// - Throws: `FileError`, `TorchScriptError`.
  public init(path: String, device: Device = .cpu) throws {
    let bytes = try WholeFile.bytes(of: path)
    var digest = Digest()
    bytes.withUnsafeBytes { digest.add($0) }
    name = FileSystem.stem(of: path)
    identity = "\(name) \(digest.hexadecimal)"
    script = try TorchScript(path: path, device: device)
    self.device = device
    outputs =
      script.takes("return_lpips")
      ? [.features, .perceptual] : script.takes("return_features") ? [.features, .probabilities] : [.features]
  }

  /// Calls the module.
  /// - Throws: `TorchScriptError` where it fails or does not return one row per image.
  public func callAsFunction(_ images: Tensor, _ output: DetectorOutput) throws -> Tensor {
    try withoutGradients {
      let x = DetectorInput.channels(images.to(device), 3).laidOut(.contiguous)
      let result: Tensor
      switch output {
      case .perceptual: result = try script(x.to(.float32), ["resize_images": false, "return_lpips": true])
      case .features where script.takes("return_features"): result = try script(x.to(.uint8), ["return_features": true])
      case .probabilities where script.takes("no_output_bias"):
        result = try script(x.to(.uint8), ["no_output_bias": true])
      default: result = try script(x.to(.uint8))
      }
      guard result.rank >= 2, result.size(0) == images.size(0) else {
        throw TorchScriptError(path: script.path, problem: "it gives \(result.shape) for \(images.size(0)) images")
      }
      return result.to(.cpu).to(.float32).reshaped([images.size(0), -1])
    }
  }
}

/// Attributes from TorchScript files, one per file (StyleGAN §4.2: 40 classifiers of CelebA's attributes).
///
/// Each takes uint8 images `[N, 3, H, W]`, 0…255, at most 256 pixels high, and gives one logit per image (above 0: yes), or
/// two numbers per image (no, yes); their difference is the logit.
public final class ScriptAttributes: AttributeClassifier {
  private let scripts: [TorchScript]
  private let device: Device
  /// "40 attributes"
  public let name: String
  /// The files' names.
  public let names: [String]
  /// The paper's ranking.
  public let ranking = LinearSeparability.Ranking.overall

  /// Loads files, separated by commas, or the `.pt` files of a folder in the order of their names.
  /// - Throws: `TorchScriptError`, `FileError`; ``DetectorError`` for a folder without such files.
  public init(path: String, device: Device = .cpu) throws {
    var paths = path.split(separator: ",").map(String.init)
    if FileSystem.isFolder(path) {
      let files = (try? Folder.names(in: path)) ?? []
      paths = files.filter { $0.hasSuffix(".pt") }.sorted().map { "\(path)/\($0)" }
      guard !paths.isEmpty else {
        throw DetectorError("\(path) has no .pt files; give a folder with one TorchScript classifier per attribute")
      }
    }
    for path in paths where access(path, R_OK) != 0 { throw FileError(.read, path: path) }
    scripts = try paths.map { try TorchScript(path: $0, device: device) }
    self.device = device
    names = paths.map { FileSystem.stem(of: $0) }
    name = names.count == 1 ? names[0] : "\(names.count) attributes"
  }

  /// Log-odds, `[N, attributes]`.
  public func callAsFunction(_ images: Tensor) throws -> Tensor {
    try withoutGradients {
      let factor = images.size(2) / 256
      let small = factor > 1 ? images.onWhite().averagePooled(by: factor) : images.onWhite()
      let x = DetectorInput.channels((small + 0.5).to(.uint8).to(device), 3).laidOut(.contiguous)
      return try .concatenated(
        scripts.map { script in
          let y = try script(x).to(.cpu).to(.float32)
          let answers = y.rank == 0 ? 0 : y.elementCount / images.size(0)
          guard [1, 2].contains(answers), y.size(0) == images.size(0) else {
            throw TorchScriptError(
              path: script.path,
              problem: "it gives \(y.shape) for \(images.size(0)) images, not 1 or 2 numbers for each")
          }
          let rows = y.reshaped([images.size(0), answers])
          return answers == 1 ? rows : rows.sliced(1..<2, along: 1) - rows.sliced(0..<1, along: 1)
        }, along: 1)
    }
  }
}
