// The options of NVIDIA's StyleGAN, StyleGAN2, StyleGAN2-ADA and StyleGAN3 programs that people know, one by one.

extension ForeignOptions {
  static let table: [ForeignOption] = training + drawing + projection + measuring + datasets + addresses

  private static let training: [ForeignOption] = [
    .init("train", "--cfg", examples: ["stylegan2", "auto", "paper256", "cifar", "stylegan3-t"]) { use in
      switch use.value {
      case "auto", "paper256", "paper512", "paper1024", "cifar", "11gb-gpu", "24gb-gpu", "48gb-gpu":
        return .explain(
          "--cfg \(use.value) is a set of options of StyleGAN2-ADA: write --cfg stylegan2, with --gamma and --batch")
      case "stylegan3-t", "stylegan3-r":
        return .explain("--cfg \(use.value) is a StyleGAN3 network, which this version lacks: write --cfg stylegan2")
      default: return .same
      }
    },
    .init("train, metrics", "--gpus, --num-gpus", examples: ["1", "0", "8"]) { use in
      switch Int(use.value) {
      case 1:
        use.value(of: "--device") == nil ? .write(["--device", "cuda"]) : .leaveOut("--device chooses the device")
      case 0: .leaveOut("the CPU is the default")
      default:
        .explain(
          "\(use.name) is \(use.value), but this program uses one device: write --device cuda"
            + (use.arguments.first == "train" ? ", and the whole minibatch as --batch" : ""))
      }
    },
    boolean("train", "--mirror, --mirror-augment", on: ["--mirror"], off: "pictures are not mirrored by default"),
    boolean("train", "--cond", on: ["--cond"], off: "networks are unconditional by default"),
    .init("train", "--aug", examples: ["noaug", "ada", "fixed"]) { use in
      use.value == "noaug"
        ? .leaveOut("there is no augmentation besides --mirror")
        : .explain(
          "--aug \(use.value) is augmentation of the discriminator's images, which this version lacks: leave out --aug; "
            + "--mirror doubles the data")
    },
    .init("train", "--p, --target, --augpipe", examples: ["0.2"]) { use in
      .explain(
        "\(use.name) is an option of augmentation (ADA), which this version lacks: leave it out; --mirror doubles the "
          + "data")
    },
    .init("train", "--subset", examples: ["1000"]) { use in
      .explain(
        "--subset would train on \(use.value) of the pictures, which this version cannot choose: put those pictures "
          + "into a folder of their own and name it with --data")
    },
    .init("train", "--resume", examples: ["noresume", "ffhq256", "https://example.com/ffhq.pkl", "latest"]) { use in
      if case .explain(let sentence) = address(use) { return .explain(sentence) }
      if use.value == "noresume" { return .leaveOut("a training starts anew without --resume") }
      let downloads = [
        "ffhq256", "ffhq512", "ffhq1024", "celebahq256", "celebahq1024", "lsundog256", "ffhqu256", "ffhqu1024",
        "metfaces1024", "metfacesu1024", "afhqcat512", "afhqdog512", "afhqwild512", "afhqv2", "brecahad512",
      ]
      guard downloads.contains(use.value) else { return .same }
      return .explain(
        "--resume \(use.value) is a network that NVIDIA's programs download, a pickle, which this version cannot read: "
          + "start anew without --resume, or from a network of this program with --init-from FILE")
    },
    .init("train", "--freezed", examples: ["0", "10"]) { use in
      use.value == "0"
        ? .leaveOut("no layer of D is frozen")
        : .explain("--freezed would freeze layers of D, which this version cannot do: leave it out")
    },
    boolean("train", "--fp32", on: ["--precision", "fp32"], off: "fp32 is the default, --precision auto is faster"),
    .init("train", "--batch-gpu", examples: ["4"]) { _ in
      .explain(
        "--batch-gpu cuts a minibatch into parts, but here it is computed as a whole: write its size as --batch, "
          + "smaller if memory is short")
    },
    .init("train", "--cbase", examples: ["32768", "x"]) { use in
      // There: maps = cbase / r; here: maps = base / 2^(log2 r − 1) = 2·base / r.
      guard let base = Int(use.value), base > 1 else {
        return .explain("--cbase is '\(use.value)', but must be a whole number; here it is twice --fmap-base")
      }
      return .write(["--fmap-base", "\(base / 2)"])
    },
    .init("train", "--cmax", examples: ["512"]) { .write(["--fmap-max", $0.value]) },
    .init("train", "--glr, --dlr", examples: ["--glr=0.002 --dlr=0.002", "0.0025"]) { use in
      guard use.value(of: "--glr") == use.value(of: "--dlr") else {
        return .explain(
          "\(use.name) is the learning rate of one network, but here G and D have the same: write --lr \(use.value)")
      }
      return use.name == "--glr" ? .write(["--lr", use.value]) : .leaveOut("--lr is the rate of both networks")
    },
    .init("train", "--lrate", examples: ["0.002"]) { .write(["--lr", $0.value]) },
    .init("train", "--total-kimg, --nkimg", examples: ["1000"]) { .write(["--kimg", $0.value]) },
    .init("train", "--res", examples: ["64"]) { .write(["--resolution", $0.value]) },
    .init("train", "--config", examples: ["config-f"]) { use in
      .explain("--config \(use.value) is a recipe of StyleGAN2's first program: write --cfg stylegan2")
    },
    .init("train", "--mbstd-group", examples: ["4", "8"]) { use in
      use.value == "4"
        ? .leaveOut("4 is the size of a group")
        : .explain("--mbstd-group is \(use.value), but the group size is always 4 here: leave it out")
    },
    .init("train", "-n", .flag, examples: [""]) { _ in .write(["--dry-run"]) },
    .init("train", "--workers", examples: ["3"]) { _ in .leaveOut("pictures are read ahead by threads of its own") },
    boolean(
      "train", "--nobench, --bench, --nhwc, --allow-tf32, --nvprof", on: nil, off: "libtorch chooses its kernels"),
    same("train", ["--data=photos.zip", "--kimg=1000", "--batch=32", "--gamma=10", "--snap=10", "--tick=4"]),
    same("train", ["--seed=1", "--metrics=none", "--map-depth=2", "--dry-run"]),
  ]

