import Datasets
import Images
import Testing
import _TestSupport

/// The first look at a data set.
@Suite struct SurveyTests {
  @Test func sizesAndChannelsAreCounted() throws {
    let folder = try TemporaryFolder()
    for (name, width, height, channels) in [
      ("a.png", 20, 30, 4), ("b.png", 70, 64, 4), ("c.png", 100, 100, 3), ("d.png", 9, 9, 4), ("e.png", 64, 200, 4),
    ] {
      let pixels = [UInt8](repeating: 100, count: width * height * channels)
      try Image(planar: pixels, channels: channels, height: height, width: width).write(to: folder.file(name))
    }
    let survey = try DatasetSurvey(of: folder.path)
    #expect(survey.count == 5 && survey.labelCount == 0 && survey.oblong == 3)
    #expect((survey.shortestSide, survey.medianSide, survey.longestSide) == (9, 64, 100))
    #expect(survey.channelCounts == [3: 1, 4: 4] && survey.usualChannels == 4)
    let dataset = try survey.dataset(resolution: 32, channels: 4)
    let opened = try DatasetSource.open(folder.path, resolution: 32, channels: 4)
    #expect(dataset.fingerprint == opened.fingerprint && dataset.count == 5)
    for index in 0..<5 { #expect(try dataset.image(at: index) == opened.image(at: index)) }
    #expect(survey.cachedBytes(resolution: 32, channels: 4) == 5 * (32 * 32 * 4 + 32))
    #expect(throws: DatasetError.self) { try survey.dataset(resolution: 33, channels: 4) }
  }

  /// Pictures of the wanted size stay as they are.
  @Test func equalPicturesAreNotResized() throws {
    let folder = try TemporaryFolder()
    for index in 0..<3 {
      let pixels = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ index) }
      try Image(planar: pixels, channels: 1, height: 16, width: 16).write(to: folder.file("\(index).png"))
    }
    let survey = try DatasetSurvey(of: folder.path)
    #expect(survey.medianSide == 16 && survey.oblong == 0 && survey.usualChannels == 1)
    let (dataset, opened) = (try survey.dataset(resolution: 16, channels: 1), try DatasetSource.open(folder.path))
    #expect(dataset.fingerprint == opened.fingerprint)
    for index in 0..<3 { #expect(try dataset.image(at: index) == opened.image(at: index)) }
  }
}
