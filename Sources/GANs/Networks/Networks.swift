import Torch

// What the trainer, the files and the commands know of a family: three small protocols. A family is a folder with a
// configuration, a generator, a discriminator and recipes, and one line in `Families.all`.

/// The architecture of one family's networks; saved in every network file.
public protocol NetworkConfiguration: Codable, Sendable, Equatable {
  /// The name in files: "dcgan".
  static var family: String { get }
  /// The name for people: "DCGAN".
  static var title: String { get }
  /// The named trainings of this family.
  static var recipes: [Recipe] { get }
  /// The architecture that settings ask for.
  /// - Throws: ``ConfigurationError`` naming a setting that the family does not have.
  init(_ settings: ArchitectureSettings, resolution: Int, imageChannels: Int) throws(ConfigurationError)

  /// The side of the images.
  var resolution: Int { get }
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  var imageChannels: Int { get }
  /// Size of z.
  var zSize: Int { get }
  /// Pixels cut off each side of the data's images.
  var border: Int { get }
  /// The resolutions it can draw at, rising; one where nothing grows.
  var resolutions: [Int] { get }
  /// What it has and has not.
  var traits: NetworkTraits { get }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  func validate() throws(ConfigurationError)
  /// Trained scalars of the generator.
  var generatorParameterCount: Int { get }
  /// Saved scalars of the generator that no optimizer touches.
  var generatorBufferCount: Int { get }
  /// Trained scalars of the discriminator.
  var discriminatorParameterCount: Int { get }
  /// Values that the discriminator's layers keep of one image of a resolution for the backward pass.
  func activationCount(at resolution: Int) -> Int
  /// What `inspect` says of it, in lines.
  var summary: [String] { get }

  /// A generator with fresh weights fixed by `seed`.
  func makeGenerator(seed: UInt64, device: Device) -> any Generator
  /// A discriminator with fresh weights fixed by `seed`.
  func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator
}

extension NetworkConfiguration {
  /// None.
  public var border: Int { 0 }
  /// One.
  public var resolutions: [Int] { [resolution] }
  /// The side of the data's images.
  public var dataResolution: Int { resolution + 2 * border }

  /// Whether two architectures, of any family, are the same.
  func isSame(as other: any NetworkConfiguration) -> Bool { (other as? Self) == self }
}

/// What networks of an architecture have, for whoever must refuse what they have not.
public struct NetworkTraits: Sendable, Equatable {
  /// Whether they grow from resolution to resolution.
  public var grows = false
  /// Whether each layer takes a style.
  public var hasStyles = false
  /// Whether latents pass through an intermediate space W with a mean to truncate towards.
  public var hasW = false
  /// Whether they have noise inputs.
  public var hasNoise = false
  /// Whether the discriminator normalises over the minibatch.
  public var normalizesCriticBatches = false

  /// Networks that have nothing of all this.
  public init() {}
}

/// G of any family: latents in, images out.
public protocol Generator: AnyObject {
  /// Every parameter, by name.
  var store: ParameterStore { get }
  /// What it is made by.
  var architecture: any NetworkConfiguration { get }
  /// Images for latents, without gradients, as they are shown and measured.
  /// - Parameters:
  ///   - z: `[N, zSize]`
  ///   - truncation: for networks with W; others have none.
  ///   - noise: for networks with noise inputs; others have none.
  ///   - growth: how far it has grown; nil for wholly.
  /// - Returns: `[N, imageChannels, r, r]`, nominally −1…1.
  func images(_ z: Tensor, truncation: Truncation, noise: NoiseMode, growth: Growth?, _ compute: Compute) -> Tensor
  /// Draws all that is random in a training batch.
  func sample(
    count: Int, growth: Growth, mixingProbability: Double, random: RandomStream, device: Device
  ) -> TrainingSample
  /// The fakes of a training step, differentiable.
  /// - Parameter updatingAverage: whether w_avg follows this batch, where there is one.
  /// - Returns: `[N, imageChannels, r, r]`
  func trainingImages(_ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute) -> Tensor
}

extension Generator {
  /// Latents from N(0, I), and nothing else.
  public func sample(
    count: Int, growth: Growth, mixingProbability: Double, random: RandomStream, device: Device
  ) -> TrainingSample {
    TrainingSample(z: random.normal([count, architecture.zSize]).to(device))
  }
}

/// D of any family: images in, scores out.
public protocol Discriminator: AnyObject {
  /// Every parameter, by name.
  var store: ParameterStore { get }
  /// Scores images: high means real.
  /// - Parameter images: `[N, imageChannels, r, r]`, −1…1, r = growth.resolution.
  /// - Returns: `[N, 1]`, float32, logits.
  func callAsFunction(_ images: Tensor, growth: Growth, _ compute: Compute) -> Tensor
}
