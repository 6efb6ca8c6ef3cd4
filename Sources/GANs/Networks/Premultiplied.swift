import Torch

extension NetworkConfiguration {
  /// Whether the network's images have colors multiplied by alpha.
  ///
  /// Colors under alpha 0 have no meaning. A network with straight colors draws some color there, and where it blends
  /// pixels along an outline, that color becomes a dark edge. With colors multiplied by alpha, sums and interpolations of
  /// pixels are right, as in compositing (Porter & Duff 1984). New trainings with alpha are premultiplied; networks of
  /// earlier versions are not.
  public var isPremultiplied: Bool { imageChannels == 4 && premultiplied == true }

  /// Images of the network with straight colors, black where alpha is 0; images that are not premultiplied stay as they
  /// are.
  /// - Parameter images: `[N, C, r, r]`, nominally −1…1.
  package func straight(_ images: Tensor) -> Tensor {
    guard isPremultiplied else { return images }
    let straight = images.alphaUnweighted()
    let alpha = straight.sliced(3..<4, along: 1)
    // Alpha that is 0 in a file: from −1 up to half a step of 2/255.
    let isVisible = Tensor([-1 + 1.0 / 255], shape: [1, 1, 1, 1], device: images.device).isLess(than: alpha)
    let black = Tensor([-1], shape: [1, 1, 1, 1], device: images.device)
    return .concatenated([.choose(isVisible, straight.sliced(0..<3, along: 1), black), alpha], along: 1)
  }

  /// Images of the network composited on white, differentiable; images without alpha stay as they are.
  /// - Parameter images: `[N, C, r, r]`, nominally −1…1.
  /// - Returns: `[N, 3, r, r]` for C = 4.
  func onWhite(_ images: Tensor) -> Tensor {
    guard isPremultiplied else { return images.onWhite(black: -1, white: 1) }
    let alpha = images.sliced(3..<4, along: 1).clamped(minimum: -1, maximum: 1)
    return images.sliced(0..<3, along: 1) + 1 - alpha
  }
}
