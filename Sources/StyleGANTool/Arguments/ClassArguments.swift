import ArgumentParser
import Datasets
import GANs
import Torch

/// The classes or label vectors that a conditional network draws.
struct ClassArguments: ParsableArguments {
  @Option(
    name: .customLong("class"),
    help: """
      The class that a conditional network draws: its name, or its number from 0. 'generate', 'interpolate' and \
      'style-mixing' take several: A,B or 0-3 or all.
      """)
  var choice: String?
  @Option(
    name: .customLong("label"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The label vector that a conditional network draws, such as 0.1,-1,0.5; repeatable where --class takes several.",
      valueName: "numbers"))
  var vectors: [LabelVector] = []

  /// Whether several labels may be asked for; the names of the network tell whether they are.
  var mayBeSeveral: Bool {
    vectors.count > 1 || choice.map { $0 == "all" || $0.contains(",") || $0.contains("-") } ?? false
  }

  /// A label that is drawn.
  struct Label {
    /// The name of the class, its number where it has no name, or the numbers of the vector.
    let name: String
    /// The end of a file's name where several labels are drawn: "class3", or "label0" for the first vector.
    let fileName: String
    /// `[1, labelSize]`
    let condition: Condition
  }

  /// Whether a class or a label is given.
  var isGiven: Bool { choice != nil || !vectors.isEmpty }

  /// The labels to draw: at least one for a conditional network, none for another.
  /// - Throws: `ValidationError` if a label is missing or unknown, or if the network has no labels.
  func labels(for file: NetworkFile, device: Device) throws -> [Label] {
    let size = file.configuration.labelSize
    let given = choice != nil ? "--class" : vectors.isEmpty ? nil : "--label"
    guard size > 0 else {
      if let given { throw ValidationError("\(file.name) is not a conditional network: leave out \(given)") }
      return []
    }
    if choice != nil && !vectors.isEmpty { throw ValidationError("give --class or --label, not both") }
    let numbers = "--label with \(counted(size, "number"))"
    guard file.labelKind == .classes || choice == nil else {
      throw ValidationError("\(file.name) learned label vectors, which have no classes: give \(numbers), not --class")
    }
    guard let choice else {
      guard !vectors.isEmpty else {
        throw ValidationError(
          "\(file.name) is a conditional network: give "
            + (file.labelKind == .vectors ? numbers : "--class, one of \(Self.known(file))"))
      }
      return try vectors.enumerated().map { place, vector in
        guard vector.numbers.count == size else {
          throw ValidationError(
            "--label has \(counted(vector.numbers.count, "number")), but \(file.name) takes labels of \(size)")
        }
        return Label(
          name: vector.text, fileName: "label\(place)",
          condition: Condition(Tensor(vector.numbers, shape: [1, size], device: device)))
      }
    }
    let found = try Self.classes(choice, of: file)
    return found.map { index in
      Label(
        name: file.labelNames.isEmpty ? "\(index)" : file.labelNames[index], fileName: "class\(index)",
        condition: Condition(classes: [index], of: size, device: device))
    }
  }

  /// The only label to draw; nil for a network without labels.
  /// - Throws: as ``labels(for:device:)``, and for several labels.
  func label(for file: NetworkFile, device: Device) throws -> Label? {
    let labels = try labels(for: file, device: device)
    guard labels.count < 2 else {
      throw ValidationError("this command draws one label at a time, and \(labels.count) are given: give one")
    }
    return labels.first
  }

  /// The classes of a network for messages: the first names or the range of numbers.
  static func known(_ file: NetworkFile) -> String {
    let (count, names) = (file.configuration.labelSize, file.labelNames)
    guard !names.isEmpty else { return "0 to \(count - 1)" }
    return names.prefix(20).joined(separator: ", ") + (count > 20 ? ", … (\(count) classes, or 0 to \(count - 1))" : "")
  }

  /// The numbers of the classes in a list. Names count before numbers, so in a range of classes that are named by numbers,
  /// too. A name may have commas, so that the longest known name counts.
  private static func classes(_ text: String, of file: NetworkFile) throws -> [Int] {
    let (count, names) = (file.configuration.labelSize, file.labelNames)
    let areNumbers = !names.isEmpty && names.allSatisfy { Int($0) != nil }
    /// By its name, also in other letters where that is clear.
    func named(_ part: String) -> Int? {
      if let place = names.firstIndex(of: part) { return place }
      let similar = names.indices.filter { names[$0].lowercased() == part.lowercased() }
      return similar.count == 1 ? similar[0] : nil
    }
    /// By its name; a single part also by its number, a range of numbers or "all".
    func find(_ part: String, isSingle: Bool) -> [Int]? {
      if let place = named(part) { return [place] }
      let part = part.trimmingCharacters(in: .whitespaces)
      if let place = named(part) { return [place] }
      guard isSingle else { return nil }
      if part == "all" { return Array(0..<count) }
      guard let numbers = (try? NumberList(reading: part))?.values.map(Int.init) else { return nil }
      let found = numbers.compactMap { number in
        named("\(number)") ?? (number < count && !areNumbers ? number : nil)
      }
      return found.count == numbers.count ? found : nil
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    var (found, at): ([Int], Int) = ([], 0)
    while at < parts.count {
      let ends = parts.indices[at...].reversed()
      guard
        let (end, classes) = ends.lazy.compactMap({ end in
          find(parts[at...end].joined(separator: ","), isSingle: end == at).map { (end, $0) }
        }).first
      else { throw ValidationError("--class is '\(parts[at])', but must be one of \(known(file))") }
      found += classes
      at = end + 1
    }
    if let twice = found.indices.first(where: { found[..<$0].contains(found[$0]) }) {
      let name = names.isEmpty ? "\(found[twice])" : names[found[twice]]
      throw ValidationError("--class has '\(name)' twice: give each class once")
    }
    return found
  }
}

/// The numbers of a label: "0.1,-1,0.5".
struct LabelVector: ExplainingArgument, Sendable {
  let numbers: [Float]
  /// The text as the user wrote it.
  let text: String
  var defaultValueDescription: String { text }

  init(reading text: String) throws(Unreadable) {
    self.text = text
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    numbers = parts.compactMap { Float($0) }
    guard numbers.count == parts.count, numbers.allSatisfy(\.isFinite) else {
      throw Unreadable(reason: "write the numbers of one label with commas, as in 0.1,-1,0.5")
    }
  }
}

/// The center of truncation of a conditional network.
enum TruncationCenter: String, ExpressibleByArgument, CaseIterable {
  /// The mean w of the class.
  case `class`
  /// w_avg, the mean over all classes.
  case average
}

extension NetworkFile {
  /// The first class that has another name in the data, in words; nil where all names are equal or unknown.
  func differentClass(from dataset: any ImageDataset) -> String? {
    guard !labelNames.isEmpty, !dataset.labelNames.isEmpty,
      let first = zip(labelNames, dataset.labelNames).enumerated().first(where: { $1.0 != $1.1 })
    else { return nil }
    return
      "class \(first.offset) of the network is \(first.element.0.shown), and that of the data \(first.element.1.shown)"
  }
}