  private static let drawing: [ForeignOption] = [
    .init("generate", "--projected-w, --dlatents", examples: ["projected_w.npz"]) { use in
      guard let seeds = use.value(of: "--seeds") else { return .write(["--seeds", use.value]) }
      return .explain("\(use.name) and --seeds are one option here: write --seeds \(seeds),\(use.value)")
    },
    .init("generate", "--translate, --rotate", examples: ["0,0", "0.3,1"]) { use in
      ["0", "0,0"].contains(use.value)
        ? .leaveOut("there is no movement")
        : .explain("\(use.name) moves the input of a StyleGAN3 network, which this version lacks: leave it out")
    },
    .init("generate, style-mixing", "--truncation-psi", examples: ["0.7"]) { .write(["--trunc", $0.value]) },
    .init("style-mixing", "--row-seeds", examples: ["85,100"]) { .write(["--rows", $0.value]) },
    .init("style-mixing", "--col-seeds", examples: ["55,821"]) { .write(["--cols", $0.value]) },
    .init("style-mixing", "--col-styles", examples: ["0-2"]) { .write(["--styles", $0.value]) },
    .init("generate, style-mixing, train", "--result-dir", examples: ["out"]) { .write(["--outdir", $0.value]) },
    same("generate", ["--seeds=85,265,297", "--trunc=0.7", "--class=3", "--noise-mode=random", "--outdir=out"]),
    same("style-mixing", ["--rows=85,100", "--cols=55,821", "--styles=0-2", "--trunc=0.7", "--outdir=out"]),
    .init("interpolate", "--output", examples: ["lerp.mp4"]) { _ in
      .explain(
        "--output names a file, but here the animation is interpolation.mp4 of a folder: write --outdir out --format mp4"
      )
    },
    .init("interpolate", "--w-frames", examples: ["120"]) { .write(["--frames", $0.value]) },
    .init("interpolate", "--num-keyframes, --shuffle-seed", examples: ["4"]) { use in
      .explain("\(use.name) changes the order of seeds: leave it out, and write the seeds in their order as --seeds")
    },
    same("interpolate", ["--seeds=0-3", "--grid=2x1", "--trunc=1"]),
  ]

  private static let projection: [ForeignOption] = [
    .init("project", "--target", examples: ["photo.png"]) { _ in .argument(0) },
    .init("project", "--num-steps", examples: ["500"]) { .write(["--steps", $0.value]) },
    .init("project", "--save-video", .boolean, examples: ["0", "1"]) { use in
      use.isOn == false
        ? .leaveOut("no video is made")
        : .explain(
          "--save-video is not possible here: leave it out; NAME-projected.png shows the projection beside the picture")
    },
    same("project", ["--seed=303", "--outdir=out"]),
  ]

