import Datasets
import Images
import Torch

/// The figures of the StyleGAN paper. All except the sixth can be drawn from any trained network.
public enum PaperFigure: Int, CaseIterable, Sendable {
  /// Uncurated samples.
  case samples = 2
  /// Style mixing.
  case styleMixing
  /// Stochastic variation.
  case stochasticVariation
  /// Noise in some layers only.
  case noise
  /// Two factors of variation with a missing combination: ``TwoFactorExperiment``.
  case twoFactors
  /// Images of the data set.
  case dataset
  /// The truncation trick.
  case truncation

  /// The file name: "figure-3-style-mixing.png".
  public var fileName: String {
    let name =
      switch self {
      case .samples: "samples"
      case .styleMixing: "style-mixing"
      case .stochasticVariation: "stochastic-variation"
      case .noise: "noise"
      case .twoFactors: "two-factors"
      case .dataset: "dataset"
      case .truncation: "truncation"
      }
    return "figure-\(rawValue)-\(name).png"
  }
}

extension Renderer {
  /// The side of an image in the figures, in pixels; small images are enlarged.
  private var shown: Int { growth.resolution * max(1, 96 / growth.resolution) }

  /// Uncurated samples in columns of decreasing size (StyleGAN Fig. 2), with this renderer's truncation.
  /// - Parameter seed: the first of consecutive seeds.
  public func samplesFigure(seed: UInt32 = 0) throws -> Image {
    let side = max(growth.resolution, 128)
    let levels = [0, 1, 2, 2, 3, 3].filter { side >> $0 >= 32 }
    let count = levels.reduce(0) { $0 + 3 << $1 }
    let pictures = images(seeds: (0..<UInt32(count)).map { seed &+ $0 })
    var sheet = try Sheet(width: levels.reduce(0) { $0 + side >> $1 }, height: 3 * side)
    var (x, next) = (0, 0)
    for level in levels {
      let size = side >> level
      for row in 0..<3 << level {
        sheet.draw(try pictures[next].fitted(size), x: x, y: row * size)
        next += 1
      }
      x += size
    }
    return try sheet.image()
  }

  /// Style mixing (StyleGAN Fig. 3): coarse (three rows), middle (two) and fine styles (one) of the sources B at the top,
  /// the other styles of the sources A at the left.
  /// - Parameter seed: the first of consecutive seeds, for A and then for the five B.
  public func styleMixingFigure(seed: UInt32 = 0) throws -> Image {
    let (side, gap, margin) = (shown, 4, 96)
    let bands = StyleBand.allCases.filter { !layers(of: $0).isEmpty }
    let sizes = bands.map { $0 == .coarse ? 3 : $0 == .middle ? 2 : 1 }
    let rowCount = sizes.reduce(0, +)
    let a = styles(codes(seeds: (0..<UInt32(rowCount)).map { seed &+ $0 }))
    let b = styles(codes(seeds: (0..<5).map { seed &+ UInt32(rowCount) &+ $0 }))
    let step = side + 2
    var sheet = try Sheet(width: margin + 6 * step + gap, height: 20 + (rowCount + 1) * step + (bands.count + 1) * gap)
    try sheet.write("Source B", x: margin + step + gap + 5 * step / 2, y: 10)
    try sheet.write("Source A", x: margin + side / 2, y: 20 + side - 8)
    for (column, image) in images(b).enumerated() {
      sheet.draw(try image.fitted(side), x: margin + gap + (column + 1) * step, y: 20)
    }
    var (row, y) = (0, 20 + step + gap)
    for (band, size) in zip(bands, sizes) {
      let layers = layers(of: band)
      let middle = y + size * step / 2
      for (line, text) in [band.title, "styles from B", resolutions(of: layers)].enumerated() {
        try sheet.write(text, x: margin / 2, y: middle + (line - 1) * 16, height: 11, limit: margin - 6)
      }
      let grid = styleMixing(rows: a[row..<row + size], columns: b, layers: layers).dropFirst(6)
      for (i, image) in grid.enumerated() {
        let column = i % 6
        sheet.draw(try image.fitted(side), x: margin + column * step + (column > 0 ? gap : 0), y: y + i / 6 * step)
      }
      row += size
      y += size * step + gap
    }
    return try sheet.image()
  }

