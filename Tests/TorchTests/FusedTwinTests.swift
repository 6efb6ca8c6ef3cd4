import Foundation
import Testing
import Torch
import _TestSupport

/// Every fused operation against its twin, the same function in plain operations: values, first and second gradients, in
/// both precisions, with every instruction set of this processor, on both kinds of threads.
///
/// The twin computes in float64, from the same rounded images. The table of worst errors is printed, and written to the
/// file that `STYLEGAN_ERROR_TABLE` names.
@Suite struct FusedTwinTests {
  /// A fused operation on images of a shape. The first variable is the image.
  struct Operation {
    let name: String
    let outputs: Int
    /// Whether what goes into the epilogue is made here, and rounded.
    var makesItsFeatures: Bool { name.hasPrefix("blurred") || name.hasPrefix("styled") }
    /// What it is differentiated by, and their shapes.
    let variables: [(name: String, shape: [Int])]
    /// The last: whether the image may be overwritten.
    let fused: ([Tensor], TransformedFilters, Bool) -> Tensor
    let plain: ([Tensor]) -> Tensor
  }

  /// Largest errors, as a share of the largest expected magnitude (bfloat16: root mean squares): of the values and of each gradient by itself.
  struct Tolerance {
    var values, first, second: Double

    static let float32 = Tolerance(values: 1e-5, first: 1e-5, second: 1e-5)
    /// bfloat16 keeps 8 bits: results are rounded at 2⁻⁹ = 0.2 % of themselves, and so is what lies between the steps of
    /// a gradient. Errors are judged by their root mean square: where the operand of leaky ReLU is so near to zero that
    /// rounding changes its sign, one element of a gradient is another.
    static let bfloat16 = Tolerance(values: 1e-2, first: 2e-2, second: 6e-2)
    /// Where the operand of leaky ReLU has been rounded itself more signs change, and instance norm divides by deviations
    /// that are small in some channels. Float32 runs the same code, and shows it to be right.
    static let normalizedBFloat16 = Tolerance(values: 1e-2, first: 0.2, second: 0.2)
  }

  // MARK: The twins

  private static func plainBlur(_ x: Tensor) -> Tensor {
    let (h, w) = (x.size(2), x.size(3))
    let padded = x.padded(top: 1, bottom: 1, left: 1, right: 1)
    func smoothed(_ t: Tensor, _ dimension: Int, _ count: Int) -> Tensor {
      t.sliced(0..<count, along: dimension) + t.sliced(1..<count + 1, along: dimension) * 2
        + t.sliced(2..<count + 2, along: dimension)
    }
    return smoothed(smoothed(padded, 2, h), 3, w) * (1.0 / 16)
  }

  private static func plainEpilogue(_ x: Tensor, _ bias: Tensor, _ style: Tensor, _ noise: (Tensor, Tensor)?) -> Tensor
  {
    let (n, c) = (x.size(0), x.size(1))
    let noisy = noise.map { x + $0 * $1.reshaped([1, c, 1, 1]) } ?? x
    let t = (noisy + bias.reshaped([1, c, 1, 1])).leakyReLU(slope: 0.2)
    let centred = t - t.mean(over: [2, 3], keepingDimensions: true)
    let variance = centred.squared().mean(over: [2, 3], keepingDimensions: true)
    return centred * (variance + 1e-8).reciprocalSquareRoot()
      * (style.sliced(0..<c, along: 1).reshaped([n, c, 1, 1]) + 1)
      + style.sliced(c..<2 * c, along: 1).reshaped([n, c, 1, 1])
  }

  private static func plainConvolution(_ x: Tensor, _ w: Tensor, _ resampling: Resampling) -> Tensor {
    switch resampling {
    case .none: x.conv2d(w, padding: 1)
    case .up: x.upsampledNearest().conv2d(w, padding: 1)
    case .down: x.conv2d(w, padding: 1).averagePooled()
    }
  }

  // MARK: The operations

