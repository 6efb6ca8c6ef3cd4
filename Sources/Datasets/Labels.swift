import Files
import Foundation

/// The classes of the images of a collection.
package struct Labels: Sendable {
  /// The number of classes; 0 without labels.
  package let count: Int
  /// The names of the classes, or empty.
  package let names: [String]
  /// What a table of labels holds beside the classes of the images, one sentence each.
  package let notes: [String]
  private let values: [Int]

  /// The class of an image.
  package subscript(index: Int) -> Int? { values.isEmpty ? nil : values[index] }

  /// Classes from subfolders: the first folder level at which the paths differ, in the order of their bytes.
  ///
  /// There are no classes if an image is above that level, if all images are in one folder, or if the folders are
  /// NVIDIA's shards (`00000/img00000000.png`).
  /// - Parameter folders: the names of the folders above each image.
  /// - Parameter names: the paths of the images.
  package init(folders: [[String]], names items: [String]) {
    // Bytes: two names may be equal as texts, such as with composed and separate accents, but name two folders.
    var parts = folders.map { $0.map { Array($0.utf8) }[...] }
    while let first = parts.first?.first, parts.allSatisfy({ $0.first == first }) {
      parts = parts.map { $0.dropFirst() }
    }
    let classes = parts.compactMap(\.first)
    let sharded = zip(parts, items).allSatisfy { parts, item in
      parts.count == 1 && parts.first!.count == 5 && parts.first!.allSatisfy { (0x30...0x39).contains($0) }
        && FileSystem.name(of: item).hasPrefix("img")
    }
    guard classes.count == folders.count, !sharded else {
      (count, names, values, notes) = (0, [], [], [])
      return
    }
    let sorted = Set(classes).sorted { $0.lexicographicallyPrecedes($1) }
    let numbers = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
    names = sorted.map { String(decoding: $0, as: UTF8.self) }
    values = classes.map { numbers[$0]! }
    (count, notes) = (names.count, [])
  }

  /// Classes from NVIDIA's `dataset.json`: `{"labels": [["00000/img00000000.png", 6], …]}` or `{"labels": null}`. The
  /// key `"label_names": ["…", …]` is our extension; other programs ignore it.
  ///
  /// Paths with `\` or `./`, as some programs write them, are normalized. Labels of files that do not exist are noted.
  /// - Parameter path: the path of the table, for errors.
  /// - Parameter items: the images, relative to the table's folder; if there are labels, each must have one.
  /// - Throws: ``DatasetError/badLabels(path:reason:)``.
  package init(json: [UInt8], path: String, items: [String]) throws {
    func bad(_ reason: String) -> DatasetError { .badLabels(path: path, reason: reason) }
    guard let table = (try? JSONSerialization.jsonObject(with: Self.readable(json))) as? [String: Any] else {
      throw bad("it is not a JSON object; write {\"labels\": null} for a dataset without labels")
    }
    guard let value = table["labels"], !(value is NSNull) else {
      (count, names, values, notes) = (0, [], [], [])
      return
    }
    guard let pairs = value as? [[Any]] else { throw bad("\"labels\" is not a list of [file, number] pairs") }
    // By bytes first; then as texts, where an accent may be composed or separate.
    var (exact, loose): ([[UInt8]: Int], [String: Int]) = ([:], [:])
    for pair in pairs {
      guard pair.count == 2, let file = pair[0] as? String else { throw bad("an entry is not a [file, number] pair") }
      guard let number = pair[1] as? Double, number == number.rounded(), (0..<1e9).contains(number) else {
        throw bad("the label of \(file.shown) is not an integer from 0")
      }
      let name = StoredFile.normalized(file)
      guard exact.updateValue(Int(number), forKey: Array(name.utf8)) == nil else {
        throw bad("\(file.shown) has two labels; delete one of them")
      }
      loose[name] = Int(number)
      // A backslash separates in Windows' tables, but may be a part of a name elsewhere.
      let slashed = StoredFile.normalized(file, usesBackslashes: true)
      if slashed != name { loose[slashed] = Int(number) }
    }
    let found = items.map { exact[Array($0.utf8)] ?? loose[$0] }
    let lacking = zip(items, found).filter { $1 == nil }.map(\.0)
    guard lacking.isEmpty else {
      let known = pairs.first?.first as? String
      throw bad(
        "\(lacking.count) of \(items.count) images have no label (\(DatasetOmissions.list(lacking, first: 3)))"
          + (known.map { "; its first entry is \($0.shown)" } ?? "")
          + "; add their labels, or set \"labels\" to null for a dataset without labels")
    }
    values = found.compactMap { $0 }
    notes = exact.count > items.count ? [Self.surplus(pairs, items: items, path: path)] : []

    let largest = values.max()!
    let given = table["label_names"] as? [String] ?? []
    count = max(given.count, largest + 1)
    names = given.count == count ? given : []
    let used = Set(values).count
    guard count - used <= 1000 || count <= 2 * used else {
      throw bad(
        "the labels reach \(largest), but only \(used) of these \(count) classes have images; number the classes from 0 "
          + "without gaps, or set \"labels\" to null")
    }
  }

  /// The note on labels without an image.
  private static func surplus(_ pairs: [[Any]], items: [String], path: String) -> String {
    let known = Set(items)
    let missing = pairs.compactMap { $0[0] as? String }.filter {
      !known.contains(StoredFile.normalized($0)) && !known.contains(StoredFile.normalized($0, usesBackslashes: true))
    }
    return "\(path.shown) has labels for \(missing.count) missing file\(missing.count == 1 ? "" : "s") "
      + "(\(DatasetOmissions.list(missing, first: 3))), which are not used; if the files should exist, copy the dataset again"
  }

  /// The table as valid JSON: names with bytes that are not UTF-8 become our texts of paths, also where Python wrote
  /// such a byte as `\udcE9`.
  static func readable(_ json: [UInt8]) -> Data {
    // UTF-16 is left to the decoder.
    if json.starts(with: [0xff, 0xfe]) || json.starts(with: [0xfe, 0xff]) { return Data(json) }
    let bytes = json.starts(with: [0xef, 0xbb, 0xbf]) ? json.dropFirst(3) : json[...]
    let text = String(path: bytes)
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return Data(text.utf8) }
    var (out, rest): ([UInt8], ArraySlice<UInt8>) = ([], Array(text.utf8)[...])
    var followsHigh = false
    while let first = rest.first {
      guard first == UInt8(ascii: "\\"), rest.count > 1 else {
        out.append(first)
        rest = rest.dropFirst()
        followsHigh = false
        continue
      }
      let escape = rest.prefix(6)
      let code =
        escape.dropFirst().first == UInt8(ascii: "u") && escape.count == 6
        ? UInt32(String(decoding: escape.dropFirst(2), as: UTF8.self), radix: 16) : nil
      if let code, (0xdc80...0xdcff).contains(code), !followsHigh {
        out += Array(String(path: [UInt8(code - 0xdc00)]).utf8)
      } else {
        out += code == nil ? rest.prefix(2) : escape
      }
      rest = rest.dropFirst(code == nil ? 2 : 6)
      followsHigh = code.map { (0xd800...0xdbff).contains($0) } ?? false
    }
    return Data(out)
  }

  /// Names as a JSON list; bytes that are not UTF-8 as Python writes them, such as `\udce9`.
  static func json(_ names: [String]) throws -> String {
    var out = ""
    for scalar in try JSON.compact(names).unicodeScalars {
      let bytes = String(scalar).pathBytes
      out += bytes.count == 1 && bytes[0] >= 0x80 ? "\\udc" + String(bytes[0], radix: 16) : String(scalar)
    }
    return out
  }
}
