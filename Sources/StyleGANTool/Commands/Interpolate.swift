import ArgumentParser
import Files
import GANs
import Images
import Torch

extension LatentSpace: ExpressibleByArgument {}

/// The path of a walk.
enum WalkChoice: String, ExpressibleByArgument, CaseIterable { case line, cubic, mixing, truncation }

/// Formats of animations, separated by commas.
struct FormatList: ExplainingArgument, Sendable {
  enum Format: String, CaseIterable, Sendable { case webp, gif, png, mp4 }

  let formats: [Format]
  let defaultValueDescription: String

  init(reading text: String) throws(Unreadable) {
    defaultValueDescription = text
    var formats: [Format] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let format = Format(rawValue: String(part)) else {
        throw Unreadable(
          reason:
            "'\(part)' is not one of \(Format.allCases.map(\.rawValue).joined(separator: ", ")); write one, or several "
            + "separated by commas")
      }
      guard !formats.contains(format) else { throw Unreadable(reason: "\(part) is there twice") }
      formats.append(format)
    }
    self.formats = formats
  }
}

struct Interpolate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Interpolate between seeds: a strip and an animation.",
    discussion: """
      The command writes interpolation.png, a strip with the seeds' own pictures at equal distances, and an animation \
      that returns to its start. A file of latents from 'stylegan project' can replace a seed.
      Paths:
        line        straight lines
        cubic       a smooth curve
        mixing      one layer after another
        truncation  ψ of each seed from --psi-from to --psi-to
      Several classes of a conditional network are a walk from class to class: --class A,B,C draws one seed with each \
      class in turn, or as many seeds as classes, each with its own.

      Examples:
        stylegan interpolate --network net.safetensors --seeds 1,5,9 --outdir out
        stylegan interpolate --network net.safetensors --seeds 0-7 --space z \\
            --frames 30 --fps 30 --trunc 0.7
        stylegan interpolate --network net.safetensors --seeds 0-31 --path cubic \\
            --grid 4x2 --moving-noise
        stylegan interpolate --network net.safetensors --seeds photo.safetensors,3 \\
            --path mixing
        stylegan interpolate --network stickers.safetensors --seeds 1,5 \\
            --format gif,mp4 --background black
        stylegan interpolate --network net.safetensors --seeds 5 --class all
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds or files of latents, at least two (one for --path truncation).") var seeds: LatentList
  @Option(help: "w: lines in W; z: great circles in Z (default: w if there is a W).") var space: LatentSpace?
  @Option(help: "The path from each seed to the next.") var path: WalkChoice = .line
  @Option(parsing: .unconditional, help: "ψ at the start of --path truncation (default: 1).") var psiFrom: Double?
  @Option(parsing: .unconditional, help: "ψ at the end of --path truncation (default: -1).") var psiTo: Double?
  @Option(parsing: .unconditional, help: "Frames of the animation from each seed to the next.") var frames: Int = 24
  @Option(parsing: .unconditional, help: "Frames per second of the animation.") var fps: Double = 24
  @Option(parsing: .unconditional, help: "Pictures of the strip from each seed to the next.") var steps: Int = 7
  @Option(help: "Several walks side by side in the animation, such as 4x2; each gets an equal part of the seeds.")
  var grid: GridSize?
  @Flag(help: "Let the noise of the animation change smoothly; --noise-seed is its seed.") var movingNoise = false
  @Option(
    help: """
      Formats of the animation, separated by commas: webp, gif (256 colors), png (a folder of frames), mp4 (needs \
      ffmpeg). All but mp4 keep alpha.
      """)
  var format: FormatList = FormatList(argument: "webp")!
  @Option(help: "The color behind transparent pictures in an mp4: a name or #rrggbb (default: white).")
  var background: BackgroundColor?
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    try requireRange("--frames", frames, 1...1000)
    try requireRange("--steps", steps, 1...100)
    try requireRange("--fps", fps, 0.1...1000)
    if format.formats.contains(.gif), fps > 50 {
      throw ValidationError("a GIF has at most 50 frames a second: lower --fps, or choose --format webp")
    }
    if background != nil, !format.formats.contains(.mp4) {
      throw ValidationError("--background is for --format mp4; the other formats keep alpha")
    }
    for (option, psi) in [("--psi-from", psiFrom), ("--psi-to", psiTo)] {
      if psi != nil, path != .truncation { throw ValidationError("\(option) needs --path truncation") }
      try requireRange(option, psi, -100...100)
    }
    if path == .truncation, network.psi != 1 {
      throw ValidationError("--path truncation changes ψ itself: use --psi-from and --psi-to, and leave out --trunc")
    }
    if movingNoise && network.noiseMode == .none {
      throw ValidationError("--moving-noise needs noise: leave out --noise-mode none")
    }
    if space == .z, path != .line || seeds.seeds == nil {
      throw ValidationError("--space z draws great circles between seeds: leave out --path and files of latents")
    }
  }

  /// Refuses numbers of seeds, or of classes, that make no walk.
  private func requireWalk(_ count: Int, _ labels: Int) throws {
    if labels > 1 {
      guard seeds.seeds != nil else {
        throw ValidationError("a file of latents has the class of its picture: give seeds, or leave out --class")
      }
      guard seeds.count == 1 || seeds.count == labels else {
        throw ValidationError(
          "--seeds has \(seeds.count) seeds for \(labels) classes: give one seed for all, or one for each class")
      }
    }
    if count < 2, path != .truncation { throw ValidationError("--seeds needs at least two seeds") }
    if count * frames > 20_000 {
      throw ValidationError("\(count) seeds × \(frames) frames are more than 20,000 frames")
    }
    guard let cells = grid.map({ $0.columns * $0.rows }) else { return }
    if count % cells != 0 || (path != .truncation && count < 2 * cells) {
      throw ValidationError(
        "\(count) seeds cannot be divided among \(cells) walks: give \(cells) times the seeds of one walk")
    }
  }

  mutating func run() throws {
    try StyleGANTool.run {
      if !network.classes.mayBeSeveral { try requireWalk(seeds.count, 1) }
      let drawings = try network.drawings(
        withStyles: path == .mixing, movingNoise: movingNoise, truncates: path == .truncation)
      let renderer = drawings[0].renderer
      try requireWalk(max(seeds.count, drawings.count), drawings.count)
      if movingNoise, renderer.styleGenerator != nil, !renderer.generator.architecture.traits.hasNoise {
        throw ValidationError("\(network.network) has no noise inputs: leave out --moving-noise")
      }
      pictures.enlargeSmall(renderer)
      let hasW = renderer.styleGenerator != nil
      guard hasW || (space != .w && path == .line && seeds.seeds != nil && !movingNoise) else {
        throw ValidationError(
          "\(network.network) has no W to walk in: use --space z and seeds only, without --path and --moving-noise")
      }
      let points = try WalkPoints(
        seeds, drawings, inW: (space ?? (hasW ? .w : .z)) == .w, truncating: path != .truncation)
      let count = points.count
      try NetworkArguments.requireRoom(count * max(frames, steps), renderer, scale: pictures.scale)
      if format.formats.contains(.mp4) { try Video.ffmpeg() }
      if background != nil, renderer.generator.architecture.imageChannels != 4 {
        throw ValidationError("\(network.network) draws no alpha: leave out --background")
      }
      let cells = grid.map { $0.columns * $0.rows } ?? 1
      try prepare(renderer, count: count, cells: cells)
      var files: [WrittenFile] = []
      if cells == 1 {
        files.append(try writeStrip(renderer.images(walk(points, 0..<count, steps, loop: false)), count))
      }
      let share = count / cells
      var walks = (0..<cells).map { cell in
        let ws = walk(points, cell * share..<(cell + 1) * share, frames, loop: true)
        return movingNoise ? renderer.images(ws, movingNoise: network.noiseSeed &+ UInt64(cell)) : renderer.images(ws)
      }
      if cells > 1 {
        walks = [try walks[0].indices.map { i in try ImageGrid.tiled(walks.map { $0[i] }, columns: grid!.columns) }]
      }
      files += try writeAnimation(try walks[0].map(pictures.enlarged))
      try pictures.output.finish(DrawnResults(network: network.path, files: files))
    }
  }

  /// Checks the outputs before anything is drawn.
  private func prepare(_ renderer: Renderer, count: Int, cells: Int) throws {
    // A walk there and back has twice the frames.
    let total = count / cells * frames * (path == .truncation ? 2 : 1)
    let animations = format.formats.flatMap { format in
      format == .png ? (0..<total).map(Self.frameName) : ["interpolation.\(format.rawValue)"]
    }
    try pictures.prepare(
      (cells == 1 ? ["interpolation.png"] : []) + animations, inputs: network.inputs + seeds.files,
      pixels: total * cells * renderer.growth.resolution * renderer.growth.resolution)
  }

  /// Removes the frames that a longer animation left, up to the first that is not an unchanged picture of this program.
  private func removeFrames(from number: Int) throws {
    var (path, count) = (pictures.path(Self.frameName(number)), 0)
    while PictureMark.isTrue(at: path) {
      guard unlink(path) == 0 else { throw FileError(.write, path: path) }
      count += 1
      path = pictures.path(Self.frameName(number + count))
    }
    if count > 0 { pictures.output.note("note: removed \(counted(count, "frame")) of an earlier, longer animation") }
  }

  private static func frameName(_ number: Int) -> String { "frames/frame\(padded(number, 5)).png" }

  /// The styles of the walk through some of the points.
  private func walk(
    _ points: WalkPoints, _ range: Range<Int>, _ steps: Int, loop: Bool
  ) -> Styles {
    guard let codes = points.codes else { return points.greatCircles(range, steps, loop: loop) }
    guard path == .truncation else {
      let walk = codes[range].walk(frames: steps, path: WalkPath(rawValue: path.rawValue)!, loop: loop)
      return points.areTruncated ? Styles(walk.tensor) : points.renderers[0].styles(walk)
    }
    return .joined(
      range.flatMap { i in
        let there = points.renderer(at: i).truncationSweep(
          codes[i..<i + 1], from: psiFrom ?? 1, to: psiTo ?? -1, frames: steps)
        return loop ? [there, there.reversed()] : [there]
      })
  }

  private func writeStrip(_ strip: [Image], _ count: Int) throws -> WrittenFile {
    // Many seeds: one row each. A row ends before the first picture of the next row.
    let rows = path != .truncation && count > 3 ? strip.dropLast() : strip[...]
    return try pictures.write(
      ImageGrid.tiled(Array(rows), columns: count > 3 || path == .truncation ? steps : rows.count),
      as: "interpolation.png")
  }

  private func writeAnimation(_ frames: [Image]) throws -> [WrittenFile] {
    try format.formats.map { format in
      var path = "\(pictures.outdir)/interpolation.\(format.rawValue)"
      switch format {
      case .webp: try PictureMark.write(to: path) { try Animation.writeWebP(frames, to: $0, framesPerSecond: fps) }
      case .gif: try PictureMark.write(to: path) { try Animation.writeGIF(frames, to: $0, framesPerSecond: fps) }
      case .mp4:
        let color = background?.samples ?? [255, 255, 255]
        try PictureMark.write(to: path) {
          try Video.writeMP4(frames, to: $0, framesPerSecond: fps, background: color)
        }
      case .png:
        let folder = "\(pictures.outdir)/frames"
        try Folder.make(folder)
        for (i, frame) in frames.enumerated() {
          try AtomicFile.write(PictureMark.marked(try frame.pngData()), to: pictures.path(Self.frameName(i)))
        }
        try removeFrames(from: frames.count)
        path = folder
      }
      pictures.output.say(path)
      var file = WrittenFile(path, width: frames[0].width, height: frames[0].height)
      (file.frames, file.framesPerSecond) = (frames.count, fps)
      return file
    }
  }
}
