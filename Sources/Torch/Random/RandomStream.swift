import CTorch

/// A stream of random numbers; its state can be saved and restored exactly.
///
/// All references share one stream. On the CPU it is libtorch's Mersenne Twister.
public final class RandomStream {
  private let pointer: ct_generator
  /// The device of the numbers.
  public let device: Device

  /// A stream with this seed.
  public init(seed: UInt64, device: Device = .cpu, file: StaticString = #fileID, line: UInt = #line) {
    var out: ct_generator?
    perform(file, line) { ct_generator_new(seed, device.code, &out, $0) }
    pointer = out!
    self.device = device
  }

  deinit { ct_generator_free(pointer) }

  /// Samples of N(0, 1).
  public func normal(
    _ shape: [Int], dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { draw(CT_NORMAL, shape, dtype, file, line) }

  /// Samples of U[0, 1).
  public func uniform(
    _ shape: [Int], dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { draw(CT_UNIFORM, shape, dtype, file, line) }

  /// One sample of U[0, 1).
  public func uniform() -> Double { uniform([1], dtype: .float64).to(.cpu).hostItem }

  /// One integer, uniform over `range`.
  public func integer(in range: Range<Int>) -> Int {
    range.lowerBound + min(Int(uniform() * Double(range.count)), range.count - 1)
  }

  /// Samples of U[0, 1) as numbers.
  package func uniformNumbers(_ count: Int) -> [Double] { uniform([count], dtype: .float64).to(.cpu).hostItems }

  /// Samples of N(0, 1) as numbers.
  package func normalNumbers(_ count: Int) -> [Double] { normal([count], dtype: .float64).to(.cpu).hostItems }

  private func draw(_ kind: Int, _ shape: [Int], _ dtype: DType, _ file: StaticString, _ line: UInt) -> Tensor {
    makeTensor(file, line) {
      ct_random(Int32(kind), shape.int64, Int64(shape.count), dtype.code, device.code, pointer, $0, $1)
    }
  }

  /// The state: `[n]`, uint8.
  public var state: Tensor { makeTensor(#fileID, #line) { ct_generator_state(pointer, $0, $1) } }

  /// Restores a saved state.
  /// - Throws: ``RandomStreamError`` if the bytes are not the state of a stream on this device.
  public func restore(_ state: Tensor) throws(RandomStreamError) {
    var message: UnsafeMutablePointer<CChar>?
    if ct_generator_set_state(pointer, state.to(.cpu).pointer, &message) != 0 {
      throw RandomStreamError(description: "not the state of a random stream on \(device): \(takeMessage(message))")
    }
  }
}

/// A saved state cannot be restored.
public struct RandomStreamError: Error, CustomStringConvertible {
  /// One sentence with the reason.
  public let description: String
}
