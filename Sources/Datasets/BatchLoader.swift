/// Delivers batches in a seeded random order and prefetches them on its own threads.
///
/// The order is that of ``SampleOrder``. A loader with `startingAt: k` resumes exactly after k samples, for any batch
/// sizes and number of threads. Parallel calls of ``next(_:)`` get consecutive batches.
public final class BatchLoader: Sendable {
  private let reader: ChunkReader
  private let chunks: ReadAhead<ChunkReader.Chunk>
  private let delivered: Monitor<Int>

  /// The number of samples delivered, including `startingAt`; resume with it.
  public var position: Int { delivered.withLock { $0 } }
  /// The dataset.
  public var dataset: any ImageDataset { reader.dataset }

  /// Starts the prefetch.
  /// - Parameter seed: determines the order and the mirroring.
  /// - Parameter sample: the first sample, at least 0.
  /// - Parameter mirror: flip each sample horizontally with probability ½.
  /// - Parameter threads: the number of prefetch threads, at least 1.
  /// - Parameter queueDepth: the number of prefetched chunks (of up to 64 samples or 4 MiB), at least 1.
  public init(
    _ dataset: any ImageDataset, seed: UInt64, startingAt sample: Int = 0, mirror: Bool = false, threads: Int = 1,
    queueDepth: Int = 4
  ) {
    precondition(sample >= 0, "a loader starts at sample 0 or later, not \(sample)")
    precondition(threads > 0 && queueDepth > 0, "a loader needs at least one thread and one chunk")
    let reader = ChunkReader(
      dataset, order: SampleOrder(seed: seed, count: dataset.count), mirror: mirror, origin: sample)
    self.reader = reader
    delivered = Monitor(sample)
    chunks = ReadAhead(0..<Int.max, ahead: max(queueDepth, threads), threads: threads, name: "data") { reader.read($0) }
  }

  /// The next samples.
  ///
  /// After an error the position stays before the batch; the next call fails again.
  /// - Parameter count: at least 1; it may change between calls.
  /// - Returns: pixels `[count, channels, resolution, resolution]` and labels.
  /// - Throws: `ImageError`, `FileError` or ``DatasetError``, with the file's name.
  public func next(_ count: Int) throws -> ImageBatch {
    precondition(count > 0, "a batch has at least one sample, not \(count)")
    return try delivered.withLock { position in
      let batch = try samples(from: position - reader.origin, count: count)
      position += count
      return batch
    }
  }

  /// Returns `count` samples from `start`, counted from the origin.
  private func samples(from start: Int, count: Int) throws -> ImageBatch {
    let (chunkSize, sampleSize) = (reader.chunkSize, reader.sampleSize)
    var pixels = [UInt8]()
    pixels.reserveCapacity(count * sampleSize)
    var labels = [Int]()
    var vectors = [Float]()
    let vectorSize = dataset.labelVectorSize
    var at = start
    let end = at + count
    while at < end {
      let index = at / chunkSize
      var chunk = chunks.value(at: index)
      let first = at - index * chunkSize
      let last = min(chunkSize, end - index * chunkSize)
      // What could not be read may have been mended since.
      if last > chunk.count { chunk = chunks.recomputed(at: index) }
      guard last <= chunk.count else { throw chunk.error! }
      chunk.pixels.withUnsafeBufferPointer {
        pixels.append(contentsOf: UnsafeBufferPointer(rebasing: $0[(first * sampleSize)..<(last * sampleSize)]))
      }
      if !chunk.labels.isEmpty { labels += chunk.labels[first..<last] }
      vectors += chunk.vectors[first * vectorSize..<last * vectorSize]
      at = index * chunkSize + last
    }
    // Release only after success, so that a failed batch can be retried.
    chunks.release(before: at / chunkSize)
    return ImageBatch(pixels: pixels, labels: labels, vectors: vectors, count: count)
  }
}

/// Reads consecutive samples: chunk k starts at sample origin + k·chunkSize.
private struct ChunkReader: Sendable {
  struct Chunk: Sendable {
    var pixels: [UInt8] = []
    var labels: [Int] = []
    var vectors: [Float] = []
    /// The number of samples read before an error, or all.
    var count = 0
    var error: (any Error)?
  }

  let dataset: any ImageDataset
  let chunkSize: Int
  let sampleSize: Int
  /// The first sample; earlier ones are never read.
  let origin: Int
  private let order: SampleOrder
  private let mirror: Bool
  private let permutations = Monitor<[Int: [Int32]]>([:])

  init(_ dataset: any ImageDataset, order: SampleOrder, mirror: Bool, origin: Int) {
    (self.dataset, self.order, self.mirror, self.origin) = (dataset, order, mirror, origin)
    sampleSize = dataset.channels * dataset.resolution * dataset.resolution
    chunkSize = max(1, min(64, (4 << 20) / sampleSize))
  }

  func read(_ index: Int) -> Chunk {
    var chunk = Chunk()
    chunk.pixels.reserveCapacity(chunkSize * sampleSize)
    let first = origin + index * chunkSize
    for sample in first..<(first + chunkSize) {
      let item = self.item(of: sample)
      do {
        let pixels = try dataset.image(at: item)
        precondition(pixels.count == sampleSize, "\(dataset.name): image \(item) has \(pixels.count) samples")
        chunk.pixels += mirror && order.isMirrored(sample: sample) ? pixels.mirrored(width: dataset.resolution) : pixels
        if dataset.labelCount > 0 { chunk.labels.append(dataset.label(at: item)!) }
        if dataset.labelVectorSize > 0 { chunk.vectors += dataset.labelVector(at: item)! }
        chunk.count += 1
      } catch {
        chunk.error = error
        break
      }
    }
    return chunk
  }

  private func item(of sample: Int) -> Int {
    let (epoch, place) = sample.quotientAndRemainder(dividingBy: order.count)
    return permutations.withLock { known in
      if let order = known[epoch] { return Int(order[place]) }
      let drawn = order.permutation(epoch: epoch)
      // Chunks in progress span 4 epochs only if these are tiny; then a new permutation is cheap.
      if known.count >= 4, let oldest = known.keys.min() { known[oldest] = nil }
      known[epoch] = drawn
      return Int(drawn[place])
    }
  }
}
