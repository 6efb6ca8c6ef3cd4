import ArgumentParser
import Foundation
import GANs
import Torch

/// Latents as commands take them: seeds, and files of saved latents, such as "0,3,10-20,photo.safetensors".
struct LatentList: ExplainingArgument, Sendable {
  /// One w in every layer, or one a layer.
  enum Source: Sendable {
    case seed(UInt32)
    case file(String)

    /// What files drawn from it are called.
    var name: String {
      switch self {
      case .seed(let seed): "seed\(padded(seed, 4))"
      case .file(let path): URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      }
    }
  }

  let sources: [Source]
  /// As it was written.
  let defaultValueDescription: String

  init(reading text: String) throws(Unreadable) {
    defaultValueDescription = text
    var sources: [Source] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if SavedLatents.isPath(part) {
        sources.append(.file(String(part)))
      } else {
        if part.contains(where: { $0.isLetter || $0 == "/" }) {
          throw Unreadable(
            reason: "'\(part)' is neither a seed nor a file of latents, .safetensors or .npz, which 'stylegan project' "
              + "makes of a picture; write seeds and files as in 0,3,10-20,photo.safetensors")
        }
        sources += try NumberList(reading: String(part)).values.map(Source.seed)
      }
      if sources.count > NumberList.limit {
        throw Unreadable(reason: "it is more than \(NumberList.limit) seeds")
      }
    }
    self.sources = sources
  }

  /// How many are listed; a file may hold several pictures.
  var count: Int { sources.count }

  /// The seeds, or nil where files are listed too.
  var seeds: [UInt32]? {
    let seeds = sources.compactMap { source -> UInt32? in if case .seed(let seed) = source { seed } else { nil } }
    return seeds.count == sources.count ? seeds : nil
  }

  /// The codes of all.
  func codes(_ renderer: Renderer) throws -> LatentCodes {
    .joined(try sources.map { try Self.latents($0, renderer).codes })
  }

  /// The codes of one source, with the noise that belongs to them.
  static func latents(_ source: Source, _ renderer: Renderer) throws -> SavedLatents {
    switch source {
    case .seed(let seed): return SavedLatents(renderer.codes(seeds: [seed]))
    case .file(let path):
      guard let style = renderer.styleGenerator else {
        throw ValidationError("\(path) holds latents of W, which this network lacks: name seeds")
      }
      return try SavedLatents(path: path, for: style)
    }
  }
}
