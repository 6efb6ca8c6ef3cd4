import Foundation

/// The classes of a collection's pictures.
package struct Labels: Sendable {
  /// Number of classes; 0 without labels.
  package let count: Int
  /// A name for each class, or empty.
  package let names: [String]
  private let values: [Int]

  /// The class of a picture.
  package subscript(index: Int) -> Int? { values.isEmpty ? nil : values[index] }

  /// Classes from subfolders: the first part of the paths in which they differ, in alphabetical order.
  ///
  /// There are none when some picture lies above that level, when all lie in one folder, or when the folders are merely
  /// shards as in NVIDIA's layout (`00000/img00000000.png`).
  package init(folders items: [String]) {
    var parts = items.map { $0.split(separator: "/").dropLast()[...] }
    while let first = parts.first?.first, parts.allSatisfy({ $0.first == first }) {
      parts = parts.map { $0.dropFirst() }
    }
    let folders = parts.compactMap(\.first)
    let sharded = items.allSatisfy { item in
      let parts = item.split(separator: "/")
      return parts.count == 2 && parts[0].count == 5 && parts[0].allSatisfy(\.isNumber) && parts[1].hasPrefix("img")
    }
    guard folders.count == items.count, !sharded else {
      (count, names, values) = (0, [], [])
      return
    }
    names = Set(folders).map(String.init).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    values = folders.map { numbers[String($0)]! }
    count = names.count
  }

  /// Classes from NVIDIA's `dataset.json`: `{"labels": [["00000/img00000000.png", 6], …]}` or `{"labels": null}`; also
  /// `"label_names": ["…", …]`, an addition of ours that other programs ignore.
  ///
  /// - Parameter items: every one must have a label if there are any.
  /// - Throws: ``DatasetError/badLabels(path:reason:)``.
  package init(json: [UInt8], path: String, items: [String]) throws {
    func bad(_ reason: String) -> DatasetError { .badLabels(path: path, reason: reason) }
    guard let table = (try? JSONSerialization.jsonObject(with: Data(json))) as? [String: Any] else {
      throw bad("it is not a JSON object; write {\"labels\": null} for a dataset without labels")
    }
    guard let value = table["labels"], !(value is NSNull) else {
      (count, names, values) = (0, [], [])
      return
    }
    guard let pairs = value as? [[Any]] else { throw bad("\"labels\" is no list of [file, number] pairs") }
    var found: [String: Int] = [:]
    for pair in pairs {
      guard pair.count == 2, let file = pair[0] as? String else { throw bad("an entry is no [file, number] pair") }
      guard let number = pair[1] as? Double, number == number.rounded(), (0..<1_000_000).contains(number) else {
        throw bad("the label of \(file) is not a single whole number from 0")
      }
      guard found.updateValue(Int(number), forKey: file) == nil else { throw bad("\(file) has two labels") }
    }
    values = try items.map { item in
      guard let label = found[item] else { throw bad("\(item) has no label; add it or set \"labels\" to null") }
      return label
    }
    if found.count > items.count, let extra = Set(found.keys).subtracting(items).min() {
      throw bad("it labels \(extra), which does not exist, and \(found.count - items.count - 1) more")
    }
    let largest = values.max()!
    let given = table["label_names"] as? [String] ?? []
    count = max(given.count, largest + 1)
    names = given.count == count ? given : []
  }
}
