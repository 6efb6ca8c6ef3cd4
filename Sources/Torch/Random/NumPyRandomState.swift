// Goals, in order: NumPy's legacy stream bit for bit, so that a seed gives the same picture as in NVIDIA's tools; value
// semantics; no dependency except the C library's log.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// NumPy's `RandomState(seed)`: the Mersenne Twister MT19937 and the legacy polar Gaussian.
///
/// Uniform numbers equal NumPy's bit for bit. Gaussians may differ in the last bit if the C libraries' `log` differ.
/// Integer seeds 0…2³²−1 use `init_genrand`, as in NumPy. The stream is for picture seeds, not for training or secrets.
public struct NumPyRandomState: Sendable, Equatable {
  private static let size = 624
  private static let shift = 397

  private var key: [UInt32]
  private var position: Int
  /// The second value of a polar pair, for the next call.
  private var cachedGaussian: Double?

  /// The stream of `numpy.random.RandomState(seed)`.
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

  /// Draws from U[0, 1) with 53 random bits, like `random_sample()`.
  public mutating func uniform() -> Double {
    let high = Double(nextUInt32() >> 5)  // 27 bits
    let low = Double(nextUInt32() >> 6)  // 26 bits
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /// Draws from N(0, 1), like `randn()`.
  ///
  /// Marsaglia's polar method: (x₁, x₂) uniform in the unit disk, f = √(−2·ln r²/r²). Returns f·x₂, then f·x₁.
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

  /// Draws `count` values from N(0, 1), in the order of `randn(count)`; shapes fill in row-major order.
  public mutating func randn(_ count: Int) -> [Double] { (0..<max(count, 0)).map { _ in nextGaussian() } }

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
