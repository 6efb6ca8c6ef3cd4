import Files
import Foundation
import Images

extension PictureArea {
  /// The area in `dataset.json`: `"picture_area": {"x": 7, "y": 0, "width": 50, "height": 64}`. The key is our extension;
  /// other programs ignore it.
  /// - Parameter path: the path of the table, for errors.
  /// - Returns: nil for a table without an area.
  /// - Throws: ``DatasetError/unusable(path:reason:)``.
  init?(table json: [UInt8], path: String) throws {
    struct Table: Decodable {
      let area: PictureArea?
      enum CodingKeys: String, CodingKey { case area = "picture_area" }
    }
    let text = Labels.readable(json)
    // Most tables have none, and some have a million labels.
    guard text.range(of: Data("\"picture_area\"".utf8)) != nil else { return nil }
    do {
      guard let area = try JSONDecoder().decode(Table.self, from: text).area else { return nil }
      self = area
    } catch {
      throw DatasetError.unusable(
        path: path,
        reason: "its \"picture_area\" is not {\"x\": …, \"y\": …, \"width\": …, \"height\": …} with whole numbers; "
          + "correct it, or delete the key for images without padding")
    }
  }

  /// Its four numbers, for a fingerprint.
  var numbers: [Int] { [x, y, width, height] }

  /// The area as JSON for the table.
  var tableEntry: String { "\"picture_area\": {\"x\": \(x), \"y\": \(y), \"width\": \(width), \"height\": \(height)}" }

  /// The area of all images of a collection after their change to a resolution.
  /// - Throws: ``DatasetError/unusable(path:reason:)`` where an image is no square of one side that contains the area.
  init?(of collection: any ImageCollection, _ headers: [ImageDecoder.Header], resolution: Int) throws {
    guard let area = collection.pictureArea, let side = headers.first?.width else { return nil }
    guard let bad = headers.firstIndex(where: { ($0.width, $0.height) != (side, side) || !area.fits(in: side) }) else {
      self = area.resized(from: side, to: resolution)
      return
    }
    throw DatasetError.unusable(
      path: collection.name,
      reason: "its dataset.json says that each image is a square with the picture \(area), but "
        + "\(collection.itemName(at: bad).shown) is \(headers[bad].width)×\(headers[bad].height); build the data set again, "
        + "or delete \"picture_area\" from dataset.json")
  }
}
