import Torch

/// Compares the statistics of patches of two sets of images at every scale (PGGAN §5). It needs no trained network.
///
/// A Laplacian pyramid from the full resolution down to 16² separates the scales. Each image gives 7×7 patches at each
/// level. Over all patches of a set each channel is normalized to mean 0 and standard deviation 1. The patches are
/// projected on random unit directions. The distance is the mean |difference| of the sorted projections: the 1-D
/// Wasserstein-1 distance, averaged over directions; 0 for equal sets. A small value at a level means that the sets look
/// similar at that scale.
///
/// Images come in chunks. Each group of levels that fits ``memoryLimit`` requests them again, so memory is bounded at every
/// resolution.
public struct SlicedWassersteinDistance: Sendable {
  /// Images of each set; 16,384 in PGGAN.
  public var samples: Int
  /// Patches per image and level.
  public var patchesPerImage = 128
  /// Random unit directions: 4 × 128.
  public var directions = 512
  /// Fixes directions and positions of patches.
  public var seed: UInt64
  /// The limit for the patches of one group of levels, in bytes; a single level may take more.
  public var memoryLimit = 2 << 30

  static let patchSize = 7
  static let smallest = 16

  /// A distance between sets of `samples` images.
  public init(samples: Int = 16_384, seed: UInt64 = 0) { (self.samples, self.seed) = (samples, seed) }

  /// The size of the patches of one level, in bytes.
  public func leastMemory(channels: Int) -> Int {
    2 * samples * patchesPerImage * channels * Self.patchSize * Self.patchSize * 4
  }

  /// The distances × 10³, as in the papers.
  public struct Result: Sendable, Equatable {
    /// The distance at each level of the pyramid, from the full resolution down.
    public let levels: [(resolution: Int, distance: Double)]
    /// The mean over levels.
    public var average: Double { levels.reduce(0) { $0 + $1.distance } / Double(levels.count) }

    /// Whether all distances are the same.
    public static func == (a: Result, b: Result) -> Bool {
      a.levels.map(\.resolution) == b.levels.map(\.resolution) && a.levels.map(\.distance) == b.levels.map(\.distance)
    }
  }

  /// Images of a set by their numbers, `[count, C, r, r]` on any scale. Each pass requests the ranges in order from 0; the
  /// same range must give the same images.
  public typealias Source = (Range<Int>) throws -> Tensor

  /// Measures the distance of two sets of square images.
  /// - Parameters:
  ///   - resolution: the side r of the images, a power of two from 8.
  ///   - channels: C.
  ///   - reals: one set.
  ///   - fakes: the other.
  ///   - progress: takes the finished share, 0…1.
  /// - Throws: errors of the sources.
  public func callAsFunction(
    resolution: Int, channels: Int, reals: Source, fakes: Source, progress: (Double) -> Void = { _ in }
  ) throws -> Result {
    precondition(resolution >= 8 && resolution.nonzeroBitCount == 1, "images of \(resolution) pixels have no patches")
    let size = channels * Self.patchSize * Self.patchSize
    let directions = Self.unitColumns(RandomStream(seed: seed).normal([size, self.directions]))
    let resolutions = Self.levels(of: resolution)
    let atOnce = max(1, min(resolutions.count, memoryLimit / leastMemory(channels: channels)))
    var levels: [(resolution: Int, distance: Double)] = []
    for range in chunks(resolutions.count, of: atOnce) {
      let (group, start) = (Array(resolutions[range]), range.lowerBound)
      func done(_ share: Double) { progress((Double(start) + share * Double(group.count)) / Double(resolutions.count)) }
      var a = try descriptors(of: reals, at: group, channels, set: 1) { done($0 * 0.25) }
      var b = try descriptors(of: fakes, at: group, channels, set: 2) { done(0.25 + $0 * 0.5) }
      for (i, level) in group.enumerated() {
        let distance = Self.distance(a.removeFirst(), b.removeFirst(), directions)
        levels.append((level, distance * 1000))
        done(0.75 + 0.25 * Double(i + 1) / Double(group.count))
      }
    }
    return Result(levels: levels)
  }

