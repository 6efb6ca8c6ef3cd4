extension Double {
  /// The number for people: "25", not "25.0".
  package var plain: String { self == rounded() && magnitude < 1e15 ? "\(Int(self))" : "\(self)" }
}
