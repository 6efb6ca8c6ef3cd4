import ArgumentParser

/// `stylegan dataset`: checks, builds and describes datasets.
struct Dataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check, build and describe datasets.",
    discussion: """
      A dataset is one of:
        a folder of pictures of any kind, size and depth; subfolders are classes
        a ZIP of pictures, with or without dataset.json
        IDX files (MNIST, Fashion-MNIST), plain or .gz, or their folder; 28×28 pictures get a border to 32×32
        CIFAR-10 .bin files, or their folder
        fashion-mnist or fashion-mnist-test, downloaded if missing

      Examples:
        stylegan dataset check photos/ --resolution 64
        stylegan dataset build photos/ photos.zip --resolution 64
        stylegan dataset info photos.zip
      """,
    subcommands: [DatasetCheck.self, DatasetBuild.self, DatasetInfo.self])
}
