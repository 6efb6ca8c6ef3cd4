import CVips

extension Image {
  /// The resampling kernel.
  public enum Kernel: String, Sendable, CaseIterable {
    /// Lanczos-3 to reduce, bicubic to enlarge.
    case lanczos
    /// The mean over the area of a pixel (box filter); exact for integer factors.
    case area
    /// The nearest pixel.
    case nearest
  }

  /// Resizes the image. Alpha weights the colors, so transparent pixels do not bleed.
  /// - Throws: ``ImageError/badGeometry(_:)`` if a side is not 1…32,768.
  public func resized(width newWidth: Int, height newHeight: Int, kernel: Kernel = .lanczos) throws -> Image {
    guard (1...32_768).contains(newWidth), (1...32_768).contains(newHeight) else {
      throw ImageError.badGeometry("cannot resize to \(newWidth)×\(newHeight); a side has 1 to 32,768 pixels")
    }
    if (newWidth, newHeight) == (width, height) { return self }
    switch kernel {
    case .nearest: return nearest(newWidth, newHeight)
    case .area:
      let isWhole = width % newWidth == 0 && height % newHeight == 0
      return isWhole && channels < 4 ? wholeArea(newWidth, newHeight) : area(newWidth, newHeight)
    case .lanczos: return try lanczos(newWidth, newHeight)
    }
  }

