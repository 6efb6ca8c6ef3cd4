import Foundation

@testable import Datasets
@testable import Images

private let limits = ImageDecoder.Limits(side: 512, pixels: 1 << 17, bytes: 1 << 20)

/// Reads the header, then the pixels; both must agree.
private func read(_ bytes: [UInt8]) {
  let header = attempt { try ImageDecoder.header(of: bytes) }
  attempt {
    let image = try ImageDecoder.decode(bytes, pages: .first, limits: limits)
    guard let header else { fatalError("finding: an image without a header is decoded") }
    require(
      (image.width, image.height, image.channels) == (header.width, header.height, header.channels),
      "\(header) is \(image.width)×\(image.height)×\(image.channels)")
  }
  if let quick = PNGHeader.read(Array(bytes.prefix(PNGHeader.prefix))), let header {
    require(
      (quick.width, quick.height, quick.channels) == (header.width, header.height, header.channels),
      "\(quick) is \(header)")
  }
}

private func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
  let body = Array(type.utf8) + content
  return big(content.count, 4) + body + big(crc(body), 4)
}

/// A zlib stream.
private func packed(_ bytes: [UInt8]) -> [UInt8] {
  var (a, b) = (1, 0)
  for byte in bytes {
    a = (a + Int(byte)) % 65_521
    b = (b + a) % 65_521
  }
  return [0x78, 1] + deflated(bytes) + big(b << 16 | a, 4)
}

/// An EXIF block in TIFF form, with an orientation and other entries.
private func exif(_ choices: inout Choices) -> [UInt8] {
  if choices.oneIn(6) { return choices.block() }
  let isLittle = choices.oneIn(2)
  func number(_ value: Int, _ count: Int) -> [UInt8] { isLittle ? little(value, count) : big(value, count) }
  let entries = choices.below(4)
  var out = Array((isLittle ? "II" : "MM").utf8) + number(42, 2) + number(choices.oneIn(12) ? choices.integer() : 8, 4)
  out += number(choices.oneIn(12) ? choices.integer() : entries, 2)
  for _ in 0..<entries {
    let value = choices.oneIn(6) ? choices.integer() : choices.below(10)
    let type = choices.oneIn(6) ? choices.below(20) : 3
    out += number(choices.oneIn(3) ? choices.integer() : 0x112, 2) + number(type, 2)
    out += number(choices.oneIn(8) ? choices.integer() : 1, 4) + number(value, 2) + number(0, 2)
  }
  return out + number(0, 4)
}

/// An ICC profile: a header and a few tags.
private func profile(_ choices: inout Choices) -> [UInt8] {
  let spaces = ["RGB ", "GRAY", "CMYK", "Lab ", "XYZ "]
  let tags = (0..<choices.below(5)).map { _ in
    choices.of(["rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "wtpt", "kTRC", "A2B0", "desc"])
  }
  let content = choices.block()
  let size = 128 + 4 + 12 * tags.count + content.count
  var out =
    big(choices.oneIn(12) ? choices.integer() : size, 4) + Array("lcms".utf8)
    + big(choices.of([0x0210_0000, 0x0430_0000]), 4)
  out += Array(
    (choices.of(["mntr", "scnr", "prtr", "link"]) + choices.of(spaces) + choices.of(["XYZ ", "Lab "])).utf8)
  out += filled(12, [7, 230, 0, 1, 0, 1]) + Array("acsp".utf8)
  out += filled(128 - out.count, [])
  out += big(tags.count, 4)
  for tag in tags { out += Array(tag.utf8) + big(128 + 4 + 12 * tags.count, 4) + big(content.count, 4) }
  return out + content
}

private let jpegs: [[UInt8]] = [(6, 1), (9, 3)].map { width, channels in
  let pixels = (0..<width * 4 * channels).map { UInt8($0 * 9 & 255) }
  return must { try Image(width: width, height: 4, channels: channels, pixels: pixels).data(.jpeg()) }
}

private func png(_ choices: inout Choices) -> [UInt8] {
  let (width, height) = (choices.below(12), choices.below(12))
  let (type, depth) = (choices.of([0, 2, 3, 4, 6, 1]), choices.of([8, 8, 1, 2, 4, 16, 3]))
  var header =
    big(choices.oneIn(32) ? choices.integer() : width, 4) + big(choices.oneIn(32) ? choices.integer() : height, 4)
  header += [UInt8(depth), UInt8(type), 0, 0, choices.oneIn(12) ? 1 : 0]
  var out = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header)
  for _ in 0..<choices.below(5) {
    switch choices.byte() % 9 {
    case 0: out += chunk("eXIf", exif(&choices))
    case 1: out += chunk("iCCP", Array("icc".utf8) + [0, 0] + packed(profile(&choices)))
    case 2: out += chunk("PLTE", filled(3 * (choices.below(5)), choices.take(12)))
    case 3: out += chunk("tRNS", choices.take(choices.of([1, 2, 6])))
    case 4: out += chunk("gAMA", big(choices.integer(), 4))
    case 5: out += chunk("tEXt", choices.block())
    case 6: out += chunk("acTL", big(choices.below(4), 4) + big(0, 4))
    case 7:
      out += chunk(String(decoding: filled(4, choices.take(4)).map { $0 & 127 | 64 }, as: UTF8.self), choices.block())
    default: out += big(choices.integer(), 4) + Array("zzZz".utf8) + choices.block()
    }
  }
  let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][type] ?? 1
  let row = 1 + (width * samples * depth + 7) / 8
  let pixels = choices.take(64)
  var rows = filled(row * height, pixels)
  for y in 0..<height { rows[y * row] = UInt8(choices.below(5)) }
  if choices.oneIn(12) { rows.removeLast(min(rows.count, choices.below(16))) }
  return out + chunk("IDAT", packed(rows)) + (choices.oneIn(8) ? choices.block() : chunk("IEND", []))
}

let imageTargets = [
  Target("image") { (bytes: UnsafeRawBufferPointer) in read(Array(bytes)) },
  Target("png-header") { (bytes: UnsafeRawBufferPointer) in _ = PNGHeader.read(Array(bytes.prefix(PNGHeader.prefix))) },
  Target("png-made") { choices in read(png(&choices)) },
  Target("jpeg-made") { choices in
    var out: [UInt8] = [0xff, 0xd8]
    func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
      [0xff, marker] + big(content.count + 2, 2) + content
    }
    if choices.oneIn(2) { out += segment(0xe1, Array("Exif\0\0".utf8) + exif(&choices)) }
    if choices.oneIn(2) {
      out += segment(0xe2, Array("ICC_PROFILE\0".utf8) + [1, UInt8(choices.oneIn(8) ? 2 : 1)] + profile(&choices))
    }
    if choices.oneIn(8) { out += segment(0xe0 | UInt8(choices.below(16)), choices.block()) }
    var rest = Array(choices.of(jpegs).dropFirst(2))
    if choices.oneIn(4) { rest[Int(choices.byte()) * 4 % rest.count] = choices.byte() }
    if choices.oneIn(12) { rest.removeLast(choices.below(rest.count)) }
    read(out + rest)
  },
]
