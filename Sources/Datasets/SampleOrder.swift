import Files

/// The image and the mirroring of each sample; both depend only on the seed, so training can resume at any sample.
///
/// Sample i belongs to epoch i / count. The order of an epoch is a Fisher–Yates permutation from SplitMix64 with seed
/// (seed, epoch). Sample i is mirrored if a hash of (seed, i) is odd.
package struct SampleOrder: Sendable {
  package let seed: UInt64
  package let count: Int

  package init(seed: UInt64, count: Int) { (self.seed, self.count) = (seed, count) }

  /// The images of an epoch in order.
  package func permutation(epoch: Int) -> [Int32] {
    var random = SplitMix64(seed: SplitMix64.mixed(seed &+ 0x6f72_6465_72) ^ SplitMix64.mixed(UInt64(epoch) &+ 1))
    var order = Array(0..<Int32(count))
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, Int(random.next(below: UInt64(last) + 1))) }
    return order
  }

  /// Whether a sample is flipped horizontally.
  package func isMirrored(sample: Int) -> Bool {
    SplitMix64.mixed(SplitMix64.mixed(seed &+ 0x6d69_7272_6f72) ^ (UInt64(sample) &* 0x9e37_79b9_7f4a_7c15)) & 1 == 1
  }
}
