/// Recognizes pictures by extension and by content.
enum PictureKind {
  /// The extensions of images, in lower case.
  static let extensions: Set<String> = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "webp", "gif", "tif", "tiff", "bmp", "dib",
    "heic", "heif", "hif", "avif", "jxl", "jp2", "j2k", "jpf", "jpx", "j2c", "jpc", "ppm", "pgm", "pbm", "pnm",
  ]

  /// The extensions of texts, tables and other companions of pictures; they are only counted.
  static let companions: Set<String> = [
    "txt", "json", "jsonl", "ndjson", "csv", "tsv", "xml", "xmp", "md", "rst", "yaml", "yml", "toml", "ini", "cfg",
    "log",
    "html", "htm", "css", "js", "py", "sh", "caption", "tags", "npy", "npz", "mat", "db", "sqlite", "url", "lnk", "aae",
    "md5", "sha1", "sha256", "crc", "license", "bib",
  ]

  /// Camera files start like TIFF, but hold sensor data or only a preview.
  static let cameras: Set<String> = [
    "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "orf", "rw2", "raf", "pef", "srw", "raw", "3fr",
    "iiq",
  ]

  /// The number of bytes that ``isPicture(_:)`` needs.
  static let prefix = 64

  /// Whether a file starts like a picture.
  static func isPicture(_ start: [UInt8]) -> Bool {
    func has(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    if start.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return true }
    if start.starts(with: [0xff, 0xd8, 0xff]) || has("GIF87a") || has("GIF89a") { return true }
    if has("RIFF") { return has("WEBP", at: 8) }
    if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") { return true }
    if has("ftyp", at: 4) {
      return ["avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "mif2", "miaf"].contains {
        has($0, at: 8)
      }
    }
    if start.starts(with: [0xff, 0x0a]) || start.starts(with: [0xff, 0x4f, 0xff, 0x51]) { return true }
    if start.starts(with: [0, 0, 0, 0x0c]) { return has("JXL ", at: 4) || has("jP  ", at: 4) }
    // A bitmap: its header has one of a few sizes, and the reserved bytes are zero.
    if has("BM"), start.count >= 18 {
      return start[6..<10].allSatisfy { $0 == 0 } && [12, 40, 52, 56, 64, 108, 124].contains(start[14])
    }
    if start.count > 3, start[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(start[1]) {
      let rest = start[2...].drop { [9, 10, 11, 12, 13, 32].contains($0) }
      return rest.startIndex > 2
        && (rest.first == UInt8(ascii: "#") || rest.first.map { (0x30...0x39).contains($0) } ?? false)
    }
    return false
  }

  /// The end of a sound file; nil if its format has no mark at its end, or it was not recognized.
  /// - Parameters:
  ///   - start: the first bytes of the file.
  ///   - end: the last 16 bytes.
  /// - Returns: whether the mark is there; without it the file may still be sound, with other data behind its pixels.
  static func endsWell(start: [UInt8], end: [UInt8], size: Int) -> Bool {
    if start.starts(with: [0x89, 0x50, 0x4e, 0x47]) {
      return end.suffix(8).elementsEqual([0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82])
    }
    if start.starts(with: [0xff, 0xd8, 0xff]) { return end.suffix(2).elementsEqual([0xff, 0xd9]) }
    if start.starts(with: "GIF8".utf8) { return end.last == 0x3b }
    if start.starts(with: "RIFF".utf8), start.count >= 8 {
      return 8 + start[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) } <= size
    }
    return true
  }

  /// What a file is that starts like no dataset, with the way out; nil if unknown.
  static func explanation(start: [UInt8], name: String) -> String? {
    func has(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    let lower = name.lowercased()
    func packed(_ what: String) -> String { "it is \(what): unpack it and give the folder" }
    if start.starts(with: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]) { return packed("a 7-Zip archive") }
    if has("Rar!") { return packed("a RAR archive") }
    if has("ustar", at: 257) || lower.hasSuffix(".tar") { return packed("a tar archive") }
    if start.starts(with: [0x1f, 0x8b]) {
      return packed(lower.contains(".tar") || lower.hasSuffix(".tgz") ? "a tar.gz archive" : "a gzip file, but no IDX")
    }
    if start.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a]) || has("BZh") || start.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
    {
      return packed("a compressed archive")
    }
    if start.starts(with: [0x93]) && has("NUMPY", at: 1) {
      return "it is a NumPy array: save the images as PNG files and give their folder"
    }
    if has("PAR1") { return "it is a Parquet table: save its images as files and give their folder" }
    if lower.contains("tfrecord") { return "it is a TFRecord: save its images as files and give their folder" }
    if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) {
      return "it is a Python pickle, which is never executed here: save the images as files and give their folder"
    }
    if start.starts(with: [0x89]) && has("HDF", at: 1) {
      return "it is an HDF5 file: save its images as files and give their folder"
    }
    if has("<!") || has("<html") || has("<HTML") {
      return "it is a web page: the download went wrong; download it again in a browser"
    }
    return nil
  }
}
