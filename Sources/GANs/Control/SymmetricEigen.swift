import Torch

/// Eigenvalues, from the largest, and unit eigenvectors of a symmetric matrix: Jacobi's rotations, in double precision.
///
/// Sweeps over all pairs rotate the off-diagonal elements away until their squares sum to less than 1e−24 of all; a few
/// sweeps of O(n³) operations.
/// - Parameter matrix: `[n, n]`; the upper triangle counts.
/// - Returns: `values[k]` belongs to row k of `vectors`, `[n, n]`, float32. The largest element of each row is positive.
public func symmetricEigen(_ matrix: Tensor) -> (values: [Double], vectors: Tensor) {
  let n = matrix.size(0)
  precondition(matrix.shape == [n, n], "a matrix of shape \(matrix.shape)")
  var a = matrix.doubles
  for i in 0..<n { for j in 0..<i { a[i * n + j] = a[j * n + i] } }
  // Row k is the k-th vector.
  var v = [Double](repeating: 0, count: n * n)
  for i in 0..<n { v[i * n + i] = 1 }
  let total = a.reduce(0) { $0 + $1 * $1 }
  a.withUnsafeMutableBufferPointer { a in
    v.withUnsafeMutableBufferPointer { v in
      for _ in 0..<60 {
        var rest = 0.0
        for p in 0..<n { for q in p + 1..<max(n, p + 1) { rest += 2 * a[p * n + q] * a[p * n + q] } }
        if rest <= total * 1e-24 { break }
        for p in 0..<n {
          for q in p + 1..<max(n, p + 1) where a[p * n + q] * a[p * n + q] > total * 1e-32 / Double(n * n) {
            let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
            let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
            let c = 1 / (t * t + 1).squareRoot()
            let s = t * c
            // Rows p and q; the matrix stays symmetric, so the columns follow.
            let (app, aqq, apq) = (a[p * n + p], a[q * n + q], a[p * n + q])
            for k in 0..<n {
              let (x, y) = (a[p * n + k], a[q * n + k])
              a[p * n + k] = c * x - s * y
              a[q * n + k] = s * x + c * y
              let (u, w) = (v[p * n + k], v[q * n + k])
              v[p * n + k] = c * u - s * w
              v[q * n + k] = s * u + c * w
            }
            for k in 0..<n where k != p && k != q {
              a[k * n + p] = a[p * n + k]
              a[k * n + q] = a[q * n + k]
            }
            a[p * n + p] = app - t * apq
            a[q * n + q] = aqq + t * apq
            a[p * n + q] = 0
            a[q * n + p] = 0
          }
        }
      }
    }
  }
  let order = (0..<n).sorted { a[$0 * n + $0] > a[$1 * n + $1] }
  let rows = order.flatMap { row -> [Double] in
    let vector = v[row * n..<(row + 1) * n]
    let largest = vector.max { $0.magnitude < $1.magnitude } ?? 1
    return vector.map { largest < 0 ? -$0 : $0 }
  }
  return (order.map { a[$0 * n + $0] }, Tensor(rows, shape: [n, n]))
}
