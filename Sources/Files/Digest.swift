/// A 64-bit digest against accidental changes; not cryptographic. FNV-1a over numbers and texts, multiply-rotate over
/// the words of buffers, then SplitMix64's mixing.
///
/// Not CRC-32: each chunk of a PNG ends with its own CRC-32, so a CRC-32 of the file depends on little but its length.
package struct Digest {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  /// Adds a number.
  package mutating func add(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Adds a text and its length: "ab", "c" differs from "a", "bc".
  package mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte: byte) }
    add(UInt64(text.utf8.count))
  }

  /// Adds a buffer and its length.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var hash: UInt64 = 0x9e37_79b9_7f4a_7c15
    var at = 0
    while at < bytes.count {
      var word: UInt64 = 0
      if at + 8 <= bytes.count {
        word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      } else {
        for (place, byte) in bytes[at...].enumerated() { word |= UInt64(byte) << (8 * UInt64(place)) }
      }
      hash = (hash ^ (word &* 0x87c3_7b91_1142_53d5)) &* 0x4cf5_ad43_2745_937f
      hash = hash << 31 | hash >> 33
      at += 8
    }
    add(hash)
    add(UInt64(bytes.count))
  }

  /// The digest of everything added.
  package var value: UInt64 { SplitMix64.mixed(state) }

  /// The digest as 16 hexadecimal digits.
  package var hexadecimal: String { String(value, radix: 16).leftPadded(to: 16) }

  private mutating func add(byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
}

/// SplitMix64 (Steele, Lea, Flood 2014), for orders and mirroring. Its numbers never change between versions.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return SplitMix64.mixed(state)
  }

  /// The output function: every bit of the result depends on every bit of `value`.
  package static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// An unbiased number in 0..<bound (Lemire's multiplication with rejection).
  package mutating func next(below bound: UInt64) -> UInt64 {
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return product.high }
    }
  }
}

extension String {
  /// The string with leading zeros, at least `length` characters long.
  package func leftPadded(to length: Int) -> String { String(repeating: "0", count: max(0, length - count)) + self }
}
