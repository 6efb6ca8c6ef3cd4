/// The width and height of a picture.
public struct PictureSize: Codable, Sendable, Equatable {
  /// Pixels, at least 1.
  public let width, height: Int

  /// A size.
  public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  /// The size in a square that is scaled from one side to another; nil where it, or the border around it, is no whole
  /// number of pixels then.
  func scaled(from side: Int, to newSide: Int) -> PictureSize? {
    let edges = [(side - width) / 2, width, (side - height) / 2, height].map { $0 * newSide }
    guard width <= side, height <= side, edges.allSatisfy({ $0 % side == 0 }) else { return nil }
    return PictureSize(width: edges[1] / side, height: edges[3] / side)
  }
}
