import ArgumentParser
import GANs
import Images

extension LatentSpace: ExpressibleByArgument {}

struct Interpolate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Walk from seed to seed: a strip and an animation.",
    discussion: """
      Writes interpolation.png, a strip with the seeds' own pictures at even places, and interpolation.webp, which
      returns to its start.

      Examples:
        stylegan interpolate --network net.safetensors --seeds 1,5,9 --outdir out
        stylegan interpolate --network net.safetensors --seeds 0-7 --space z --frames 30 --fps 30 --trunc 0.7
      """)

  @OptionGroup var network: NetworkArguments
  @Option(help: "Seeds to visit, at least two.") var seeds: NumberList
  @Option(help: "Straight lines in w, or great circles in z (default: w where there is one).") var space: LatentSpace?
  @Option(parsing: .unconditional, help: "Frames of the animation from a seed to the next.") var frames: Int = 24
  @Option(parsing: .unconditional, help: "Frames a second of the animation.") var fps: Double = 24
  @Option(parsing: .unconditional, help: "Pictures of the strip from a seed to the next.") var steps: Int = 7
  @OptionGroup var pictures: PictureArguments

  mutating func validate() throws {
    if seeds.values.count < 2 { throw ValidationError("--seeds needs at least two seeds to walk between") }
    if !(1...1000).contains(frames) { throw ValidationError("--frames is \(frames), but must be 1 to 1000") }
    if !(1...100).contains(steps) { throw ValidationError("--steps is \(steps), but must be 1 to 100") }
    if !(0.1...1000).contains(fps) { throw ValidationError("--fps is \(fps), but must be 0.1 to 1000") }
    if seeds.values.count * frames > 20_000 {
      throw ValidationError("\(seeds.values.count) seeds of \(frames) frames are more than 20,000 frames")
    }
  }

  func run() throws {
    try StyleGANTool.run {
      let renderer = try network.renderer()
      let hasW = renderer.generator.architecture.traits.hasW
      guard hasW || space != .w else {
        throw ValidationError("\(network.network) has no W to walk in; use --space z")
      }
      let space = space ?? (hasW ? .w : .z)
      try NetworkArguments.requireRoom(seeds.values.count * max(frames, steps), renderer, scale: pictures.scale)
      try pictures.prepare()
      let strip = renderer.images(renderer.walk(seeds: seeds.values, frames: steps, space: space, loop: false))
      // Many seeds: one row each, ending just before the next row's first picture.
      let rows = seeds.values.count > 3 ? strip.dropLast() : strip[...]
      try pictures.write(
        ImageGrid.tiled(Array(rows), columns: seeds.values.count > 3 ? steps : rows.count), as: "interpolation.png")
      let animation = renderer.images(renderer.walk(seeds: seeds.values, frames: frames, space: space, loop: true))
      let path = "\(pictures.outdir)/interpolation.webp"
      try Animation.writeWebP(try animation.map(pictures.enlarged), to: path, framesPerSecond: fps)
      print(path)
    }
  }
}
