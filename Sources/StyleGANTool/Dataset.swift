import ArgumentParser

/// `stylegan dataset`: look at data, check it, make a dataset of it.
struct Dataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check, build and describe datasets.",
    subcommands: [DatasetCheck.self, DatasetBuild.self, DatasetInfo.self])
}
