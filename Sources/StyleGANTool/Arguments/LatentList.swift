import ArgumentParser
import Files
import Foundation
import GANs
import Torch

/// A list of seeds and of files with saved latents: "0,3,10-20,photo.safetensors".
struct LatentList: ExplainingArgument, Sendable {
  /// One entry of the list.
  enum Source: Sendable {
    case seed(UInt32)
    case file(String)

    /// The seed; nil for a file.
    var seed: UInt32? { if case .seed(let seed) = self { seed } else { nil } }

    /// The name of files that are drawn from it.
    var name: String {
      switch self {
      case .seed(let seed): "seed\(padded(seed, 4))"
      case .file(let path): FileSystem.stem(of: path)
      }
    }
  }

  let sources: [Source]
  /// The text as the user wrote it.
  let defaultValueDescription: String

  init(reading text: String) throws(Unreadable) {
    defaultValueDescription = text
    var sources: [Source] = []
    for part in Self.parts(of: text) {
      if SavedLatents.isPath(part) {
        sources.append(.file(String(part)))
      } else {
        if part.contains(where: { $0.isLetter || $0 == "/" }) {
          throw Unreadable(
            reason:
              "'\(part)' is neither a seed nor a file of latents (.safetensors or .npz); write seeds and files as in "
              + "0,3,10-20,photo.safetensors; 'stylegan project' makes such files from pictures")
        }
        sources += try NumberList(reading: String(part)).values.map(Source.seed)
      }
      if sources.count > NumberList.limit { throw Unreadable(reason: "more than \(NumberList.limit) seeds") }
    }
    self.sources = sources
  }

  /// The entries of a list. The name of an existing file may have commas.
  private static func parts(of text: String) -> [Substring] {
    let commas = text.split(separator: ",", omittingEmptySubsequences: false)
    var (parts, at): ([Substring], Int) = ([], 0)
    while at < commas.count {
      // The longest existing file from here; its last part alone must not be a file itself.
      let end = commas.indices.dropFirst(at + 1).last { last in
        SavedLatents.isPath(commas[last]) && exists(commas[at].startIndex, commas[last].endIndex)
          && !exists(commas[last].startIndex, commas[last].endIndex)
      }
      parts.append(text[commas[at].startIndex..<commas[end ?? at].endIndex])
      at = (end ?? at) + 1
    }
    return parts

    func exists(_ start: String.Index, _ end: String.Index) -> Bool { FileIdentity(String(text[start..<end])) != nil }
  }

  /// The files of the list.
  var files: [String] { sources.compactMap { if case .file(let path) = $0 { path } else { nil } } }

  /// The number of entries. A file can hold latents of several pictures.
  var count: Int { sources.count }

  /// The seeds; nil if the list has files.
  var seeds: [UInt32]? {
    let seeds = sources.compactMap(\.seed)
    return seeds.count == sources.count ? seeds : nil
  }

  /// The codes of all entries.
  func codes(_ renderer: Renderer) throws -> LatentCodes {
    .joined(try sources.map { try Self.latents($0, renderer).codes })
  }

  /// The codes of one entry, with their noise images if the file has them.
  static func latents(_ source: Source, _ renderer: Renderer) throws -> SavedLatents {
    switch source {
    case .seed(let seed): return SavedLatents(renderer.codes(seeds: [seed]))
    case .file(let path):
      guard let style = renderer.styleGenerator else {
        throw ValidationError("\(path) holds latents of W, but this network has no W: use seeds")
      }
      return try SavedLatents(path: path, for: style)
    }
  }
}