  /// Normalized patches of a set at some levels, each `[samples · patchesPerImage, C·49]`.
  private func descriptors(
    of source: Source, at resolutions: [Int], _ channels: Int, set: UInt64, done: (Double) -> Void
  ) throws -> [Tensor] {
    let places = patchesPerImage
    let size = channels * Self.patchSize * Self.patchSize
    let sets = resolutions.map { _ in Tensor.zeros([samples * places, size]) }
    // Each level and set has its own stream, so that the grouping of levels does not change the patches.
    let streams = resolutions.map { RandomStream(seed: seed &+ UInt64($0) << 32 &+ set << 48) }
    // About 64 MB of float32 images at once.
    var chunk: Int?
    var first = 0
    while first < samples {
      let range = first..<min(first + (chunk ?? 8), samples)
      try withoutGradients {
        let images = try source(range)
        precondition(images.size(0) == range.count && images.size(1) == channels, "a source gave \(images.shape)")
        chunk = max(8, min(256, (16 << 20) / (channels * images.size(2) * images.size(3))))
        for level in Self.laplacianPyramid(images) {
          guard let i = resolutions.firstIndex(of: level.size(3)) else { continue }
          let highest = level.size(3) - Self.patchSize + 1
          // U[0, 1)·highest, truncated: all positions are equally likely.
          let positions = (streams[i].uniform([range.count, places, 2], dtype: .float64) * Double(highest)).to(.int64)
          sets[i][range.lowerBound * places..<range.upperBound * places].overwrite(
            with: Self.patches(level, positions: positions).reshaped([-1, size]))
        }
      }
      first = range.upperBound
      done(Double(first) / Double(samples))
    }
    return sets.map { Self.normalized($0, channels: channels) }
  }

  // MARK: Parts

  /// The resolutions of the pyramid: halved down to 16.
  package static func levels(of resolution: Int) -> [Int] {
    Array(sequence(first: resolution) { $0 > smallest ? $0 / 2 : nil })
  }

  /// x − expanded(reduced(x)) at each resolution, and finally the reduced images.
  /// - Parameter images: `[N, C, r, r]` of any type.
  /// - Returns: float32, `[N, C, r, r]`, `[N, C, r/2, r/2]`, … down to 16.
  package static func laplacianPyramid(_ images: Tensor) -> [Tensor] {
    var x = images.to(.float32)
    var levels: [Tensor] = []
    while x.size(3) > smallest {
      let low = filtered(x, gain: 1).sliced(0..<x.size(2), along: 2, step: 2).sliced(0..<x.size(3), along: 3, step: 2)
      levels.append(x - filtered(spread(low), gain: 4))
      x = low
    }
    return levels + [x]
  }

  /// Each channel convolved with [1, 4, 6, 4, 1] ⊗ [1, 4, 6, 4, 1]/256, times `gain`; the border is mirrored.
  private static func filtered(_ x: Tensor, gain: Double) -> Tensor {
    let taps = [1, 4, 6, 4, 1].map { $0 / 16.0 }
    let kernel = Tensor(taps.flatMap { row in taps.map { gain * row * $0 } }, shape: [1, 1, 5, 5], device: x.device)
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    let padded = x.reshaped([n * c, 1, h, w]).padded(top: 2, bottom: 2, left: 2, right: 2, with: .reflected)
    return padded.conv2d(kernel).reshaped([n, c, h, w])
  }