  private static let measuring: [ForeignOption] = [
    boolean("metrics", "--verbose", on: nil, off: "progress is shown, --quiet hides it"),
    .init("metrics", "--mirror", .boolean, examples: ["1", "0"]) { use in
      .write([use.isOn ?? true ? "--mirror" : "--no-mirror"])
    },
    same("metrics", ["--metrics=fid50k_full", "--data=photos.zip"]),
  ]

  private static let datasets: [ForeignOption] = [
    .init("dataset build", "--source", examples: ["--source=photos --dest=photos.zip"]) { _ in .argument(0) },
    .init("dataset build", "--dest", examples: []) { _ in .argument(1) },
    .init("dataset build", "--width, --height", examples: ["--width=256 --height=256", "512"]) { use in
      guard let (width, height) = Optional((use.value(of: "--width"), use.value(of: "--height"))), width == height
      else {
        return .explain(
          "\(use.name) is one side, but the images of a data set are squares: write --resolution with a power of two")
      }
      return use.name == "--width" ? .write(["--resolution", use.value]) : .leaveOut("--resolution is both sides")
    },
    .init("dataset build", "--resolution", examples: ["256x256", "512x256", "256"]) { use in
      let sides = use.value.lowercased().components(separatedBy: "x")
      guard sides.count == 2 else { return .same }
      return sides[0] == sides[1]
        ? .write(["--resolution", sides[0]])
        : .explain("--resolution is \(use.value), but the images of a data set are squares: write a power of two")
    },
    .init("dataset build", "--transform", examples: ["center-crop", "center-crop-wide"]) { use in
      use.value == "center-crop"
        ? .write(["--crop", "center"])
        : .explain(
          "--transform \(use.value) is not possible here: write --crop center, which crops the central square, or "
            + "--crop none, which stretches")
    },
    .init("dataset build", "--resize-filter", examples: ["lanczos", "box"]) { use in
      .write(["--resize", use.value == "box" ? "area" : use.value])
    },
    .init("dataset build", "--max-images", examples: ["1000"]) { _ in
      .explain(
        "--max-images would take only the first pictures, which this version cannot do: put them into a folder of "
          + "their own")
    },
  ]

  /// Options of ours whose value may be an address.
  private static let addresses: [ForeignOption] = [
    .init(
      "generate, style-mixing, interpolate, project, metrics, figures, directions", "--network",
      examples: ["https://example.com/ffhq.pkl", "net.safetensors"]
    ) { address($0) },
    .init(
      "train, metrics, project, figures, directions", "--data", examples: ["https://example.com/photos.zip"]
    ) { use in
      isAddress(use.value)
        ? .explain(
          "--data is an address, and nothing is downloaded from there: run `curl -L -O \(use.value)`, and name the file"
        )
        : .same
    },
    .init("train", "--init-from", examples: ["https://example.com/ffhq.pkl"]) { address($0) },
  ]

  /// Whether a value is an address such as https://example.com/a.zip.
  static func isAddress(_ value: String) -> Bool {
    guard let colon = value.range(of: "://") else { return false }
    let scheme = value[..<colon.lowerBound]
    return !scheme.isEmpty && scheme.allSatisfy { $0.isLetter || $0.isNumber }
  }

  private static func address(_ use: ForeignOption.Use) -> ForeignOption.Answer {
    addressSentence(use.value).map { .explain($0) } ?? .same
  }

  /// Why an address cannot be used as a network, and what to do; nil for a path.
  static func addressSentence(_ value: String) -> String? {
    guard isAddress(value) else { return nil }
    let name = value.split(separator: "/").last.map(String.init) ?? ""
    if [".pkl", ".pickle", ".pt", ".pth"].contains(where: name.lowercased().hasSuffix) {
      return "\(value) is a network of NVIDIA's or another PyTorch program, a pickle, which this version cannot read: "
        + "use a network that this program trained"
    }
    return
      "\(value) is an address, and networks are not downloaded: run `curl -L -O \(value)`, and name the file \(name)"
  }

  /// An option with yes or no. Without a word it means yes.
  private static func boolean(_ commands: String, _ names: String, on: [String]?, off: String) -> ForeignOption {
    .init(commands, names, .boolean, examples: ["1", "0"]) { use in
      guard let on, use.isOn ?? true else { return .leaveOut(off) }
      return .write(on)
    }
  }

  /// Options that are the same here.
  private static func same(_ command: String, _ examples: [String]) -> ForeignOption {
    .init(command, "the same", examples: examples) { _ in .same }
  }
}
