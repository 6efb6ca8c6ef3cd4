/// Consecutive ranges of at most `size` numbers that cover 0 to `count` − 1.
func chunks(_ count: Int, of size: Int) -> [Range<Int>] {
  stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}