  /// The pixels at even rows and columns among zeros: `[N, C, H, W]` → `[N, C, 2H, 2W]`.
  private static func spread(_ x: Tensor) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    // [N·C·H·W 1 1] → each pixel becomes the corner of a square: [N C H W 2 2] → [N C H 2 W 2]
    return x.reshaped([n * c * h * w, 1, 1]).padded(top: 0, bottom: 1, left: 0, right: 1)
      .reshaped([n, c, h, w, 2, 2]).permuted([0, 1, 2, 4, 3, 5]).reshaped([n, c, 2 * h, 2 * w])
  }

  /// Squares of 7×7 pixels.
  /// - Parameters:
  ///   - level: `[N, C, H, W]`
  ///   - positions: row and column of the top left pixel, int64 `[N, P, 2]`.
  /// - Returns: `[N·P, C, 7, 7]`; the patches of an image are consecutive.
  package static func patches(_ level: Tensor, positions: Tensor) -> Tensor {
    let (n, c, h, w) = (level.size(0), level.size(1), level.size(2), level.size(3))
    let (places, side) = (positions.size(1), patchSize)
    // The pixel y, x of image i has the index (i·H + y)·W + x in its channel.
    let image = Tensor((0..<n).map { $0 * h * w }).reshaped([n, 1, 1])
    let corner = image + (positions.sliced(0..<1, along: 2) * Double(w)).to(.int64) + positions.sliced(1..<2, along: 2)
    let offset = Tensor((0..<side * side).map { $0 / side * w + $0 % side }).reshaped([1, 1, -1])
    let indices = (corner + offset).reshaped([-1]).to(level.device)  // [N·P·49]
    return level.permuted([1, 0, 2, 3]).reshaped([c, -1]).gathered(indices, along: 1)
      .reshaped([c, n * places, side, side]).permuted([1, 0, 2, 3])
  }

  /// Normalizes each channel to mean 0 and (biased) standard deviation 1 over all patches and pixels.
  /// - Parameter patches: `[M, C·49]`
  /// - Returns: the same shape; a constant channel becomes 0.
  package static func normalized(_ patches: Tensor, channels: Int) -> Tensor {
    let x = patches.reshaped([patches.size(0), channels, -1])
    // Sums of millions of terms need float64; chunks limit its memory.
    let zero = Tensor.zeros([1, channels, 1], dtype: .float64)
    var (sum, squares) = (zero, zero)
    for range in chunks(x.size(0), of: 65_536) {
      let part = x[range].to(.float64)
      sum = sum + part.sum(over: [0, 2], keepingDimensions: true).to(.cpu)
      squares = squares + part.squared().sum(over: [0, 2], keepingDimensions: true).to(.cpu)
    }
    let count = Double(x.size(0) * x.size(2))
    let mean = sum / count
    let deviation = (squares / count - mean.squared()).clamped(minimum: 1e-20, maximum: .infinity).squareRoot()
    let result = (x - mean.to(.float32).to(x.device)) * deviation.power(-1).to(.float32).to(x.device)
    return result.reshaped(patches.shape)
  }

  /// The mean over directions of the mean |difference| of the sorted projections.
  /// - Parameters:
  ///   - a: descriptors, `[M, size]`
  ///   - b: the same number from the other set.
  ///   - directions: unit columns, `[size, D]`
  package static func distance(_ a: Tensor, _ b: Tensor, _ directions: Tensor) -> Double {
    // Projections take at most 64 MB, except for a single direction.
    let count = a.size(0)
    let atOnce = max(1, min(64, (16 << 20) / count))
    var sorter = RadixSorter(count: count)
    var total = 0.0
    withoutGradients {
      for range in chunks(directions.size(1), of: atOnce) {
        let columns = directions.sliced(range, along: 1).transposed
        var (p, q) = (columns.matmul(a.transposed).floats, columns.matmul(b.transposed).floats)  // [D' M]
        for row in 0..<range.count {
          let part = row * count..<(row + 1) * count
          p.withUnsafeMutableBufferPointer { sorter.sort(.init(rebasing: $0[part])) }
          q.withUnsafeMutableBufferPointer { sorter.sort(.init(rebasing: $0[part])) }
          var sum = 0.0
          for i in part { sum += Double(abs(p[i] - q[i])) }
          total += sum / Double(count)
        }
      }
    }
    return total / Double(directions.size(1))
  }

  /// Each column divided by its length.
  private static func unitColumns(_ x: Tensor) -> Tensor {
    x * x.squared().sum(over: [0], keepingDimensions: true).reciprocalSquareRoot()
  }
}

/// Sorts floats by their bits, eleven at a time (LSD radix sort). On millions of projections it is many times as fast as
/// libtorch's sort, which also moves indices.
private struct RadixSorter {
  private var keys, scratch: [UInt32]

  /// A sorter of rows of `count` elements.
  init(count: Int) {
    keys = [UInt32](repeating: 0, count: count)
    scratch = keys
  }

  /// Sorts finite elements in ascending order.
  mutating func sort(_ values: UnsafeMutableBufferPointer<Float>) {
    // With the sign bit flipped (negative numbers: all bits) the bits as unsigned integers have the order of the values.
    for i in values.indices {
      let bits = values[i].bitPattern
      keys[i] = bits ^ (bits >> 31 == 0 ? 0x8000_0000 : 0xffff_ffff)
    }
    for shift in [0, 11, 22] as [UInt32] {
      var places = [Int](repeating: 0, count: 2048)
      for key in keys { places[Int(key >> shift & 2047)] += 1 }
      var sum = 0
      for digit in places.indices { (places[digit], sum) = (sum, sum + places[digit]) }
      for key in keys {
        let digit = Int(key >> shift & 2047)
        scratch[places[digit]] = key
        places[digit] += 1
      }
      swap(&keys, &scratch)
    }
    for i in values.indices {
      let key = keys[i]
      values[i] = Float(bitPattern: key ^ (key >> 31 == 1 ? 0x8000_0000 : 0xffff_ffff))
    }
  }
}
