import Files

/// What a dataset holds besides its images. Nothing is left out without a word.
public struct DatasetOmissions: Codable, Sendable, Equatable {
  /// The files that are not pictures of a known format, by extension or content, sorted.
  public var files: [String]
  /// The number of texts, tables and hidden files.
  public var others: Int
  /// What else is not used, one sentence each.
  public var notes: [String]

  /// Omissions.
  public init(files: [String] = [], others: Int = 0, notes: [String] = []) {
    (self.files, self.others, self.notes) = (files, others, notes)
  }

  /// One sentence for each kind; empty where only texts, tables and hidden files are left out.
  /// - Parameter path: the path of the dataset.
  public func sentences(of path: String) -> [String] {
    guard !files.isEmpty else { return notes }
    let (noun, verb) = files.count == 1 ? ("file", "is") : ("files", "are")
    return [
      "\(files.count) \(noun) in \(path.shown) \(verb) left out, not pictures of a known format: \(Self.list(files))"
    ] + notes
  }

  /// The first names: "a, b, c, …".
  static func list(_ names: [String], first count: Int = 5) -> String {
    names.prefix(count).map(\.shown).joined(separator: ", ") + (names.count > count ? ", …" : "")
  }
}
