import CVips

extension ImageDecoder {
  /// The version of libvips, such as "8.14.1".
  public static var libvipsVersion: String { String(cString: cv_version()) }
}
