import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

@Suite struct WalkTests {
  private let points = LatentCodes(RandomStream(seed: 3).normal([4, 6, 5]))

  @Test(arguments: WalkPath.allCases, [true, false]) func aWalkVisitsItsPoints(path: WalkPath, loop: Bool) {
    let steps = points.walk(frames: 8, path: path, loop: loop).tensor
    #expect(steps.shape == [loop ? 32 : 25, 6, 5])
    for i in 0..<4 { #expect(steps[8 * i].bytes == points.tensor[i].bytes) }
  }

  @Test func linesAreStraight() {
    let steps = points.walk(frames: 4, path: .line, loop: true).tensor
    expectClose(steps[14], (points.tensor[3] + points.tensor[0]) * 0.5)
  }

  /// A cubic loop has no corner: the step into a point is nearly the step out of it, where a line's are not.
  @Test func cubicLoopsHaveNoCorners() {
    func corner(_ path: WalkPath) -> Double {
      let n = 1000
      let steps = points.walk(frames: n, path: path, loop: true).tensor
      return (0..<4).map { i in
        let (before, at, after) = (steps[(i * n + 4 * n - 1) % (4 * n)], steps[i * n], steps[i * n + 1])
        return (after - at - (at - before)).squared().sum().item.squareRoot() * Double(n)
      }.max()!
    }
    #expect(corner(.cubic) < 0.1 && corner(.line) > 1)
    // It interpolates a straight, even line exactly, away from its ends.
    let even = Tensor.range(from: 0, to: 5).reshaped([5, 1, 1])
    let middle = LatentCodes(even).walk(frames: 4, path: .cubic, loop: false).tensor[4..<13]
    expectClose(middle, Tensor.range(from: 1, to: 3.25, by: 0.25).reshaped([9, 1, 1]))
  }

  @Test func mixingMovesOneLayerAfterAnother() {
    let steps = points.walk(frames: 6, path: .mixing, loop: false)
    for frame in 0...6 {
      expectClose(
        steps[frame..<frame + 1].tensor, points[0..<1].copying(Set(0..<frame), from: points[1..<2]).tensor)
    }
  }

  @Test func truncationSweeps() throws {
    let renderer = Renderer(try garments())
    let codes = renderer.codes(seeds: [1])
    let sweep = renderer.truncationSweep(codes, from: 1, to: -1, frames: 5).tensor
    let (ws, mean) = (codes.tensor, renderer.style.wAverage.value)
    expectClose(sweep[0..<1], ws)
    expectClose(sweep[2..<3], (ws - ws) + mean)
    expectClose(sweep[4..<5], 2 * mean - ws)
  }

  /// A program of that name on the PATH gets the frames; what it leaves is renamed.
  @Test func videosGoThroughFFmpeg() throws {
    let folder = try TemporaryFolder()
    try fakeFFmpeg(in: folder)
    let frames = (0..<3).map { Image(width: 2, height: 2, filledWith: [UInt8($0)]) }
    try Video.writeMP4(frames, to: folder.file("a.mp4"), framesPerSecond: 10, searchPath: folder.path)
    let written = try #require(FileManager.default.contents(atPath: folder.file("a.mp4")))
    #expect(Array(written) == frames.flatMap(\.pixels))
    #expect(folder.contents.sorted() == ["a.mp4", "ffmpeg"])
    #expect(throws: VideoError.self) {
      try Video.writeMP4(frames, to: folder.file("b.mp4"), framesPerSecond: 10, searchPath: "/nowhere")
    }
    #expect(folder.contents.sorted() == ["a.mp4", "ffmpeg"])
  }
}

/// Puts a program `ffmpeg` into a folder that writes the frames as they are.
func fakeFFmpeg(in folder: TemporaryFolder) throws {
  let script = "#!/bin/sh\nfor last; do :; done\nwhile [ \"$1\" != -i ]; do shift; done\ncp \"$2\" \"$last\"\n"
  try script.write(toFile: folder.file("ffmpeg"), atomically: true, encoding: .utf8)
  #expect(chmod(folder.file("ffmpeg"), 0o755) == 0)
}
