import Images
import Testing

/// Damage that a decoder notices is an error. Flips and holes without a trace stay unnoticed in WebP, AVIF, HEIF, GIF and
/// uncompressed files: their decoders report nothing.
@Suite struct DamageTests {
  /// The damage of transfers and disks, in the middle of the file, where the pixels are.
  enum Damage: CaseIterable {
    case zeros, hole, early, noise

    func applied(to file: [UInt8]) -> [UInt8] {
      let (middle, length) = (file.count / 2, min(128, file.count / 8))
      let rest = Array(file[(middle + length)...])
      switch self {
      case .zeros: return file[..<middle] + [UInt8](repeating: 0, count: file.count - middle)
      case .hole: return file[..<middle] + [UInt8](repeating: 0, count: length) + rest
      case .early: return file[..<middle] + [0xff, 0xd9]
      case .noise: return file[..<middle] + (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) } + rest
      }
    }
  }

  @Test(arguments: ["noise.jpg", "noise-progressive.jpg", "noise-restarts.jpg"], Damage.allCases)
  func jpegDamageIsNoticed(name: String, damage: Damage) throws {
    let sound = try fixture(name)
    #expect(throws: Never.self) { try ImageDecoder.decode(sound) }
    #expect(throws: ImageError.self) { try ImageDecoder.decode(damage.applied(to: sound)) }
  }

  /// libtiff and libnsgif tell this damage as warnings only; a JPEG 2000 without its end marker is not told at all.
  @Test(arguments: [
    ("noise-jpeg.tif", Damage.hole), ("noise-packbits.tif", .noise), ("noise-fax.tif", .noise),
    ("noise-fax.tif", .hole),
    ("noise.gif", .zeros), ("noise.gif", .early), ("noise.jp2", .zeros), ("noise.jp2", .early),
    ("rgb.png", .hole), ("rgb.png", .noise),
  ])
  func damageToldByWarningsIsNoticed(name: String, damage: Damage) throws {
    let sound = try fixture(name)
    #expect(throws: Never.self) { try ImageDecoder.decode(sound) }
    do {
      _ = try ImageDecoder.decode(damage.applied(to: sound), name: name)
      Issue.record("\(name) with \(damage) passes as sound")
    } catch let error as ImageError {
      #expect(!error.isShortage && !error.description.contains("()"), "\(error)")
    }
  }

  /// Cut files say so, also where a directory or an index at the end is lost.
  @Test(arguments: [
    "noise-jpeg.tif", "noise.gif", "noise.jp2", "noise.avif", "noise.webp", "noise-fax.tif", "noise.jpg",
  ])
  func cutFilesAreKnown(name: String) throws {
    let sound = try fixture(name)
    for part in [3, 5, 8] {
      let cut = Array(sound[..<(sound.count * part / 10)])
      do {
        _ = try ImageDecoder.decode(cut, name: name)
        Issue.record("\(name) cut to \(part) tenths passes as sound")
      } catch let error as ImageError {
        #expect(error != .notAnImage(name: name))
      }
    }
  }

  /// Padding before the last marker, bytes between the segments of the header, and bytes after the end are no damage.
  @Test func harmlessOdditiesAreAccepted() throws {
    let sound = try fixture("noise.jpg")
    let image = try ImageDecoder.decode(sound)
    for padding: [UInt8] in [[0], [UInt8](repeating: 0, count: 3000), [UInt8](repeating: 0xff, count: 7)] {
      #expect(try ImageDecoder.decode(sound.dropLast(2) + padding + [0xff, 0xd9]) == image)
    }
    #expect(try ImageDecoder.decode(sound + Array("more".utf8)) == image)
    #expect(try ImageDecoder.decode(Array(sound[..<2]) + [1, 2, 3] + sound[2...]) == image)
    #expect(throws: ImageError.self) { try ImageDecoder.decode(sound.dropLast(2) + [1, 2, 3, 4, 0xff, 0xd9]) }
  }

  @Test func emptyReasonsAreLeftOut() {
    #expect(!ImageError.unreadable(name: "a", reason: "").description.contains("()"))
  }

  /// Warnings of one picture are not taken for damage of its neighbours.
  @Test func neighboursStaySound() async throws {
    let sound = try fixture("noise-packbits.tif")
    let damaged = Damage.noise.applied(to: sound)
    let image = try ImageDecoder.decode(sound)
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<100 {
        group.addTask {
          let found = try? ImageDecoder.decode(index % 2 == 0 ? damaged : sound)
          return index % 2 == 0 ? found == nil : found == image
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
