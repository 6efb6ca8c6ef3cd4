import Torch

/// The engine of each 3×3 convolution of the fast kernels: minimal filtering, or libtorch's convolution with the resampling
/// fused into it. Which one is faster depends on the processor and on the shape.
public struct ConvolutionChoices: Codable, Sendable, Equatable {
  /// The engines.
  public enum Engine: String, Codable, Sendable, CaseIterable {
    /// Our kernels: Winograd's minimal filtering.
    case minimalFiltering
    /// libtorch's direct convolution, channels-last.
    case libtorch

    var other: Engine { self == .libtorch ? .minimalFiltering : .libtorch }
  }

  /// The shape of a convolution, without the number of images.
  public struct Shape: Hashable, Sendable {
    /// The change of resolution.
    public var resampling: Resampling
    /// Channels of the input and of the output.
    public var inputs, outputs: Int
    /// The height and width of the input.
    public var side: Int

    /// A shape.
    public init(resampling: Resampling, inputs: Int, outputs: Int, side: Int) {
      (self.resampling, self.inputs, self.outputs, self.side) = (resampling, inputs, outputs, side)
    }
  }

  /// The engine of all shapes but the exceptions.
  public var usual: Engine
  /// The shapes of the other engine.
  public var exceptions: Set<Shape>

  /// A choice.
  public init(usual: Engine, exceptions: Set<Shape> = []) { (self.usual, self.exceptions) = (usual, exceptions) }

  /// The choice where nothing was measured: minimal filtering, except in float32 with the generic kernels, which are
  /// slower, and with those for NEON, whose speed nobody has measured.
  package static func unmeasured(_ precision: Compute.Precision) -> Engine {
    precision == .float32 && ["generic", "neon"].contains(Processor.fusedKernels) ? .libtorch : .minimalFiltering
  }

  /// The engine of a shape.
  public func engine(of shape: Shape) -> Engine { exceptions.contains(shape) ? usual.other : usual }
}

extension ConvolutionChoices.Shape: Codable, Comparable, CustomStringConvertible {
  /// "up 128→64 at 16"
  public var description: String { "\(resampling.rawValue) \(inputs)→\(outputs) at \(side)" }

  /// Reads a description.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    let words = text.split(whereSeparator: { " →".contains($0) })
    guard words.count == 5, words[3] == "at", let resampling = Resampling(rawValue: String(words[0])),
      let inputs = Int(words[1]), let outputs = Int(words[2]), let side = Int(words[4])
    else { throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text)) }
    self.init(resampling: resampling, inputs: inputs, outputs: outputs, side: side)
  }

  /// Writes the description.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// By side, then by the other fields.
  public static func < (a: Self, b: Self) -> Bool {
    (a.side, a.description) < (b.side, b.description)
  }
}

extension ConvolutionChoices {
  private enum CodingKeys: String, CodingKey { case usual, exceptions }

  /// Writes the exceptions in order, so that equal choices have equal texts.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(usual, forKey: .usual)
    try values.encode(exceptions.sorted(), forKey: .exceptions)
  }

  /// The shapes of the convolutions that `body` computes with the fast kernels.
  static func shapes(in body: () -> Void) -> Set<Shape> {
    let recorder = Recorder()
    $recorder.withValue(recorder, operation: body)
    return recorder.shapes
  }

  /// Collects shapes; used by one thread.
  final class Recorder: @unchecked Sendable { var shapes: Set<Shape> = [] }
  @TaskLocal static var recorder: Recorder?
}
