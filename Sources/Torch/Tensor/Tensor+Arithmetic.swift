import CTorch

// Elementwise arithmetic with broadcasting, and reductions.

extension Tensor {
  func unary(_ op: Int, _ file: StaticString = #fileID, _ line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_unary(Int32(op), pointer, $0, $1) }
  }

  func scalar(_ op: Int, _ value: Double, _ file: StaticString = #fileID, _ line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_scalar(Int32(op), pointer, value, $0, $1) }
  }

  static func binary(
    _ op: Int, _ a: Tensor, _ b: Tensor, _ file: StaticString = #fileID, _ line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_binary(Int32(op), a.pointer, b.pointer, $0, $1) } }

  // MARK: Operators

  /// Elementwise sum.
  public static func + (a: Tensor, b: Tensor) -> Tensor { binary(CT_ADD, a, b) }
  /// Elementwise difference.
  public static func - (a: Tensor, b: Tensor) -> Tensor { binary(CT_SUB, a, b) }
  /// Elementwise product.
  public static func * (a: Tensor, b: Tensor) -> Tensor { binary(CT_MUL, a, b) }
  /// Elementwise quotient.
  public static func / (a: Tensor, b: Tensor) -> Tensor { binary(CT_DIV, a, b) }
  /// Adds a number to every element.
  public static func + (a: Tensor, b: Double) -> Tensor { a.scalar(CT_ADD_SCALAR, b) }
  /// Adds a number to every element.
  public static func + (a: Double, b: Tensor) -> Tensor { b.scalar(CT_ADD_SCALAR, a) }
  /// Subtracts a number from every element.
  public static func - (a: Tensor, b: Double) -> Tensor { a.scalar(CT_ADD_SCALAR, -b) }
  /// Subtracts every element from a number.
  public static func - (a: Double, b: Tensor) -> Tensor { (-b).scalar(CT_ADD_SCALAR, a) }
  /// Multiplies every element by a number.
  public static func * (a: Tensor, b: Double) -> Tensor { a.scalar(CT_MUL_SCALAR, b) }
  /// Multiplies every element by a number.
  public static func * (a: Double, b: Tensor) -> Tensor { b.scalar(CT_MUL_SCALAR, a) }
  /// Divides every element by a number.
  public static func / (a: Tensor, b: Double) -> Tensor { a.scalar(CT_MUL_SCALAR, 1 / b) }
  /// Elementwise negation.
  public static prefix func - (a: Tensor) -> Tensor { a.unary(CT_NEG) }

  // MARK: Functions

  /// e^x.
  public func exp() -> Tensor { unary(CT_EXP) }
  /// Natural logarithm.
  public func log() -> Tensor { unary(CT_LOG) }
  /// √x
  public func squareRoot() -> Tensor { unary(CT_SQRT) }
  /// 1/√x
  public func reciprocalSquareRoot() -> Tensor { unary(CT_RSQRT) }
  /// x²
  public func squared() -> Tensor { unary(CT_SQUARE) }
  /// |x|
  public func magnitude() -> Tensor { unary(CT_ABS) }
  /// tanh x
  public func tanh() -> Tensor { unary(CT_TANH) }
  /// 1/(1 + e^−x)
  public func sigmoid() -> Tensor { unary(CT_SIGMOID) }
  /// max(x, 0)
  public func relu() -> Tensor { unary(CT_RELU) }
  /// log(1 + e^x), without overflow.
  public func softplus() -> Tensor { unary(CT_SOFTPLUS) }
  /// sin x
  public func sine() -> Tensor { unary(CT_SIN) }
  /// cos x
  public func cosine() -> Tensor { unary(CT_COS) }
  /// arccos x
  public func arcCosine() -> Tensor { unary(CT_ACOS) }
  /// x where x > 0, slope · x elsewhere.
  public func leakyReLU(slope: Double = 0.2) -> Tensor { scalar(CT_LEAKY_RELU, slope) }
  /// x^exponent
  public func power(_ exponent: Double) -> Tensor { scalar(CT_POW_SCALAR, exponent) }
  /// The elements, clamped to [minimum, maximum].
  public func clamped(minimum: Double, maximum: Double) -> Tensor {
    scalar(CT_CLAMP_MIN, minimum).scalar(CT_CLAMP_MAX, maximum)
  }

  /// self + weight · (other − self)
  public func lerp(to other: Tensor, _ weight: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_lerp(pointer, other.pointer, weight, $0, $1) }
  }

  /// Elements of `a` where the bool mask is true, else of `b`.
  public static func choose(
    _ mask: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { makeTensor(file, line) { ct_where(mask.pointer, a.pointer, b.pointer, $0, $1) } }

  /// self < other, elementwise, as a bool tensor.
  public func isLess(than other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_less(pointer, other.pointer, $0, $1) }
  }

  /// Whether every element is finite.
  public var isAllFinite: Bool {
    elementCount == 0 || withoutGraph.unary(CT_ISFINITE).to(.uint8).reduced(CT_AMIN, [], false).integers == [1]
  }

  // MARK: Reductions

  func reduced(
    _ op: Int, _ dimensions: [Int], _ keep: Bool, _ file: StaticString = #fileID, _ line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_reduce(Int32(op), pointer, dimensions.int64, Int64(dimensions.count), keep, $0, $1) }
  }

  /// The sum over `dimensions`; empty means all.
  public func sum(
    over dimensions: [Int] = [], keepingDimensions keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { reduced(CT_SUM, dimensions, keep, file, line) }

  /// The mean over `dimensions`; empty means all.
  public func mean(
    over dimensions: [Int] = [], keepingDimensions keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor { reduced(CT_MEAN, dimensions, keep, file, line) }

  /// The maximum over `dimensions`; empty means all.
  public func maximum(over dimensions: [Int] = [], keepingDimensions keep: Bool = false) -> Tensor {
    reduced(CT_AMAX, dimensions, keep)
  }

  /// The minimum over `dimensions`; empty means all.
  public func minimum(over dimensions: [Int] = [], keepingDimensions keep: Bool = false) -> Tensor {
    reduced(CT_AMIN, dimensions, keep)
  }

  /// The variance over `dimensions`, with divisor n (biased) or n − 1 (unbiased).
  public func variance(
    over dimensions: [Int], unbiased: Bool = false, keepingDimensions keep: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    makeTensor(file, line) { ct_variance(pointer, dimensions.int64, Int64(dimensions.count), unbiased, keep, $0, $1) }
  }

  /// The elements in ascending order along one dimension.
  public func sorted(along dimension: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_sort(pointer, Int64(dimension), $0, $1) }
  }

  /// The index of the maximum along one dimension, int64.
  public func indexOfMaximum(along dimension: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    makeTensor(file, line) { ct_argmax(pointer, Int64(dimension), $0, $1) }
  }

  /// The matrix product; further dimensions are batch dimensions.
  public func matmul(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    Tensor.binary(CT_MATMUL, self, other, file, line)
  }
}
