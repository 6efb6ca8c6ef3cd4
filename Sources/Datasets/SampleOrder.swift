import Files

/// Which image sample i is, and whether it is mirrored: functions of the seed alone, so that any position can be taken up again.
///
/// Sample i belongs to epoch i / count. The order of an epoch is a Fisher–Yates permutation drawn from SplitMix64 seeded with
/// (seed, epoch); each epoch visits every image once. Sample i is mirrored when a hash of (seed, i) is odd.
package struct SampleOrder: Sendable {
  package let seed: UInt64
  package let count: Int

  package init(seed: UInt64, count: Int) { (self.seed, self.count) = (seed, count) }

  /// The images of an epoch in their order.
  package func permutation(epoch: Int) -> [Int32] {
    var random = SplitMix64(seed: SplitMix64.mixed(seed &+ 0x6f72_6465_72) ^ SplitMix64.mixed(UInt64(epoch) &+ 1))
    var order = Array(0..<Int32(count))
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, Int(random.next(below: UInt64(last) + 1))) }
    return order
  }

  /// Whether sample i is flipped from left to right.
  package func isMirrored(sample: Int) -> Bool {
    SplitMix64.mixed(SplitMix64.mixed(seed &+ 0x6d69_7272_6f72) ^ (UInt64(sample) &* 0x9e37_79b9_7f4a_7c15)) & 1 == 1
  }
}
