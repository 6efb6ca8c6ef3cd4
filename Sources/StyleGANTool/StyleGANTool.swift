import ArgumentParser

/// The program `stylegan`.
@main
struct StyleGAN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stylegan", abstract: "Generative adversarial networks, from the first to StyleGAN.",
    subcommands: [Dataset.self])
}
