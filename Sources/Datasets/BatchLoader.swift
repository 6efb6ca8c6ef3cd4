/// Hands out batches in a random order that is fixed by the seed, reading ahead on threads of its own.
///
/// The order is that of ``SampleOrder``: a loader made with `startingAt: k` goes on exactly where one that had handed out k
/// samples stopped, whatever the sizes of the batches and the number of threads. Threads that call ``next(_:)`` at once get
/// batches that follow each other.
public final class BatchLoader: Sendable {
  private let reader: ChunkReader
  private let chunks: ReadAhead<ChunkReader.Chunk>
  private let handedOut: Monitor<Int>

  /// Samples handed out so far, counted from the very first: give it as `startingAt` to go on exactly.
  public var position: Int { handedOut.withLock { $0 } }
  /// The dataset that is read.
  public var dataset: any ImageDataset { reader.dataset }

  /// Starts to read.
  ///
  /// - Parameter seed: fixes the order and the mirroring.
  /// - Parameter sample: the first sample to hand out, at least 0.
  /// - Parameter mirror: flip each sample from left to right with probability ½.
  /// - Parameter threads: threads that read ahead, at least 1.
  /// - Parameter queueDepth: chunks (of up to 64 samples or 4 MiB) that are kept ready, at least 1.
  public init(
    _ dataset: any ImageDataset, seed: UInt64, startingAt sample: Int = 0, mirror: Bool = false, threads: Int = 1,
    queueDepth: Int = 4
  ) {
    precondition(sample >= 0, "a loader starts at sample 0 or later, not \(sample)")
    precondition(threads > 0 && queueDepth > 0, "a loader needs at least one thread and one chunk")
    let reader = ChunkReader(
      dataset, order: SampleOrder(seed: seed, count: dataset.count), mirror: mirror, origin: sample)
    self.reader = reader
    handedOut = Monitor(sample)
    chunks = ReadAhead(0..<Int.max, ahead: max(queueDepth, threads), threads: threads, name: "data") { reader.read($0) }
  }

  /// The next samples.
  ///
  /// A sample that cannot be read is an error each time that it is asked for; the position stays before the batch.
  ///
  /// - Parameter count: at least 1; may differ from call to call.
  /// - Returns: pixels `[count, channels, resolution, resolution]` and labels.
  /// - Throws: `ImageError`, `FileError` or ``DatasetError``, naming the file.
  public func next(_ count: Int) throws -> ImageBatch {
    precondition(count > 0, "a batch has at least one sample, not \(count)")
    return try handedOut.withLock { position in
      let batch = try samples(from: position - reader.origin, count: count)
      position += count
      return batch
    }
  }

  /// Samples from the place `start` after the origin.
  private func samples(from start: Int, count: Int) throws -> ImageBatch {
    let (chunkSize, sampleSize) = (reader.chunkSize, reader.sampleSize)
    var pixels = [UInt8]()
    pixels.reserveCapacity(count * sampleSize)
    var labels = [Int]()
    var at = start
    let end = at + count
    while at < end {
      let index = at / chunkSize
      let chunk = chunks.value(at: index)
      let first = at - index * chunkSize
      let last = min(chunkSize, end - index * chunkSize)
      guard last <= chunk.count else { throw chunk.error! }
      chunk.pixels.withUnsafeBufferPointer {
        pixels.append(contentsOf: UnsafeBufferPointer(rebasing: $0[(first * sampleSize)..<(last * sampleSize)]))
      }
      if !chunk.labels.isEmpty { labels += chunk.labels[first..<last] }
      at = index * chunkSize + last
    }
    // Only now, so that a batch that failed can be asked for again.
    chunks.release(before: at / chunkSize)
    return ImageBatch(pixels: pixels, labels: labels, count: count)
  }
}

/// Reads consecutive samples: chunk k holds samples origin + k·chunkSize….
private struct ChunkReader: Sendable {
  struct Chunk: Sendable {
    var pixels: [UInt8] = []
    var labels: [Int] = []
    /// Samples before the one that failed, or all.
    var count = 0
    var error: (any Error)?
  }

  let dataset: any ImageDataset
  let chunkSize: Int
  let sampleSize: Int
  /// The first sample that is ever handed out: what lies before it is never read.
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
        if mirror, order.isMirrored(sample: sample) {
          appendMirrored(pixels, to: &chunk.pixels)
        } else {
          chunk.pixels += pixels
        }
        if dataset.labelCount > 0 { chunk.labels.append(dataset.label(at: item)!) }
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
      // Chunks in flight lie in few epochs unless these are tiny, and then drawing again is cheap.
      if known.count >= 4, let oldest = known.keys.min() { known[oldest] = nil }
      known[epoch] = drawn
      return Int(drawn[place])
    }
  }

  /// Appends `[channels, height, width]` with each row from right to left.
  private func appendMirrored(_ pixels: [UInt8], to out: inout [UInt8]) {
    let width = dataset.resolution
    for row in stride(from: 0, to: pixels.count, by: width) { out += pixels[row..<(row + width)].reversed() }
  }
}
