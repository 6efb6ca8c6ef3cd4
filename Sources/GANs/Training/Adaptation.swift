import Foundation
import Torch

/// How the networks of a new training differ from the network file that they start from.
///
/// The file may be for another resolution, another number of channels, or without labels. Tensors of the same name and shape
/// are taken. The first layer of a mapping network that gets labels too is resized: its new inputs start at 0, so it maps as
/// before. All other tensors start anew.
public struct Adaptation: Sendable, Equatable {
  /// The number of tensors that are as in the file.
  public var taken = 0
  /// The names of tensors that are resized, and of those that start anew: "G.synthesis.b64.conv0.weight".
  public var resized: [String] = []
  /// See ``resized``.
  public var new: [String] = []

  /// "112 tensors taken; new: D.b64, G.synthesis.b64; resized: G.mapping.dense0"
  public var summary: String {
    func layers(_ names: [String]) -> String {
      // Blocks, not their tensors: up to the part with the resolution, or up to the layer.
      let blocks = names.map { name in
        let parts = name.split(separator: ".").dropLast()
        let end = parts.firstIndex { $0.first == "b" && $0.dropFirst().allSatisfy(\.isNumber) }
        return (end.map { parts[...$0] } ?? parts).joined(separator: ".")
      }
      return Set(blocks).sorted { $0.localizedStandardCompare($1) == .orderedAscending }.joined(separator: ", ")
    }
    if new.isEmpty && resized.isEmpty { return "all \(taken) tensors taken" }
    return "\(taken) of \(taken + resized.count + new.count) tensors taken"
      + (new.isEmpty ? "" : "; new: \(layers(new))") + (resized.isEmpty ? "" : "; resized: \(layers(resized))")
  }
}

extension NetworkFile {
  /// Overwrites networks with those of this file, as far as they fit.
  /// - Throws: `LoadError` where the architectures differ in more than resolution, channels and labels.
  func load(into networks: TrainingNetworks, _ configuration: any NetworkConfiguration) throws -> Adaptation {
    var adaptation = Adaptation()
    let stores = [
      (NetworkPart.raw, networks.generator.store), (.discriminator, networks.discriminator.store),
      (.average, networks.average.store),
    ]
    guard self.configuration.isAlike(configuration), try !self.configuration.isEqual(configuration) else {
      for (part, store) in stores { try load(part, into: store) }
      adaptation.taken = stores.prefix(2).reduce(0) { $0 + $1.1.state.count }
      return adaptation
    }
    for (part, store) in stores {
      for (name, target) in store.state {
        let name = part.rawValue + name
        // G and its average have the same shapes.
        let isCounted = part != .average
        guard let value = try tensor(name) else {
          if isCounted { adaptation.new.append(name) }
          continue
        }
        if value.shape == target.shape {
          target.overwrite(with: value.to(target.device))
          if isCounted { adaptation.taken += 1 }
        } else if let resized = Self.resized(value, to: target.shape) {
          target.overwrite(with: resized.to(target.device))
          if isCounted { adaptation.resized.append(name) }
        } else if isCounted {
          adaptation.new.append(name)
        }
      }
    }
    return adaptation
  }

  /// The weight of a fully connected layer with more inputs, which have no effect yet; nil for other shapes.
  ///
  /// The layer scales its weight by 1/√inputs; the factor here cancels the change of that scale.
  private static func resized(_ weight: Tensor, to shape: [Int]) -> Tensor? {
    guard weight.shape.count == 2, shape.count == 2, weight.size(0) == shape[0], weight.size(1) < shape[1] else {
      return nil
    }
    let factor = (Double(shape[1]) / Double(weight.size(1))).squareRoot()
    return .concatenated([weight * factor, .zeros([shape[0], shape[1] - weight.size(1)])], along: 1)
  }
}

extension NetworkConfiguration {
  /// The configuration for images of another size, and with labels.
  /// - Throws: ``ConfigurationError`` where it cannot have them.
  public func adapted(resolution: Int, imageChannels: Int, labelSize: Int) throws -> Self {
    var values = try JSONDecoder().decode([String: SettingValue].self, from: JSONEncoder().encode(self))
    values["resolution"] = .integer(resolution)
    values["imageChannels"] = .integer(imageChannels)
    if values["labelSize"] != nil || labelSize > 0 { values["labelSize"] = .integer(labelSize) }
    let result = try JSONDecoder().decode(Self.self, from: JSONEncoder().encode(values))
    try result.validate()
    return result
  }

  /// Whether another configuration is the same for the same images and labels.
  fileprivate func isAlike(_ other: any NetworkConfiguration) -> Bool {
    let adapted = try? adapted(
      resolution: other.resolution, imageChannels: other.imageChannels, labelSize: other.labelSize)
    return (try? adapted?.isEqual(other)) ?? false
  }

  fileprivate func isEqual(_ other: any NetworkConfiguration) throws -> Bool { self == (other as? Self) }
}