  static func operations(channels c: Int, outputs o: Int, batch n: Int, height h: Int, width w: Int) -> [Operation] {
    func operation(
      _ name: String, image: [Int]? = nil, _ variables: [(String, [Int])], plain: @escaping ([Tensor]) -> Tensor,
      fused: @escaping ([Tensor], TransformedFilters, Bool) -> Tensor
    ) -> Operation {
      Operation(
        name: name, outputs: o,
        variables: [("x", image ?? [n, c, h, w])] + variables.map { (name: $0.0, shape: $0.1) }, fused: fused,
        plain: plain)
    }
    var all = [
      operation("blur", [], plain: { plainBlur($0[0]) }, fused: { v, _, _ in v[0].blurredFused() }),
      operation(
        "bias, leaky ReLU", [("bias", [c])],
        plain: { ($0[0] + $0[1].reshaped([1, c, 1, 1])).leakyReLU(slope: 0.2) },
        fused: { v, _, _ in v[0].biasedLeakyReLUFused(v[1]) }),
      operation(
        "epilogue", [("bias", [c]), ("style", [n, 2 * c])],
        plain: { plainEpilogue($0[0], $0[1], $0[2], nil) },
        fused: { v, _, consuming in
          v[0].styledEpilogueFused(noise: nil, bias: v[1], style: v[2], consuming: consuming)
        }),
      operation(
        "epilogue, by noise", [("bias", [c]), ("style", [n, 2 * c]), ("strength", [c]), ("noise", [n, 1, h, w])],
        plain: { plainEpilogue($0[0], $0[1], $0[2], ($0[4], $0[3])) },
        fused: { v, _, consuming in
          v[0].styledEpilogueFused(noise: (v[4], v[3]), bias: v[1], style: v[2], consuming: consuming)
        }),
    ]
    // Noise that is not differentiated by: its gradients take another way.
    for (name, count) in [("one noise", 1), ("noise", n)] {
      let noise = RandomStream(seed: 9).normal([count, 1, h, w])
      for blurred in [false, true] {
        all.append(
          operation(
            "\(blurred ? "blurred " : "")epilogue, \(name)",
            [("bias", [c]), ("style", [n, 2 * c]), ("strength", [c])],
            plain: { v in
              plainEpilogue(
                blurred ? plainBlur(v[0]) : v[0], v[1], v[2], (noise.to(v[0].dtype), v[3]))
            },
            fused: { v, _, consuming in
              v[0].styledEpilogueFused(
                noise: (noise, v[3]), bias: v[1], style: v[2], blurred: blurred, consuming: consuming)
            }))
      }
    }
    // Each product of the sum is of size 1 over the root of their number.
    let scale = 1 / Double(9 * c).squareRoot()
    for (name, resampling) in [("convolution", Resampling.none), ("up convolution", .up), ("down convolution", .down)] {
      // Only doubling takes odd heights and widths.
      let image = resampling == .up ? [n, c, h - 1, w - 1] : nil
      all.append(
        operation(
          name, image: image, [("weight", [o, c, 3, 3])], plain: { plainConvolution($0[0], $0[1] * scale, resampling) },
          fused: { v, filters, _ in
            v[0].convolvedFused(v[1], filters: filters, scale: scale, resampling: resampling)
          }))
      all.append(
        operation(
          "\(name), leaky ReLU", image: image, [("weight", [o, c, 3, 3]), ("bias", [o])],
          plain: { v in
            (plainConvolution(v[0], v[1] * scale, resampling) + v[2].reshaped([1, o, 1, 1])).leakyReLU(slope: 0.2)
          },
          fused: { v, filters, _ in
            v[0].convolvedFused(v[1], filters: filters, scale: scale, resampling: resampling, bias: v[2])
          }))
    }
    let noise = RandomStream(seed: 9).normal([1, 1, h, w])
    all.append(
      operation(
        "styled convolution", [("weight", [o, c, 3, 3]), ("bias", [o]), ("style", [n, 2 * o]), ("strength", [o])],
        plain: { v in
          plainEpilogue(plainConvolution(v[0], v[1] * scale, .none), v[2], v[3], (noise.to(v[0].dtype), v[4]))
        },
        fused: { v, filters, _ in
          v[0].convolvedAndStyledFused(
            v[1], filters: filters, scale: scale, noise: (noise, v[4]), bias: v[2], style: v[3])
        }))
    return all
  }

  /// Values, first gradients and second ones of Σ r·y² with random r: by name.
  ///
  /// First gradients are taken without a graph and with one; second ones are of the sum of their squares.
  private func derivatives(_ variables: [(name: String, value: Tensor)], _ function: ([Tensor]) -> Tensor)
    -> [(name: String, value: Tensor)]
  {
    let leaves = variables.map { $0.value.requiringGradient() }
    let type: DType = leaves[0].dtype == .float64 ? .float64 : .float32
    func value() -> Tensor { function(leaves).to(type) }
    let y = value()
    let r = RandomStream(seed: 6).normal(y.shape).to(type)
    func loss(_ y: Tensor) -> Tensor { (y.squared() * r).sum() }
    let first = gradients(of: loss(y), withRespectTo: leaves)
    let recorded = gradients(of: loss(value()), withRespectTo: leaves, createGraph: true)
    let norm = recorded.dropFirst().reduce(recorded[0].to(type).squared().sum()) { $0 + $1.to(type).squared().sum() }
    let second = gradients(of: norm, withRespectTo: leaves)
    var results = [("value", y.withoutGraph)]
    for (i, variable) in variables.enumerated() {
      results.append(("first ∂\(variable.name)", first[i]))
      results.append(("first ∂\(variable.name) with a graph", recorded[i].withoutGraph))
      results.append(("second ∂\(variable.name)", second[i]))
    }
    return results.map { (name: $0.0, value: $0.1) }
  }

