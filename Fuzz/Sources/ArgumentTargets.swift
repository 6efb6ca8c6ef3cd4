import ArgumentParser
import Foundation

@testable import GANs
@testable import StyleGANTool

let argumentTargets = [
  Target("numbers") { (bytes: UnsafeRawBufferPointer) in
    guard let kind = bytes.first else { return }
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    attempt {
      switch kind % 7 {
      case 0: require(try NumberList(reading: text).values.count <= NumberList.limit, "lists end")
      case 1: require(try GridSize(reading: text).columns <= 256, "grids end")
      case 2: _ = try ByResolution<Int>(reading: text)
      case 3: _ = try ByResolution<Double>(reading: text)
      case 4: require(try LatentList(reading: text).count <= NumberList.limit, "lists end")
      case 5: _ = try FormatList(reading: text)
      default: _ = (RunDirectory.kimg(ofSnapshot: text), SavedLatents.isPath(text))
      }
    }
  },
  // Whole command lines: one argument a line. They are parsed and validated, not run.
  Target("arguments") { (bytes: UnsafeRawBufferPointer) in
    let arguments = bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    do { _ = try StyleGAN.parseAsRoot(arguments) } catch {
      _ = StyleGAN.message(for: error)
      require([0, 64].contains(StyleGAN.exitCode(for: error).rawValue), "wrong arguments are errors of usage")
    }
  },
]
