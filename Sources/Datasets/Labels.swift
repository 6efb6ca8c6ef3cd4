import Foundation

/// The classes of the images of a collection.
package struct Labels: Sendable {
  /// The number of classes; 0 without labels.
  package let count: Int
  /// The names of the classes, or empty.
  package let names: [String]
  private let values: [Int]

  /// The class of an image.
  package subscript(index: Int) -> Int? { values.isEmpty ? nil : values[index] }

  /// Classes from subfolders: the first folder level at which the paths differ, in alphabetical order.
  ///
  /// There are no classes if an image is above that level, if all images are in one folder, or if the folders are
  /// NVIDIA's shards (`00000/img00000000.png`).
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

  /// Classes from NVIDIA's `dataset.json`: `{"labels": [["00000/img00000000.png", 6], …]}` or `{"labels": null}`. The
  /// key `"label_names": ["…", …]` is our extension; other programs ignore it.
  /// - Parameter items: the images; if there are labels, each must have one.
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
    guard let pairs = value as? [[Any]] else { throw bad("\"labels\" is not a list of [file, number] pairs") }
    var found: [String: Int] = [:]
    for pair in pairs {
      guard pair.count == 2, let file = pair[0] as? String else { throw bad("an entry is not a [file, number] pair") }
      guard let number = pair[1] as? Double, number == number.rounded(), (0..<1_000_000).contains(number) else {
        throw bad("the label of \(file) is not an integer from 0")
      }
      guard found.updateValue(Int(number), forKey: file) == nil else { throw bad("\(file) has two labels") }
    }
    values = try items.map { item in
      guard let label = found[item] else { throw bad("\(item) has no label; add it or set \"labels\" to null") }
      return label
    }
    if found.count > items.count, let extra = Set(found.keys).subtracting(items).min() {
      throw bad("it has labels for \(found.count - items.count) missing files, such as \(extra)")
    }
    let largest = values.max()!
    let given = table["label_names"] as? [String] ?? []
    count = max(given.count, largest + 1)
    names = given.count == count ? given : []
  }
}