  /// Errors by their largest, or by their root mean square in bfloat16, as a share of the expected.
  private func error(_ found: Tensor, _ expected: Tensor, _ type: DType) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    let (a, b) = (found.to(.float64), expected)
    let error =
      type == .float32
      ? (a - b).magnitude().maximum().item / max(b.magnitude().maximum().item, 1e-300)
      : ((a - b).squared().mean().item / max(b.squared().mean().item, 1e-300)).squareRoot()
    return error.isNaN ? .infinity : error
  }

  // MARK: The test

  @Test func everyOperationOnEveryInstructionSet() throws {
    let channels = [3, 8, 16, 17, 32, 48, 70, 128], outputs = [16, 48, 17, 8, 70, 32, 3, 128]
    var worst: [String: Tolerance] = [:]
    var rows: [String] = []

    func check(_ operation: Operation, _ type: DType, _ seed: UInt64) {
      let tolerance =
        type == .float32 ? Tolerance.float32 : operation.makesItsFeatures ? .normalizedBFloat16 : .bfloat16
      let random = RandomStream(seed: seed)
      var variables = operation.variables.map { (name: $0.name, value: random.normal($0.shape)) }
      variables[0].value = variables[0].value.to(type).laidOut(.channelsLast)
      let exact = variables.map { (name: $0.name, value: $0.value.to(.float64)) }
      let expected = derivatives(exact, operation.plain)
      let values = variables.map(\.value)
      for kernels in Processor.availableKernels {
        let row = "\(operation.name) | \(kernels) | \(type == .float32 ? "fp32" : "bf16")"
        if worst[row] == nil {
          worst[row] = Tolerance(values: 0, first: 0, second: 0)
          rows.append(row)
        }
        func judge(_ found: Tensor, _ expected: (name: String, value: Tensor), _ what: String) {
          let error = error(found, expected.value, type)
          let part =
            expected.name == "value"
            ? \Tolerance.values : expected.name.hasPrefix("first") ? \Tolerance.first : \Tolerance.second
          worst[row]![keyPath: part] = max(worst[row]![keyPath: part], error)
          #expect(
            error <= tolerance[keyPath: part],
            "\(row), \(values[0].shape) → \(operation.outputs): \(expected.name)\(what)")
        }
        var results: [[(name: String, value: Tensor)]] = []
        for threads in Processor.ThreadPool.allCases {
          let (found, drawn, consumed) = Processor.with(kernels: kernels, threads: threads) {
            let filters = TransformedFilters()
            let found = derivatives(variables) { operation.fused($0, filters, false) }
            return withoutGradients {
              let copy = [values[0].copied()] + values.dropFirst()
              return (found, operation.fused(values, filters, false), operation.fused(copy, filters, true))
            }
          }
          results.append(
            found + [("drawn", drawn), ("consumed", consumed)].map { (name: $0.0, value: $0.1) })
        }
        for (i, expected) in expected.enumerated() { judge(results[0][i].value, expected, "") }
        for drawn in results[0].suffix(2) { judge(drawn.value, expected[0], ", \(drawn.name)") }
        for (one, other) in zip(results[0], results[1]) {
          #expect(
            one.value.to(.float32).floats == other.value.to(.float32).floats,
            "\(row): \(one.name) differs between threads")
        }
      }
    }

    for (c, o) in zip(channels, outputs) {
      for type in [DType.float32, .bfloat16] {
        for operation in Self.operations(channels: c, outputs: o, batch: 1, height: 6, width: 10) {
          check(operation, type, 5)
        }
        for operation in Self.operations(channels: c, outputs: c, batch: 3, height: 4, width: 6) {
          check(operation, type, 6)
        }
      }
    }
    let text =
      "operation | kernels | precision | values | first gradients | second gradients\n--- | --- | --- | --- | --- | ---\n"
      + rows.map { row in
        let errors = worst[row]!
        return row + [errors.values, errors.first, errors.second].map { String(format: " | %.1e", $0) }.joined() + "\n"
      }.joined()
    print(text)
    if let file = ProcessInfo.processInfo.environment["STYLEGAN_ERROR_TABLE"] {
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
  }
}
