// Goals, in order: NumPy's legacy stream bit for bit, so that a seed names the same picture as in the field's usual
// tools; value semantics, so that a copy replays; no dependency but the C library's log.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws the numbers of NumPy's `RandomState(seed)`: the Mersenne Twister MT19937 and the legacy polar Gaussian.
///
/// Equal to NumPy bit for bit where both call the same `log`; another C library's `log` may move the last bit of a
/// Gaussian (never of a uniform number).
///
/// NumPy seeds from an integer with `init_genrand` for the whole range 0…2³²−1 (`init_by_array` is only for sequences),
/// so that is the only seeding here. The stream is for naming pictures, not for training and not for secrets.
public struct NumPyRandomState: Sendable, Equatable {
  private static let size = 624
  private static let shift = 397

  private var key: [UInt32]
  private var position: Int
  /// The second value of a polar pair, handed out by the next call.
  private var cachedGaussian: Double?

  /// Starts the stream that `numpy.random.RandomState(seed)` starts.
  public init(seed: UInt32) {
    key = []
    key.reserveCapacity(Self.size)
    var value = seed
    for index in 1...UInt32(Self.size) {
      key.append(value)
      value = 1_812_433_253 &* (value ^ (value >> 30)) &+ index
    }
    position = Self.size
  }

  /// Draws 32 uniform bits.
  public mutating func nextUInt32() -> UInt32 {
    if position == Self.size { refill() }
    var y = key[position]
    position += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    y ^= y >> 18
    return y
  }

  /// Draws a number uniform on [0, 1) with 53 random bits, as `random_sample()` does.
  public mutating func uniform() -> Double {
    let high = Double(nextUInt32() >> 5)  // 27 bits
    let low = Double(nextUInt32() >> 6)  // 26 bits
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /// Draws from N(0, 1), as `randn()` does.
  ///
  /// Marsaglia's polar method: (x₁, x₂) uniform in the unit disc, f = √(−2·ln r²/r²); f·x₂ is returned and f·x₁ kept for
  /// the next call.
  public mutating func nextGaussian() -> Double {
    if let cached = cachedGaussian {
      cachedGaussian = nil
      return cached
    }
    while true {
      let x1 = 2 * uniform() - 1
      let x2 = 2 * uniform() - 1
      let r2 = x1 * x1 + x2 * x2
      guard r2 < 1, r2 != 0 else { continue }
      let f = (-2 * log(r2) / r2).squareRoot()
      cachedGaussian = f * x1
      return f * x2
    }
  }

  /// Draws `count` values from N(0, 1), in the order of `randn(count)`; a shape is filled in row-major order.
  public mutating func randn(_ count: Int) -> [Double] {
    (0..<max(count, 0)).map { _ in nextGaussian() }
  }

  /// Computes the next 624 words of the twister.
  private mutating func refill() {
    let size = Self.size
    key.withUnsafeMutableBufferPointer { key in
      for i in 0..<size {
        let y = (key[i] & 0x8000_0000) | (key[(i + 1) % size] & 0x7fff_ffff)
        key[i] = key[(i + Self.shift) % size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
      }
    }
    position = 0
  }
}
