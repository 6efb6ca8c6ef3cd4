/// Short names of the runs in a report: the number of the run, and its description or what differs between the runs.
enum RunNames {
  /// A name for each run, without equals.
  static func short(_ runs: [RunRecordFiles]) -> [String] {
    let differences = differences(runs)
    let names = zip(runs, differences).map { run, difference in
      let note = run.options["description"] ?? difference
      return note.isEmpty ? run.name : "\(runs.count > 1 ? number(run.name) : run.name): \(note)"
    }
    return Set(names).count == names.count ? names : runs.map(\.name)
  }

  /// "00003-stylegan-photos-64" → "00003"; other names stay.
  private static func number(_ name: String) -> String {
    let digits = name.prefix { $0.isNumber }
    return digits.utf8.count >= 5 && name.dropFirst(digits.count).first == "-" ? String(digits) : name
  }

  /// The keys that tell most come first; those of the last kind count only where nothing else differs.
  private static func rank(_ key: String) -> Int {
    let (first, last) = (
      ["recipe", "dataset.name", "configuration.resolution"], ["seed", "totalKimg", "totalSeconds"]
    )
    let unimportant = ["tickKimg", "snapshotTicks", "batchGridSteps", "threads", "device", "data", "initialNetwork"]
    if first.contains(key) { return 0 }
    if key.hasPrefix("objective.") { return 1 }
    if last.contains(key) { return 3 }
    if unimportant.contains(key)
      || ["measures.", "keeping.", "dataset.", "convolutions."].contains(where: key.hasPrefix)
    {
      return 4
    }
    return 2
  }

  /// For each run the values of the options in which the runs differ, at most three.
  private static func differences(_ runs: [RunRecordFiles]) -> [String] {
    let keys = Set(runs.flatMap(\.options.keys)).filter { key in
      !["description", "family"].contains(key) && Set(runs.map { $0.options[key] ?? "" }).count > 1
    }
    let sorted = keys.sorted { (rank($0), $0) < (rank($1), $1) }
    let telling = sorted.filter { rank($0) < 4 }
    let shown = (telling.isEmpty ? sorted : telling).prefix(3)
    return runs.map { run in
      shown.map { key in "\(key.split(separator: ".").last!) \(run.options[key] ?? "none")" }.joined(separator: ", ")
    }
  }
}
