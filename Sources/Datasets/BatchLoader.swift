import Foundation

/// Hands out batches in a random order that is fixed by the seed, reading ahead on threads of its own.
///
/// The order is that of ``SampleOrder``: a loader made with `startingAt: k` goes on exactly where one that had handed out k
/// samples stopped, whatever the sizes of the batches and the number of threads. ``next(_:)`` is to be called from one
/// thread at a time.
public final class BatchLoader: @unchecked Sendable {
  private let pipeline: Pipeline
  private let workers: [Thread]
  private let finished = DispatchGroup()

  /// Samples handed out so far, counted from the very first: give it as `startingAt` to go on exactly.
  public private(set) var position: Int
  /// The dataset that is read.
  public let dataset: any ImageDataset

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
    self.dataset = dataset
    position = sample
    let pipeline = Pipeline(
      dataset, order: SampleOrder(seed: seed, count: dataset.count), mirror: mirror, start: sample,
      depth: max(queueDepth, threads))
    self.pipeline = pipeline
    let finished = finished
    workers = (0..<threads).map { index in
      finished.enter()
      // The thread keeps the pipeline, never the loader: the loader's end is the pipeline's.
      let thread = Thread {
        pipeline.work()
        finished.leave()
      }
      thread.name = "data \(index)"
      thread.stackSize = 2 << 20
      return thread
    }
    for worker in workers { worker.start() }
  }

  deinit {
    pipeline.stop()
    finished.wait()
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
    let batch = try pipeline.samples(from: position, count: count)
    position += count
    return batch
  }
}

/// The queue between the threads that read and the one that consumes.
private final class Pipeline: @unchecked Sendable {
  private struct Chunk {
    var pixels: [UInt8]
    var labels: [Int]
    /// Samples before the one that failed, or all.
    var count: Int
    var error: (any Error)?
  }

  private let dataset: any ImageDataset
  private let order: SampleOrder
  private let mirror: Bool
  private let depth: Int
  private let chunkSize: Int
  private let sampleSize: Int
  /// The first sample that is ever handed out: what lies before it is never read.
  private let origin: Int

  private let condition = NSCondition()
  private var stopped = false
  /// The next chunk to read, and the first that the consumer still needs; chunk k holds samples origin + k·chunkSize….
  private var nextChunk: Int
  private var firstNeeded: Int
  private var ready: [Int: Chunk] = [:]
  private var permutations: [Int: [Int32]] = [:]

  init(_ dataset: any ImageDataset, order: SampleOrder, mirror: Bool, start: Int, depth: Int) {
    (self.dataset, self.order, self.mirror, self.depth) = (dataset, order, mirror, depth)
    sampleSize = dataset.channels * dataset.resolution * dataset.resolution
    chunkSize = max(1, min(64, (4 << 20) / sampleSize))
    origin = start
    (nextChunk, firstNeeded) = (0, 0)
  }

  func stop() {
    condition.lock()
    stopped = true
    condition.broadcast()
    condition.unlock()
  }

  /// The life of a thread: claim a chunk, read it, hand it over.
  func work() {
    while true {
      condition.lock()
      while !stopped && nextChunk >= firstNeeded + depth { condition.wait() }
      if stopped {
        condition.unlock()
        return
      }
      let claimed = nextChunk
      nextChunk += 1
      condition.unlock()

      let chunk = read(claimed)

      condition.lock()
      ready[claimed] = chunk
      condition.broadcast()
      condition.unlock()
    }
  }

  func samples(from start: Int, count: Int) throws -> ImageBatch {
    var pixels = [UInt8]()
    pixels.reserveCapacity(count * sampleSize)
    var labels = [Int]()
    var at = start - origin
    let end = at + count
    while at < end {
      let index = at / chunkSize
      let chunk = wait(for: index)
      let first = at - index * chunkSize
      let last = min(chunkSize, end - index * chunkSize)
      guard last <= chunk.count else { throw chunk.error! }
      chunk.pixels.withUnsafeBufferPointer {
        pixels.append(contentsOf: UnsafeBufferPointer(rebasing: $0[(first * sampleSize)..<(last * sampleSize)]))
      }
      if !chunk.labels.isEmpty { labels += chunk.labels[first..<last] }
      at = index * chunkSize + last
    }
    release(before: at / chunkSize)
    return ImageBatch(pixels: pixels, labels: labels, count: count)
  }

  private func wait(for index: Int) -> Chunk {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let chunk = ready[index] { return chunk }
      // A batch may be longer than the queue: the chunk that is waited for is always allowed.
      if firstNeeded + depth <= index {
        firstNeeded = index - depth + 1
        condition.broadcast()
      }
      condition.wait()
    }
  }

  /// Drops what has been handed out; only then, so that a batch that failed can be asked for again.
  private func release(before index: Int) {
    condition.lock()
    firstNeeded = index
    for key in ready.keys where key < index { ready[key] = nil }
    condition.broadcast()
    condition.unlock()
  }

  private func read(_ index: Int) -> Chunk {
    var chunk = Chunk(pixels: [], labels: [], count: 0, error: nil)
    chunk.pixels.reserveCapacity(chunkSize * sampleSize)
    let first = origin + index * chunkSize
    for sample in first..<(first + chunkSize) {
      if isStopped { break }
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

  private var isStopped: Bool {
    condition.lock()
    defer { condition.unlock() }
    return stopped
  }

  private func item(of sample: Int) -> Int {
    let (epoch, place) = sample.quotientAndRemainder(dividingBy: order.count)
    condition.lock()
    defer { condition.unlock() }
    if let order = permutations[epoch] { return Int(order[place]) }
    let drawn = order.permutation(epoch: epoch)
    // Chunks in flight lie in few epochs unless these are tiny, and then drawing again is cheap.
    if permutations.count >= 4, let oldest = permutations.keys.min() { permutations[oldest] = nil }
    permutations[epoch] = drawn
    return Int(drawn[place])
  }

  /// Appends `[channels, height, width]` with each row from right to left.
  private func appendMirrored(_ pixels: [UInt8], to out: inout [UInt8]) {
    let width = dataset.resolution
    for row in stride(from: 0, to: pixels.count, by: width) {
      out += pixels[row..<(row + width)].reversed()
    }
  }
}