  /// Stochastic variation (StyleGAN Fig. 4): an image; its most variable part with four realizations of the noise; the
  /// standard deviation of each pixel over a hundred, scaled so that the largest is white.
  /// - Parameter seeds: one per row.
  public func stochasticVariationFigure(seeds: [UInt32] = [0, 1, 2], realizations: Int = 100) throws -> Image {
    let (side, gap, top, r) = (2 * shown, 4, 22, growth.resolution)
    let styles = styles(codes(seeds: seeds))
    let window = max(2, r / (r > 64 ? 4 : 2))
    var sheet = try Sheet(width: 3 * side + 2 * gap, height: top + seeds.count * (side + gap + 14))
    for (column, title) in ["(a) Generated image", "(b) Stochastic variation", "(c) Standard deviation"].enumerated() {
      try sheet.write(title, x: column * (side + gap) + side / 2, y: top / 2, limit: side)
    }
    for (row, picture) in with(noise: .constant).images(styles).enumerated() {
      let y = top + row * (side + gap + 14)
      let one = styles[row..<row + 1]
      let deviation = deviation(one, realizations: realizations)
      let (left, up) = liveliest(deviation, window: window)
      sheet.draw(try picture.fitted(side), x: 0, y: y)
      let scale = Double(side) / Double(r)
      let (x0, y0, size) = (Double(left) * scale, Double(y) + Double(up) * scale, Double(window) * scale)
      let corners = [(x0, y0), (x0 + size, y0), (x0 + size, y0 + size), (x0, y0 + size), (x0, y0 - 0.75)]
      sheet.lines([corners.map { (x: $0.0, y: $0.1) }], width: 1.5, color: (230, 60, 40))
      let variants = with(noise: .random(RandomStream(seed: 1))).images(one.repeated(4))
      for (i, variant) in variants.enumerated() {
        let part = try variant.cropped(x: left, y: up, width: window, height: window)
        sheet.draw(try part.fitted(side / 2 - 1), x: side + gap + i % 2 * (side / 2 + 1), y: y + i / 2 * (side / 2 + 1))
      }
      let values = deviation.floats
      let most = max(values.max() ?? 0, .leastNormalMagnitude)
      let map = Image(width: r, height: r, channels: 1, pixels: values.map { UInt8(255 * $0 / most) })
      sheet.draw(try map.fitted(side), x: 2 * (side + gap), y: y)
      try sheet.write(
        "white: \(Double((most * 10).rounded()) / 10) of 255", x: 2 * (side + gap) + side / 2, y: y + side + 8,
        height: 10)
    }
    return try sheet.image()
  }

  /// The square with the largest sum of standard deviations: (left, top).
  private func liveliest(_ deviation: Tensor, window: Int) -> (Int, Int) {
    let (r, values) = (deviation.size(0), deviation.floats)
    var best = (sum: -Float.infinity, x: 0, y: 0)
    let step = max(1, window / 8)
    for y in stride(from: 0, through: r - window, by: step) {
      for x in stride(from: 0, through: r - window, by: step) {
        var sum: Float = 0
        for row in y..<y + window { for column in x..<x + window { sum += values[row * r + column] } }
        if sum > best.sum { best = (sum, x, y) }
      }
    }
    return (best.x, best.y)
  }

  /// The effect of noise at different layers (StyleGAN Fig. 5): all layers, none, only the fine ones, only the others.
  /// - Parameter seeds: one per row.
  public func noiseFigure(seeds: [UInt32] = [0, 1, 2]) throws -> Image {
    let all = Set(0..<layerCount)
    let fine = layers(of: .fine).isEmpty ? Set([layerCount - 2, layerCount - 1]) : layers(of: .fine)
    let choices: [(String, Set<Int>)] = [
      ("(a) all layers", all), ("(b) none", []), ("(c) fine: \(resolutions(of: fine))", fine),
      ("(d) coarse: \(resolutions(of: all.subtracting(fine)))", all.subtracting(fine)),
    ]
    let styles = styles(codes(seeds: seeds))
    let columns = choices.map { with(noise: noise(in: $0.1)).images(styles) }
    return try labeled(columns, titles: choices.map(\.0), side: 2 * shown)
  }

  /// The truncation trick (StyleGAN Fig. 8): one ψ per column, applied to all layers.
  /// - Parameter seeds: one per row.
  public func truncationFigure(
    seeds: [UInt32] = [0, 1, 2, 3], psis: [Double] = [1, 0.7, 0.5, 0, -0.5, -1]
  ) throws -> Image {
    let codes = codes(seeds: seeds)
    let columns = psis.map { psi in with(truncation: Truncation(psi: psi)).images(codes) }
    func name(_ psi: Double) -> String {
      let size = psi.magnitude
      return "ψ = \(psi < 0 ? "−" : "")\(size == size.rounded() ? "\(Int(size))" : "\(size)")"
    }
    return try labeled(columns, titles: psis.map(name), side: shown)
  }

  private func labeled(_ columns: [[Image]], titles: [String], side: Int) throws -> Image {
    let rows = (0..<columns[0].count).flatMap { row in columns.map { $0[row] } }
    return try ImageGrid.labeled(try rows.map { try $0.fitted(side) }, rows: [], columns: titles, textHeight: 12)
  }
}

/// Random images of a data set (StyleGAN Fig. 7).
public func datasetFigure(_ dataset: any ImageDataset, columns: Int = 12, rows: Int = 6, seed: UInt64 = 0) throws
  -> Image
{
  let random = RandomStream(seed: seed)
  let images = try (0..<columns * rows).map { _ in
    try Image(
      planar: dataset.image(at: random.integer(in: 0..<dataset.count)), channels: dataset.channels,
      height: dataset.resolution, width: dataset.resolution
    ).fitted(dataset.resolution * max(1, 64 / dataset.resolution))
  }
  return try ImageGrid.tiled(images, columns: columns)
}

extension StyleBand {
  /// "Coarse"
  var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

extension Image {
  /// Resizes to a square of `side`: nearest neighbor to enlarge, area averages to reduce.
  func fitted(_ side: Int) throws -> Image {
    try resized(width: side, height: side, kernel: side < width ? .area : .nearest)
  }
}
