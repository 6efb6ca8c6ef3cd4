import Files

/// The files of a dataset as a run records them, to say later what changed.
///
/// As JSON it takes about 40 bytes a file. Collections in memory (IDX, CIFAR) count as one file.
public struct DatasetContents: Codable, Sendable, Equatable {
  /// The paths in the dataset, in the order of the images.
  public let names: [String]
  /// The class of each file; empty without classes.
  public let labels: [Int]
  /// The names of the classes, or empty.
  public let labelNames: [String]
  /// A digest of each file's label vector; nil without vectors.
  public let labelDigests: [UInt64]?
  /// A number per file that changes with the content, as far as known without reading it: its size, or in a ZIP its
  /// checksum and size.
  public let stamps: [UInt64]
  /// The digests of the about 64 files whose bytes are part of ``ImageDataset/fingerprint``, by their index.
  public let digests: [Int: UInt64]

  init(
    names: [String], labels: [Int], labelNames: [String], labelDigests: [UInt64]? = nil, stamps: [UInt64],
    digests: [Int: UInt64]
  ) {
    (self.names, self.labels, self.labelNames, self.labelDigests) = (names, labels, labelNames, labelDigests)
    (self.stamps, self.digests) = (stamps, digests)
  }

  /// Reads a record.
  /// - Throws: `DecodingError`, also where the columns do not fit together or a name is there twice.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    names = try values.decode([String].self, forKey: .names)
    labels = try values.decode([Int].self, forKey: .labels)
    labelNames = try values.decode([String].self, forKey: .labelNames)
    labelDigests = try values.decodeIfPresent([UInt64].self, forKey: .labelDigests)
    stamps = try values.decode([UInt64].self, forKey: .stamps)
    digests = try values.decode([Int: UInt64].self, forKey: .digests)
    guard stamps.count == names.count, Set(names.map(\.pathBytes)).count == names.count,
      labels.isEmpty || labels.count == names.count, (labelDigests?.count ?? names.count) == names.count,
      digests.keys.allSatisfy(names.indices.contains),
      labelNames.isEmpty || labels.allSatisfy(labelNames.indices.contains)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .names, in: values, debugDescription: "lengths differ, or names are equal")
    }
  }

  /// The class of a file by its name, or by its number where classes have no names; the digest of a vector.
  func label(at index: Int) -> String? {
    if let labelDigests { return "vector \(labelDigests[index])" }
    return labels.isEmpty ? nil : labelNames.isEmpty ? String(labels[index]) : labelNames[labels[index]]
  }
}

/// What changed in a dataset since a run recorded its ``DatasetContents``.
public struct DatasetChanges: Sendable, Equatable, CustomStringConvertible {
  /// The files with another content.
  public var changed: [String] = []
  /// The files that no longer exist.
  public var missing: [String] = []
  /// The new files.
  public var added: [String] = []
  /// The files with another class.
  public var relabeled: [String] = []

  /// Whether no change was found. The fingerprints may differ nevertheless, such as by the resolution.
  public var isEmpty: Bool { changed.isEmpty && missing.isEmpty && added.isEmpty && relabeled.isEmpty }

  /// Compares two records.
  /// - Parameter digest: the digest of a file of `now` that `old` has a digest of; nil if it cannot be read.
  init(
    from old: DatasetContents, to now: DatasetContents, digest: (Int) throws -> UInt64? = { _ in nil }
  ) throws {
    // By their bytes: two files can differ only in how an accent is written.
    let places = Dictionary(zip(now.names.map(\.pathBytes), now.names.indices), uniquingKeysWith: { first, _ in first })
    for (index, name) in old.names.enumerated() {
      guard let place = places[name.pathBytes] else {
        missing.append(name)
        continue
      }
      var isChanged = old.stamps[index] != now.stamps[place]
      if !isChanged, let known = old.digests[index], let found = try now.digests[place] ?? digest(place) {
        isChanged = known != found
      }
      if isChanged { changed.append(name) }
      if old.label(at: index) != now.label(at: place) { relabeled.append(name) }
    }
    let known = Set(old.names.map(\.pathBytes))
    added = now.names.filter { !known.contains($0.pathBytes) }
  }

  /// The changes with the first names: "1 file changed (a.png), 2 are missing (b.png, c.png)".
  public var description: String {
    let kinds = [
      (changed, "changed", "changed"), (missing, "is missing", "are missing"), (added, "is new", "are new"),
      (relabeled, "has another label", "have another label"),
    ]
    let parts = kinds.filter { !$0.0.isEmpty }.enumerated().map { place, kind in
      let (names, one, several) = kind
      let noun = place > 0 ? "" : names.count == 1 ? " file" : " files"
      let first = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
      return "\(names.count)\(noun) \(names.count == 1 ? one : several) (\(first))"
    }
    return parts.isEmpty ? "its content or size differs" : parts.joined(separator: ", ")
  }
}

extension ImageCollection {
  /// The indices of the about 64 evenly spaced files whose bytes are part of the fingerprint.
  var sampled: StrideTo<Int> { stride(from: 0, to: isInMemory ? 0 : count, by: max(1, count / 64)) }

  /// The digest of a stored file; nil if it cannot be read.
  func digest(at index: Int) throws -> UInt64? {
    guard let file = try readable({ try self.file(at: index) }) ?? nil else { return nil }
    var digest = Digest()
    file.withUnsafeBytes { digest.add($0) }
    return digest.value
  }

  /// The record of the files, for ``DatasetChanges``.
  func contents(fingerprint: String) throws -> DatasetContents {
    guard !isInMemory else {
      return DatasetContents(
        names: [name], labels: [], labelNames: [], stamps: [UInt64(fingerprint, radix: 16) ?? 0], digests: [:])
    }
    var digests: [Int: UInt64] = [:]
    for index in sampled { digests[index] = try digest(at: index) }
    return DatasetContents(
      names: (0..<count).map(itemName), labels: labelCount > 0 ? (0..<count).map { label(at: $0)! } : [],
      labelNames: labelNames,
      labelDigests: labelVectorSize > 0 ? (0..<count).map { labelVector(at: $0)!.digest } : nil,
      stamps: try (0..<count).map(stamp), digests: digests)
  }
}

extension [Float] {
  /// A digest of the numbers.
  fileprivate var digest: UInt64 {
    var digest = Digest()
    for number in self { digest.add(UInt64(number.bitPattern)) }
    return digest.value
  }
}
