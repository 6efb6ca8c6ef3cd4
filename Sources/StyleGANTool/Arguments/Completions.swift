import ArgumentParser
import GANs

// What shells complete after an option. Options of a type with fixed values need nothing here.

extension CompletionKind {
  /// Network files and folders of runs.
  static var network: Self { .file(extensions: ["safetensors"]) }
  /// Data sets: folders and files of any name.
  static var data: Self { .file() }
  /// Files of latents; a seed can be typed instead.
  static var latents: Self { .file(extensions: ["safetensors", "npz"]) }
  /// Detectors and classifiers of metrics.
  static var detector: Self { .file(extensions: ["pt", "safetensors"]) }
}

extension RecipeChoice { static var defaultCompletionKind: CompletionKind { .list(allValueStrings) } }
extension MetricList { static var defaultCompletionKind: CompletionKind { .list(Metric.allCases.map(\.rawValue)) } }
extension LatentList { static var defaultCompletionKind: CompletionKind { .latents } }
extension LayerChoice { static var defaultCompletionKind: CompletionKind { .list(StyleBand.allCases.map(\.rawValue)) } }
extension FormatList {
  static var defaultCompletionKind: CompletionKind { .list(Format.allCases.map(\.rawValue)) }
}
