import Torch

// Trainer, files and commands use a family through three small protocols. A family is a folder with a configuration, a
// generator, a discriminator and recipes, and one line in `Families.all`.

/// The architecture of one family's networks; saved in every network file.
public protocol NetworkConfiguration: Codable, Sendable, Equatable {
  /// The name in files: "dcgan".
  static var family: String { get }
  /// The name for people: "DCGAN".
  static var title: String { get }
  /// The named trainings of this family.
  static var recipes: [Recipe] { get }
  /// The settings of this family.
  static var settings: [Setting] { get }
  /// The family's defaults for images of a size. `asked` matters only where one default depends on another setting.
  static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self

  /// The side of the images.
  var resolution: Int { get }
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  var imageChannels: Int { get }
  /// Size of z.
  var zSize: Int { get }
  /// Size of the label vector: the number of classes, or of the numbers of a label; 0 without labels.
  var labelSize: Int { get set }
  /// Whether colors are multiplied by alpha; nil: they are not. See ``isPremultiplied``.
  var premultiplied: Bool? { get set }
  /// Pixels cropped from each side of the data's images.
  var border: Int { get }
  /// The resolutions of its images, ascending; one for a network that does not grow.
  var resolutions: [Int] { get }
  /// The optional parts of its networks.
  var traits: NetworkTraits { get }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  func validate() throws(ConfigurationError)
  /// Values that the discriminator's layers keep for the backward pass of one image of a resolution.
  func activationCount(at resolution: Int) -> Int
  /// A description in lines, for `inspect`.
  var summary: [String] { get }

  /// A generator with fresh weights fixed by `seed`.
  func makeGenerator(seed: UInt64, device: Device) -> any Generator
  /// A discriminator with fresh weights fixed by `seed`.
  func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator
}

extension NetworkConfiguration {
  /// No border.
  public var border: Int { 0 }
  /// Only the full resolution.
  public var resolutions: [Int] { [resolution] }
  /// No labels; a family with labels stores this property.
  public var labelSize: Int {
    get { 0 }
    set { precondition(newValue == 0, "\(Self.title) takes no labels") }
  }
  /// Straight colors; a family with alpha stores this property.
  public var premultiplied: Bool? {
    get { nil }
    set { precondition(newValue == nil, "\(Self.title) has straight colors") }
  }
  /// The side of the data's images.
  public var dataResolution: Int { resolution + 2 * border }
  /// Checks the size of labels.
  /// - Throws: ``ConfigurationError`` naming the field.
  func requireLabelSize() throws(ConfigurationError) {
    try require((0...100_000).contains(labelSize), "labelSize", labelSize, "0 (no labels) to 100000")
  }
  /// The complete growth.
  public var grown: Growth { Growth(resolution: resolution) }
}

/// The optional parts of an architecture's networks. They decide which options and commands apply.
public struct NetworkTraits: Sendable, Equatable {
  /// Whether they grow progressively.
  public var grows = false
  /// Whether each layer takes a style.
  public var hasStyles = false
  /// Whether they have an intermediate latent space W.
  public var hasW = false
  /// Whether they have noise inputs.
  public var hasNoise = false
  /// Whether they can be conditioned on labels.
  public var takesLabels = false
  /// Whether weights have an equalized learning rate: layers scale them by 1/√fan-in (PGGAN §4.1).
  public var hasEqualizedWeights = false
  /// Whether the generator, and whether the discriminator, normalizes over the minibatch.
  public var normalizesGeneratorBatches = false, normalizesCriticBatches = false

  /// Networks without any of these parts.
  public init() {}
}

/// The sizes of an architecture's networks, in scalars.
public struct NetworkSize: Sendable, Equatable {
  /// Trained scalars.
  public let generator, discriminator: Int
  /// Saved scalars of the generator that are not trained.
  public let generatorBuffers: Int

  /// Counts the parameters of networks on the meta device, which have shapes but no memory.
  public init(of configuration: any NetworkConfiguration) {
    func count(_ parameters: [Parameter]) -> Int { parameters.reduce(0) { $0 + $1.value.elementCount } }
    let (g, d) = (
      configuration.makeGenerator(seed: 0, device: .meta).store,
      configuration.makeDiscriminator(seed: 0, device: .meta).store
    )
    (generator, discriminator) = (count(g.parameters), count(d.parameters))
    generatorBuffers = count(g.buffers)
  }
}

/// G of any family: latents in, images out.
public protocol Generator: AnyObject {
  /// Every parameter, by name.
  var store: ParameterStore { get }
  /// The architecture.
  var architecture: any NetworkConfiguration { get }
  /// Images for latents, without gradients.
  /// - Parameters:
  ///   - z: `[N, zSize]`
  ///   - condition: one for each latent; nil for networks without labels.
  ///   - truncation: of w; networks without W ignore it.
  ///   - noise: of the noise inputs; networks without them ignore it.
  ///   - growth: the growth of the network; nil for the full resolution.
  /// - Returns: `[N, imageChannels, r, r]`, nominally −1…1.
  func images(
    _ z: Tensor, condition: Condition?, truncation: Truncation, noise: NoiseMode, growth: Growth?, _ compute: Compute
  ) -> Tensor
  /// Draws all random inputs of a training batch.
  func sample(count: Int, condition: Condition?, growth: Growth, mixingProbability: Double, random: SamplingStreams)
    -> TrainingSample
  /// The fakes of a training step, differentiable.
  /// - Parameter updatingAverage: whether to update w_avg from this batch, in networks with W.
  /// - Returns: `[N, imageChannels, r, r]`
  func trainingImages(_ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute) -> Tensor
}

extension Generator {
  /// Draws only latents, from N(0, I).
  public func sample(
    count: Int, condition: Condition?, growth: Growth, mixingProbability: Double, random: SamplingStreams
  ) -> TrainingSample { TrainingSample(z: random.tensors.normal([count, architecture.zSize]), condition: condition) }
}

/// D of any family: images in, scores out.
public protocol Discriminator: AnyObject {
  /// Every parameter, by name.
  var store: ParameterStore { get }
  /// Scores images: high means real.
  /// - Parameters:
  ///   - images: `[N, imageChannels, r, r]`, −1…1, r = growth.resolution.
  ///   - condition: one for each image; nil for networks without labels.
  /// - Returns: `[N, 1]`, float32, logits.
  func callAsFunction(_ images: Tensor, condition: Condition?, growth: Growth, _ compute: Compute) -> Tensor
}
