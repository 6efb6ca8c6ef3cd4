import Datasets
import Torch

/// Intermediate latents in a file. A projection writes them; every command that draws accepts them in place of seeds.
///
/// `.safetensors`: `w`, `[L, wSize]` for one image, `[N, L, wSize]` for several; optional noise images `noise.0`,
/// `noise.1`, …, each `[N, 1, r, r]`. `.npz`, as in the field's usual tools: `w`, `[N, L, wSize]`. One w for all layers,
/// `[wSize]` or `[1, wSize]`, can be read too.
public struct SavedLatents {
  /// One w per layer.
  public var codes: LatentCodes
  /// The noise images of every layer for these latents; nil: the network's own.
  public var noise: [Tensor]?

  /// Latents to save.
  public init(_ codes: LatentCodes, noise: [Tensor]? = nil) {
    precondition(codes.tensor.rank == 3, "latents of shape \(codes.tensor.shape), not [N, L, wSize]")
    (self.codes, self.noise) = (codes, noise)
  }

  /// Whether a path names a file of this kind.
  public static func isPath(_ path: some StringProtocol) -> Bool {
    path.hasSuffix(".safetensors") || path.hasSuffix(".npz")
  }

  /// Reads latents for a generator.
  /// - Throws: `SafetensorsError`, `DatasetError`, `FileError`, or ``SavedLatentsError`` where the shapes do not fit.
  public init(path: String, for generator: any StyleBasedGenerator) throws {
    var noise: [Tensor] = []
    let w: Tensor
    if path.hasSuffix(".npz") {
      let array = try NPZ.read("w", from: path)
      w = Tensor(array.values, shape: array.shape)
    } else {
      let file = try SafetensorsFile(path: path)
      guard file.tensors["w"] != nil else { throw SavedLatentsError(path, "it has no tensor 'w'") }
      w = try file.tensor("w").to(.float32)
      while file.tensors["noise.\(noise.count)"] != nil {
        noise.append(try file.tensor("noise.\(noise.count)").to(.float32))
      }
    }
    let (layers, size, device) = (generator.layers.count, generator.wSize, generator.store.device)
    let ws: Tensor
    switch w.shape {
    case [size], [1, size]: ws = w.reshaped([1, 1, size]).expanded([1, layers, size])
    case [layers, size]: ws = w.unsqueezed(at: 0)
    case let shape where shape.count == 3 && shape[0] > 0 && Array(shape[1...]) == [layers, size]: ws = w
    default: throw SavedLatentsError(path, "its 'w' is \(w.shape), but this network takes [\(layers), \(size)]")
    }
    guard ws.isAllFinite else { throw SavedLatentsError(path, "its 'w' has values that are not finite") }
    let noiseShapes = generator.layers.map { [ws.size(0), 1, $0.resolution, $0.resolution] }
    guard noise.isEmpty || noise.map(\.shape) == noiseShapes else {
      throw SavedLatentsError(path, "its noise images do not fit the layers of this network")
    }
    codes = LatentCodes(ws.to(device))
    self.noise = noise.isEmpty ? nil : noise.map { $0.to(device) }
  }

  /// Writes them as `.npz` (without noise) or `.safetensors`, by the path's ending. The write is atomic.
  /// - Throws: `SafetensorsError`, `FileError`.
  public func write(to path: String, metadata: [String: String] = [:]) throws {
    let ws = codes.tensor
    if path.hasSuffix(".npz") {
      return try NPZ.write([("w", NumPyArray(shape: ws.shape, values: ws.floats))], to: path)
    }
    var writer = SafetensorsWriter(metadata: ["format": "swift-stylegan latents 1"].merging(metadata) { $1 })
    writer.add([("w", ws.size(0) == 1 ? ws[0] : ws)])
    writer.add((noise ?? []).enumerated().map { ("noise.\($0)", $1) })
    try writer.write(to: path)
  }
}

/// A file of latents cannot be used with this network.
public struct SavedLatentsError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the file and the problem.
  public let description: String

  init(_ path: String, _ problem: String) { description = "\(path) cannot be used as latents: \(problem)" }
}