  /// Crops the image.
  /// - Throws: ``ImageError/badGeometry(_:)`` if the part exceeds the image.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) throws -> Image {
    guard x >= 0, y >= 0, newWidth > 0, newHeight > 0, x <= width - newWidth, y <= height - newHeight else {
      throw ImageError.badGeometry(
        "cannot crop \(newWidth)×\(newHeight) at (\(x), \(y)) from \(width)×\(height); choose a part inside the image")
    }
    return part(x, y, newWidth, newHeight)
  }

  /// Crops the largest central square.
  public func croppedToCentralSquare() -> Image {
    let side = min(width, height)
    return part((width - side) / 2, (height - side) / 2, side, side)
  }

  /// Centers the image in a border of zeros; an odd border is one pixel smaller at the top and left.
  /// - Throws: ``ImageError/badGeometry(_:)`` if the new size is smaller.
  public func padded(width newWidth: Int, height newHeight: Int) throws -> Image {
    guard newWidth >= width, newHeight >= height else {
      throw ImageError.badGeometry("cannot pad \(width)×\(height) to \(newWidth)×\(newHeight); the new size is smaller")
    }
    var out = [UInt8](repeating: 0, count: newWidth * newHeight * channels)
    let (left, top) = ((newWidth - width) / 2, (newHeight - height) / 2)
    for row in 0..<height {
      let target = ((row + top) * newWidth + left) * channels
      out.replaceSubrange(
        target..<(target + width * channels), with: pixels[(row * width * channels)..<((row + 1) * width * channels)])
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }

  /// Converts the image to 1, 3 or 4 channels.
  ///
  /// Gray is Y = 0.299 R + 0.587 G + 0.114 B (Rec. 601, 16-bit fixed point). Removing alpha composites on white, see
  /// ``composited(on:)``; added alpha is opaque.
  public func converted(toChannels wanted: Int) -> Image {
    precondition(wanted == 1 || wanted == 3 || wanted == 4, "an image has 1, 3 or 4 channels, not \(wanted)")
    if wanted == channels { return self }
    if channels == 4 { return composited(on: [255, 255, 255]).converted(toChannels: wanted) }
    let area = width * height
    let out = [UInt8](unsafeUninitializedCapacity: area * wanted) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for at in 0..<area {
          let r = Int(source[at * channels])
          let g = channels == 1 ? r : Int(source[at * channels + 1])
          let b = channels == 1 ? r : Int(source[at * channels + 2])
          if wanted == 1 {
            out[at] = UInt8((19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16)
          } else {
            out[at * wanted] = UInt8(r)
            out[at * wanted + 1] = UInt8(g)
            out[at * wanted + 2] = UInt8(b)
            if wanted == 4 { out[at * 4 + 3] = 255 }
          }
        }
      }
      count = area * wanted
    }
    return Image(width: width, height: height, channels: wanted, pixels: out)
  }

  /// Composites the image on a background: c·α + b·(1 − α), rounded, 3 channels. An image without alpha stays as it is.
  /// - Parameter background: red, green and blue, 0…255.
  public func composited(on background: [UInt8]) -> Image {
    precondition(background.count == 3, "a background has 3 samples, not \(background.count)")
    guard channels == 4 else { return self }
    let (area, below) = (width * height, background.map(Int.init))
    let out = [UInt8](unsafeUninitializedCapacity: area * 3) { out, count in
      for at in 0..<area {
        let alpha = Int(pixels[at * 4 + 3])
        for c in 0..<3 {
          out[at * 3 + c] = UInt8((Int(pixels[at * 4 + c]) * alpha + below[c] * (255 - alpha) + 127) / 255)
        }
      }
      count = area * 3
    }
    return Image(width: width, height: height, channels: 3, pixels: out)
  }

  /// The image with black (0, 0, 0) where alpha is 0. Files often hide other colors there, which nobody sees.
  public func withoutHiddenColors() -> Image {
    guard channels == 4 else { return self }
    var image = self
    image.pixels.withUnsafeMutableBufferPointer { samples in
      for at in stride(from: 0, to: samples.count, by: 4) where samples[at + 3] == 0 {
        (samples[at], samples[at + 1], samples[at + 2]) = (0, 0, 0)
      }
    }
    return image
  }

  private func part(_ x: Int, _ y: Int, _ newWidth: Int, _ newHeight: Int) -> Image {
    if (newWidth, newHeight) == (width, height) { return self }
    var out = [UInt8]()
    out.reserveCapacity(newWidth * newHeight * channels)
    for row in y..<(y + newHeight) {
      let start = (row * width + x) * channels
      out += pixels[start..<(start + newWidth * channels)]
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }

  private func nearest(_ newWidth: Int, _ newHeight: Int) -> Image {
    var out = [UInt8]()
    out.reserveCapacity(newWidth * newHeight * channels)
    for y in 0..<newHeight {
      let row = (2 * y + 1) * height / (2 * newHeight) * width
      for x in 0..<newWidth {
        let start = (row + (2 * x + 1) * width / (2 * newWidth)) * channels
        for channel in 0..<channels { out.append(pixels[start + channel]) }
      }
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }

  private func lanczos(_ newWidth: Int, _ newHeight: Int) throws -> Image {
    var resized = cv_pixels()
    var message: UnsafeMutablePointer<CChar>?
    let status = pixels.withUnsafeBufferPointer {
      cv_resize_lanczos(
        $0.baseAddress, Int32(width), Int32(height), Int32(channels), Int32(newWidth), Int32(newHeight), &resized,
        &message)
    }
    let reason = ImageDecoder.take(message)
    if let shortage = ImageDecoder.shortage(status, name: "an image of \(width)×\(height)") { throw shortage }
    guard status == CV_OK else {
      throw ImageError.badGeometry("cannot resize \(width)×\(height) to \(newWidth)×\(newHeight): \(reason)")
    }
    let image = try ImageDecoder.take(resized, name: "an image of \(newWidth)×\(newHeight)")
    precondition(image.width == newWidth && image.height == newHeight, "libvips rounded the size differently")
    return image
  }

  /// ``area(_:_:)`` for integer factors without alpha, in integers: the usual case in training.
  private func wholeArea(_ newWidth: Int, _ newHeight: Int) -> Image {
    let (across, down) = (width / newWidth, height / newHeight)
    let divisor = UInt32(across * down)
    let (stride, newStride) = (width * channels, newWidth * channels)
    let out = [UInt8](unsafeUninitializedCapacity: newStride * newHeight) { out, count in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: newStride) { sums in
        pixels.withUnsafeBufferPointer { source in
          for y in 0..<newHeight {
            sums.initialize(repeating: divisor / 2)
            for v in 0..<down {
              var at = (y * down + v) * stride
              for x in 0..<newWidth {
                for _ in 0..<across {
                  for channel in 0..<channels { sums[x * channels + channel] &+= UInt32(source[at &+ channel]) }
                  at += channels
                }
              }
            }
            for at in 0..<newStride { out[y * newStride + at] = UInt8(truncatingIfNeeded: sums[at] / divisor) }
          }
        }
      }
      count = newStride * newHeight
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }

  /// The mean over each pixel's area, rows first: o[y, x] = Σ w(y, v) w(x, u) i[v, u]; w(x, u) is the share of source
  /// pixel u in target pixel x. `Float` sums, rounded half up. With alpha, w is multiplied by alpha for colors.
  private func area(_ newWidth: Int, _ newHeight: Int) -> Image {
    let across = Coverage(from: width, to: newWidth)
    let down = Coverage(from: height, to: newHeight)
    let alpha = channels == 4
    // [newHeight, newWidth, channels], one row at a time.
    var out = [UInt8](repeating: 0, count: newWidth * newHeight * channels)
    var column = [Float](repeating: 0, count: width * channels)
    for y in 0..<newHeight {
      for at in column.indices { column[at] = 0 }
      for (v, weight) in down[y] {
        let row = v * width * channels
        for u in 0..<width {
          let a = alpha ? Float(pixels[row + u * 4 + 3]) / 255 : 1
          for channel in 0..<channels {
            let share = alpha && channel < 3 ? weight * a : weight
            column[u * channels + channel] += share * Float(pixels[row + u * channels + channel])
          }
        }
      }
      for x in 0..<newWidth {
        for channel in 0..<channels {
          var sum: Float = 0
          for (u, weight) in across[x] { sum += weight * column[u * channels + channel] }
          if alpha, channel < 3 {
            var opacity: Float = 0
            for (u, weight) in across[x] { opacity += weight * column[u * 4 + 3] / 255 }
            sum = opacity > 0 ? sum / opacity : 0
          }
          out[(y * newWidth + x) * channels + channel] = UInt8(min(max(sum + 0.5, 0), 255))
        }
      }
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }
}

/// For each target pixel of one axis: the source pixels under it and their shares, with sum 1.
private struct Coverage {
  private var entries: [[(Int, Float)]] = []

  init(from source: Int, to target: Int) {
    for x in 0..<target {
      // Integers in units of 1/target source pixels: the target pixel covers [x·source, (x + 1)·source).
      let (start, end) = (x * source, (x + 1) * source)
      var shares: [(Int, Float)] = []
      for u in (start / target)...((end - 1) / target) {
        let covered = min(end, (u + 1) * target) - max(start, u * target)
        shares.append((u, Float(covered) / Float(source)))
      }
      entries.append(shares)
    }
  }

  subscript(_ target: Int) -> [(Int, Float)] { entries[target] }
}
