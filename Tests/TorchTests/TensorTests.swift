import Testing
import Torch
import _TestSupport

@Suite struct TensorTests {
  @Test func describesItself() {
    let x = Tensor.zeros([2, 3, 4, 4])
    #expect(x.shape == [2, 3, 4, 4] && x.rank == 4 && x.elementCount == 96)
    #expect(x.description == "float32[2, 3, 4, 4] on cpu")
  }

  @Test func viewsAndCopiesKeepTheOrderOfElements() {
    let x = Tensor((0..<24).map { Float($0) }, shape: [2, 3, 4])
    #expect(x.permuted([2, 0, 1]).floats[0..<3] == [0, 4, 8])
    #expect(x.sliced(1..<2, along: 1).floats == [4, 5, 6, 7, 16, 17, 18, 19])
    #expect(x[1].selected(2, along: 1).floats == [14, 18, 22])
    #expect(Tensor.stacked([x[0], x[1]]).floats == x.floats)
    #expect(x.reshaped([4, 6]).flipped([1]).floats[0..<3] == [5, 4, 3])
  }

  @Test func operationsDoNotChangeTheirOperands() {
    let x = Tensor.ones([3])
    _ = (x + 1) * 5
    #expect(x.floats == [1, 1, 1])
  }

  @Test func channelsLastChangesMemoryNotValues() {
    let x = RandomStream(seed: 0).normal([2, 3, 4, 5])
    let y = x.laidOut(.channelsLast)
    #expect(y.isContiguous(.channelsLast) && !y.isContiguous() && y.floats == x.floats && y.bytes == x.bytes)
  }

  @Test func emptyTensorsAreHandled() {
    #expect(Tensor([Float](), shape: [0, 3]).floats == [])
    #expect(Tensor.zeros([0]).isAllFinite)
  }

  @Test func finitenessIsSeen() {
    #expect(Tensor([1, 2] as [Float], shape: [2]).isAllFinite)
    #expect(!Tensor([1, Float.nan] as [Float], shape: [2]).isAllFinite)
    #expect(!Tensor([1, -Float.infinity] as [Float], shape: [2]).isAllFinite)
  }

  @Test func missingDevicesAreExplained() {
    #expect(throws: DeviceError.unknown(name: "tpu")) { try Device("tpu") }
    #expect(throws: DeviceError.unknown(name: "cuda:x")) { try Device("cuda:x") }
    #expect(throws: DeviceError.self) { try Device("cpu:1") }
    #expect(throws: DeviceError.self) { try Device("cuda:4096") }
  }

  @Test func aStreamGoesOnFromItsSavedState() throws {
    let stream = RandomStream(seed: 5)
    _ = stream.normal([7])
    let state = stream.state
    let expected = stream.normal([9]).floats
    let other = RandomStream(seed: 99)
    try other.restore(state)
    #expect(other.normal([9]).floats == expected)
    #expect(RandomStream(seed: 5).normal([7]).floats != expected.prefix(7).map { $0 })
    #expect(throws: RandomStreamError.self) { try other.restore(Tensor.zeros([3], dtype: .uint8)) }
  }

  @Test func integersCoverTheirRangeEvenly() {
    let stream = RandomStream(seed: 1)
    var counts = [Int](repeating: 0, count: 3)
    for _ in 0..<3000 { counts[stream.integer(in: 4..<7) - 4] += 1 }
    #expect(counts.allSatisfy { (900...1100).contains($0) })
  }
}
