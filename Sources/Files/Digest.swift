/// A 64-bit digest that notices accidental change (not malice): FNV-1a over numbers and texts, word-wise multiply-and-rotate
/// over buffers, finished with SplitMix64's mixing.
///
/// Buffers are not taken by their CRC-32: chunks of a PNG end with their own CRC-32, and so the CRC-32 of a whole PNG depends on
/// little more than its length.
package struct Digest {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  /// Adds a number.
  package mutating func add(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Adds a text, with its length so that neighbours cannot flow into each other.
  package mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte: byte) }
    add(UInt64(text.utf8.count))
  }

  /// Adds a buffer, with its length.
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

  /// The digest so far.
  package var value: UInt64 { SplitMix64.mixed(state) }

  /// The digest so far as 16 hexadecimal digits.
  package var hexadecimal: String { String(value, radix: 16).leftPadded(to: 16) }

  private mutating func add(byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the generator behind orders and mirrors, small enough to stay the same for ever.
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

  /// A number 0..<bound without bias: Lemire's multiplication, rejecting the uneven rest.
  package mutating func next(below bound: UInt64) -> UInt64 {
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return product.high }
    }
  }
}

extension String {
  /// With zeros before it, up to `length` characters.
  package func leftPadded(to length: Int) -> String { String(repeating: "0", count: max(0, length - count)) + self }
}
