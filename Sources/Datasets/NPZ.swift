import Files
import Foundation

/// A NumPy array.
package struct NumPyArray: Sendable, Equatable {
  /// Its extents; empty for a scalar.
  package let shape: [Int]
  /// The elements in row-major order.
  package let values: [Float]

  package init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count)
    (self.shape, self.values) = (shape, values)
  }
}

/// NumPy's `.npz`: a ZIP archive of `.npy` entries (NEP 1), stored or deflated.
package enum NPZ {
  /// Reads the array `name` of little-endian float16, float32 or float64.
  /// - Throws: `FileError`; ``DatasetError/malformed(path:reason:)`` if it is missing or has another type.
  package static func read(_ name: String, from path: String) throws -> NumPyArray {
    guard access(path, R_OK) == 0 else { throw FileError(.read, path: path) }
    let archive = try ZIPArchive(path)
    guard let entry = archive.entries.first(where: { $0.name == "\(name).npy" }) else {
      let names = archive.entries.map(\.name).prefix(8).joined(separator: ", ")
      throw DatasetError.malformed(path: path, reason: "it has no array '\(name)', only: \(names)")
    }
    return try parse(try archive.bytes(of: entry), path: "\(path):\(entry.name)")
  }

  /// Writes arrays as float32, stored, atomically.
  /// - Throws: `FileError`.
  package static func write(_ arrays: [(name: String, array: NumPyArray)], to path: String) throws {
    try AtomicFile.write(to: path) { descriptor in
      let copy = dup(descriptor)
      guard copy >= 0 else { throw FileError(.write, path: path) }
      let writer = ZIPWriter(descriptor: copy, path: path)
      for (name, array) in arrays { try writer.append(bytes(of: array), name: "\(name).npy") }
      try writer.finish()
    }
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static func bytes(of array: NumPyArray) -> [UInt8] {
    let sizes = array.shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The data begin at a multiple of 64.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
      + array.values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
  }

  static func parse(_ bytes: [UInt8], path: String) throws -> NumPyArray {
    func bad(_ reason: String) -> DatasetError { .malformed(path: path, reason: reason) }
    guard bytes.count >= 12, bytes.starts(with: magic) else { throw bad("it does not start like a NumPy array") }
    let isShort = bytes[6] == 1
    let start = isShort ? 10 : 12
    let length = (8..<start).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 8)) }
    guard length <= 65_536, start + length <= bytes.count else { throw bad("its header ends early") }
    let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
    guard let type = header.firstMatch(of: /'descr':\s*'([^']*)'/)?.1,
      let order = header.firstMatch(of: /'fortran_order':\s*(True|False)/)?.1,
      let list = header.firstMatch(of: /'shape':\s*\(([0-9, ]*)\)/)?.1
    else { throw bad("its header is not a NumPy header") }
    guard let size = ["<f2": 2, "<f4": 4, "<f8": 8][String(type)] else {
      throw bad("its type is \(type), not float16, float32 or float64")
    }
    guard order == "False" else { throw bad("it has Fortran order; save numpy.ascontiguousarray(…)") }
    let shape = list.split(separator: ",").compactMap { Int($0.filter(\.isNumber)) }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw bad("its shape \(shape) is impossible") }
      count = product
    }
    let data = bytes[(start + length)...]
    guard count <= data.count, data.count == count * size else {
      throw bad("\(data.count) bytes do not fill an array of \(shape)")
    }
    let values: [Float] = data.withUnsafeBytes { raw in
      (0..<count).map { at in
        switch size {
        case 2: halfPrecision(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * at, as: UInt16.self)))
        case 4: Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * at, as: UInt32.self)))
        default:
          Float(Double(bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * at, as: UInt64.self))))
        }
      }
    }
    return NumPyArray(shape: shape, values: values)
  }

  /// IEEE half precision; `Float16` does not exist on every platform.
  private static func halfPrecision(_ bits: UInt16) -> Float {
    let (sign, exponent, fraction) = (bits >> 15, Int(bits >> 10 & 31), Float(bits & 1023))
    let magnitude: Float =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    return sign == 1 ? -magnitude : magnitude
  }
}
