import Foundation
import Testing
import Torch

/// Compares the stream with what NumPy drew (Tests/Reference/make_numpy_fixture.py).
@Suite struct NumPyRandomStateTests {
  static let seeds: [UInt32] = [0, 1, 42, .max]

  @Test(arguments: seeds) func gaussiansEqualNumPyBitForBit(seed: UInt32) throws {
    let expected = try golden("randn.\(seed)")
    var state = NumPyRandomState(seed: seed)
    let found = state.randn(expected.count)
    try #require(expected.count == 1000)
    #expect(zip(found, expected).filter { $0.bitPattern != $1.bitPattern }.isEmpty)
  }

  @Test(arguments: seeds) func uniformsEqualNumPyBitForBit(seed: UInt32) throws {
    let expected = try golden("uniform.\(seed)")
    var state = NumPyRandomState(seed: seed)
    try #require(expected.count == 100)
    #expect(expected.allSatisfy { $0.bitPattern == state.uniform().bitPattern })
  }

  @Test func anOddDrawKeepsTheSecondValueOfItsPair() {
    var whole = NumPyRandomState(seed: 7)
    var pieces = whole
    #expect(whole.randn(10) == pieces.randn(3) + pieces.randn(0) + [pieces.nextGaussian()] + pieces.randn(6))
    #expect(whole == pieces)
  }

  @Test func aCopyReplays() {
    var state = NumPyRandomState(seed: 3)
    _ = state.randn(1001)
    var copy = state
    #expect(state.randn(1000) == copy.randn(1000))
  }

  private func golden(_ name: String) throws -> [Double] {
    let path = try #require(
      Bundle.module.path(forResource: "numpy-random-state", ofType: "safetensors", inDirectory: "Fixtures"))
    let file = try SafetensorsFile(path: path)
    try #require(file.tensors[name]?.dataType == .float64)
    return try file.withBytes(of: name) { bytes in
      stride(from: 0, to: bytes.count, by: 8).map {
        Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
      }
    }
  }
}
