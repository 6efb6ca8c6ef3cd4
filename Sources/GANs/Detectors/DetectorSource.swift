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
  ///     safetensors file of ``Classifier``, ``InceptionV3`` or ``VGG16``; `tf:FILE` for Inception-v3 with
  ///     ``InceptionV3/Preprocessing/tensorFlow``.
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
    if spec.hasPrefix(tensorFlow), !FileManager.default.fileExists(atPath: spec) {
      return try inceptionAsInTensorFlow(String(spec.dropFirst(tensorFlow.count)), device)
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

  private static let tensorFlow = "tf:"

  private static func inceptionAsInTensorFlow(_ path: String, _ device: Device) throws -> any Detector {
    let isArchive = try WholeFile.prefix(of: path, 2) == [0x50, 0x4b]
    guard !isArchive, case let file = try SafetensorsFile(path: path), InceptionV3.isInception(file) else {
      throw DetectorError(
        "\(tensorFlow)\(path) cannot be used as a detector: TensorFlow's preprocessing is for Inception-v3 in a safetensors "
          + "file; leave out '\(tensorFlow)'")
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try InceptionV3(file, name: name, preprocessing: .tensorFlow, device: device)
  }
}
