import Files
import Foundation
import GANs

/// A plan in lines for users.
struct PlanText {
  private let plan: TrainingPlan

  init(_ plan: TrainingPlan) { self.plan = plan }

  /// The pictures, each choice with its reason, and what to expect.
  var lines: [String] {
    var table = Table([.text(""), .text(""), .text("")])
    for choice in plan.choices {
      guard let condition = choice.condition, let reason = choice.reason, let source = choice.source else {
        table.add([choice.choice.rawValue, choice.words, "as given"])
        continue
      }
      let when = ["always", "otherwise"].contains(condition) ? "" : "\(condition): "
      table.add([choice.choice.rawValue, choice.words, "\(when)\(reason) (\(source))"])
    }
    return ["pictures: \(pictures)", ""] + table.lines + ["", images, first] + [memory].compactMap(\.self)
      + [
        "disk: about \(TrainingForecast.bytes(plan.forecast.diskBytes))", "", "the same with all choices:",
        plan.command,
      ]
  }

  private var pictures: String {
    let pictures = plan.pictures
    let sizes =
      pictures.shortestSide == pictures.longestSide
      ? "\(pictures.medianSide) pixels"
      : "\(pictures.shortestSide) to \(pictures.longestSide) pixels (the shorter side; "
        + "half of them at most \(pictures.medianSide))"
    let alpha = pictures.withAlpha > 0 ? ", \(pictures.withAlpha) with alpha" : ""
    let classes = pictures.classes > 1 ? counted(pictures.classes, "class", "classes") : "no classes"
    return "\(counted(pictures.count, "picture")), \(sizes)\(alpha), \(classes)"
  }

  private var images: String {
    let forecast = plan.forecast
    let rate = forecast.imagesPerSecond
    return "images: about \(forecast.kimg.rounded(to: 2)) kimg in \(TrainingForecast.words(plan.hours * 3600)), at "
      + "\(rate.rounded(to: 2)) images a second (measured on a few steps; other work on this machine slows it down)"
  }

  private var first: String {
    let forecast = plan.forecast
    guard let kimg = forecast.recognizableKimg, let seconds = forecast.recognizableSeconds else {
      return "first recognizable pictures: not in this time"
    }
    return
      "first recognizable pictures: after about \(TrainingForecast.words(seconds)), at \(kimg.plain) kimg (a rule of "
      + "thumb: at 32×32 they came after 20 to 30 kimg)"
  }

  private var memory: String? {
    plan.forecast.memoryBytes.map { "memory: about \(TrainingForecast.bytes($0)), the peak of a few measured steps" }
  }

  /// What may disappoint.
  var notes: [String] {
    var notes: [String] = []
    let pictures = plan.pictures
    if pictures.oblong > 0 {
      notes.append(
        "note: \(pictures.oblong) of \(counted(pictures.count, "picture")) are not square: they are cropped to their "
          + "central squares")
    }
    if pictures.areFew {
      notes.append(
        "note: \(counted(pictures.count, "picture is", "pictures are")) few: a long training learns them by heart, and then "
          + "its pictures get worse; look at the snapshots, or give --keep-best fid50k_full")
    }
    if let hours = plan.forecast.neededHours {
      notes.append(
        // With what is measured before, snapshots and the end.
        "warning: this time is too short for recognizable pictures: give about --hours "
          + "\((1.25 * hours + 0.02).rounded(to: 2)), or a smaller --resolution")
    }
    return notes
  }
}

extension Double {
  /// The number to some significant digits: "620", "0.25".
  func rounded(to digits: Int) -> String {
    formatted(.number.precision(.significantDigits(1...digits)).grouping(.never))
  }
}
