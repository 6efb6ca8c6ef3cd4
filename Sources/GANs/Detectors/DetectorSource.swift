import Datasets
import Files
import Foundation
import Images
import Torch

/// Opens a detector by its name or path.
public enum DetectorSource {
  /// The detectors that need no file.
  public static let builtIn = ["fashion", "random-vgg"]

  /// Opens a detector.
  /// - Parameters:
  ///   - spec: `auto` (`fashion` for Fashion-MNIST, else `random-vgg`), `fashion`, `random-vgg`, a TorchScript file, or a
  ///     safetensors file of ``Classifier``, ``InceptionV3`` or ``VGG16``.
  ///   - data: the images to measure.
  ///   - name: the data's name, where `data` is nil.
  /// - Throws: ``DetectorError``, `FileError`, and errors of the file.
  public static func open(
    _ spec: String, for data: (any ImageDataset)?, named name: String? = nil, device: Device = .cpu
  ) throws -> any Detector {
    switch spec {
    case "auto":
      let isFashion =
        data?.labelNames == FashionMNIST.labelNames || (data?.name ?? name ?? "").hasPrefix("fashion-mnist")
      return isFashion ? try Classifier.fashion(device: device) : RandomVGG(device: device)
    case "fashion": return try Classifier.fashion(device: device)
    case "random-vgg": return RandomVGG(device: device)
    default: break
    }
    guard FileSystem.exists(spec) || spec.contains("/") || spec.contains(".") else {
      throw DetectorError(
        "there is no detector '\(spec)'; use auto, \(builtIn.joined(separator: ", ")), or a .pt or .safetensors file")
    }
    // TorchScript files are ZIP archives.
    if try WholeFile.prefix(of: spec, 2) == [0x50, 0x4b] { return try ScriptDetector(path: spec, device: device) }
    if spec.hasSuffix(".pt") || spec.hasSuffix(".pth") {
      throw DetectorError(
        "\(spec) cannot be used as a detector: it is not a TorchScript archive (torch.jit.save makes one; convert a state "
          + "dict to safetensors)")
    }
    let file = try SafetensorsFile(path: spec)
    let name = FileSystem.stem(of: spec)
    if InceptionV3.isInception(file) { return try InceptionV3(file, name: name, device: device) }
    if VGG16.isVGG(file) { return try VGG16(file, name: name, device: device) }
    return try Classifier(file, name: name, device: device)
  }
}
