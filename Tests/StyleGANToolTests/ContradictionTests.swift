import Foundation
import Testing
import _TestSupport

/// Options that contradict each other or what they are used on, and how the program calls them.
@Suite struct ContradictionTests {
  static let contradictions: [BadInput] = [
    .init("train --resume sound-state --init-from net.safetensors", 64, "leave out --init-from"),
    .init(
      "generate --outdir OUT/new --network net.safetensors --seeds photo.png", 64,
      "neither a seed nor a file of latents"),
    .init("train --resume sound-state --data gone.idx3", 66, "gone.idx3 does not exist"),
    .init("generate --outdir OUT/new --network net.safetensors --noise-seed 4", 64, "use --noise-mode random"),
    .init(
      "generate --outdir OUT/new --network net.safetensors --noise-mode none --noise-seed 4", 64,
      "use --noise-mode random"),
    .init("interpolate --network net.safetensors --seeds 1,2 --psi-from 0.5 --outdir OUT/new", 64, "--path truncation"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --noise-seed 1 --outdir OUT/new", 64, "--noise-mode random"),
    .init("detector train --data missing --out OUT/no/d.safetensors", 73, "its folder does not exist"),
    .init("detector train --data missing --out OUT/mine.txt/d.safetensors", 73, "not a folder"),
    .init("directions --network net.safetensors --layers foo --outdir OUT/new", 64, "--layers has 'foo'"),
    .init(
      "style-mixing --network net.safetensors --rows 1 --cols 2 --styles 99 --outdir OUT/new", 64,
      "--styles has layer 99"),
    .init("generate --outdir OUT/new --network net.safetensors --class 3", 64, "leave out --class"),
    .init("generate --outdir OUT/new --network runs --seeds 1", 66, "it has runs: name one, such as runs/00000-"),
    .init(
      "generate --outdir OUT/new --network data-empty --seeds 1", 66, "name a network file, or the folder of a run"),
    .init("generate --outdir OUT/new --network sound-state --class 3", 64, "sound-state is not a conditional network"),
    .init("interpolate --network net.safetensors --seeds 1,2 --fps 0 --outdir OUT/new", 64, "--fps is 0, but"),
    .init("help nonsense", 64, "no command 'nonsense'"),
    .init("help dataset nonsense", 64, "no command 'dataset nonsense'"),
    .init(
      "interpolate --network net.safetensors --seeds 1,2 --moving-noise --noise-mode none --outdir OUT/new", 64,
      "--moving-noise needs noise"),
  ]

  /// Options of metrics and of growing networks that would have no effect.
  static let idle: [BadInput] = [
    (
      "metrics --network net.safetensors --data good.idx3 --metrics swd --detector fashion",
      "--detector has no effect on swd"
    ),
    ("metrics --network net.safetensors --metrics msssim --detector random-vgg,fashion", "--detector has no effect"),
    (
      "metrics --network net.safetensors --metrics ls --attributes gone.pt --detector fashion",
      "--detector has no effect"
    ),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics fid50k --attributes a.pt",
      "--attributes is for the metric ls"
    ),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics fid50k,swd --crop-faces",
      "--crop-faces is for path lengths"
    ),
    ("metrics --images good.idx3 --data good.idx3 --metrics swd --crop-faces", "--crop-faces is for path lengths"),
    ("metrics --network net.safetensors --metrics ppl_wend --mixing-stress 1,2", "ppl_wend mixes no latents"),
    ("metrics --network net.safetensors --data good.idx3 --metrics fid50k,ls --mixing-stress 2", "ls mixes no latents"),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics swd --resolution 16", "--resolution is for --images"
    ),
    ("metrics --network net.safetensors --metrics msssim --mirror", "--data is missing"),
    (
      "metrics --network net.safetensors --data good.idx3 --metrics msssim --no-mirror",
      "--no-mirror is for real images"
    ),
    ("train --data good.idx3 --outdir OUT/r --metrics swd --detector random-vgg", "--detector has no effect on swd"),
    ("train --data good.idx3 --outdir OUT/r --metrics fid50k --attributes a.pt", "--attributes is for the metric ls"),
    (
      "train --data good.idx3 --outdir OUT/r --cfg dcgan --penalty-resolution full",
      "--penalty-resolution is for a penalty"
    ),
    (
      "train --data good.idx3 --outdir OUT/r --no-growing --penalty-resolution current",
      "--penalty-resolution is for a penalty"
    ),
    (
      "train --data good.idx3 --outdir OUT/r --penalty none --penalty-resolution full",
      "--penalty-resolution is for a penalty"
    ),
  ].map { BadInput($0, 64, $1) }

  @Test(arguments: idle) func optionsWithoutEffectAreRefused(_ bad: BadInput) throws { try check(bad) }

  @Test(arguments: contradictions) func contradictionsAreRefused(_ bad: BadInput) throws { try check(bad) }

  /// What the library calls by its property, the program calls by its option.
  static let names: [BadInput] = [
    ("--batch 0", "--batch is 0,"), ("--batch 8:4,16:0", "--batch is 8:4,16:0,"), ("--lr nan", "--lr is nan,"),
    ("--w-dim 0", "--w-dim is 0,"), ("--kimg 0", "--kimg is 0,"),
    ("--gamma -1", "--gamma is -1,"), ("--mixing 2", "--mixing is 2,"),
    ("--critic-steps 0", "--critic-steps is 0,"), ("--ema-kimg -1", "--ema-kimg is -1,"),
    ("--tick 0", "--tick is 0,"),
    ("--snap 0", "--snap is 0,"), ("--start-resolution 6", "--start-resolution is 6,"),
    ("--fade-kimg -1", "--fade-kimg is -1,"), ("--stable-kimg -1", "--stable-kimg is -1,"),
    ("--cfg dcgan --features 0", "--features is 0,"), ("--cfg gan --bn-epsilon 0", "--bn-epsilon is 0,"),
    ("--cfg wgan --clip -1", "--clip is -1,"), ("--cfg wgan-gp --drift -1", "--drift is -1,"),
    ("--beta1 1", "--beta1 is 1,"), ("--beta2 -1", "--beta2 is -1,"), ("--ema-decay 1", "--ema-decay is 1,"),
    ("--cfg gan --sample-interval -1", "--sample-interval is -1,"), ("--fmap-base 0", "--fmap-base is 0,"),
    ("--pl-weight -1", "--pl-weight is -1,"), ("--pl-weight 2 --pl-decay 0", "--pl-decay is 0,"),
    ("--pl-weight 2 --pl-interval 0", "--pl-interval is 0,"), ("--pl-decay 0.1", "--pl-decay is for path length"),
    ("--cfg pggan --noise", "--noise means nothing to Progressive GAN"), ("--width huge", "The value 'huge'"),
    ("--cfg dcgan --cond", "--cond needs data with classes"),
    ("--cfg stylegan2 --no-styles", "--no-styles means nothing to StyleGAN2"),
    ("--cfg stylegan2 --no-constant-input", "--no-constant-input means nothing to StyleGAN2"),
    ("--cfg pggan --no-noise", "--no-noise means nothing to Progressive GAN"),
    ("--loss relativistic --halve-d-loss", "--halve-d-loss takes the mean of a loss on reals and one on fakes"),
    ("--batch 8:4,16:0", "--batch is 8:4,16:0, but must be 1 to 4096 at each resolution"),
    ("--lr 2", "--lr is 2, but must be above 0 and at most 1"), ("--batch 0", "--batch is 0, but must be 1 to 4096"),
    ("--init-from net.safetensors --cond", "--cond needs data with classes"),
    ("--minutes 0", "--minutes is 0, but"), ("--cond", "--cond needs data with classes"),
    ("--no-growing --start-resolution 8", "--start-resolution is for progressive growing"),
    ("--cfg dcgan --start-resolution 8", "--start-resolution is for progressive growing"),
    ("--start-resolution 64", "--start-resolution is 64, but must be a power of two from 4 to 16"),
    ("--pl-weight 2 --batch 4 --pl-batch-shrink 8", "--pl-batch-shrink is 8, but a minibatch has 4 images"),
    ("--p 0.2", "--p is the strength of a fixed augmentation: give --aug fixed too, or leave it out"),
    ("--aug fixed", "--aug fixed needs its strength: give --p 0.2"),
    ("--aug fixed --p 2", "--p is 2, but must be 0 to 1"),
    ("--aug ada --p 0.2", "--p is the strength of a fixed augmentation, but --aug ada finds its own"),
    ("--target 0.5", "--target is for adaptive augmentation: give --aug ada too"),
    ("--aug fixed --p 0.1 --ada-kimg 100", "--ada-kimg is for adaptive augmentation, but --aug is fixed"),
    ("--aug none --augpipe bg", "--augpipe chooses the changes of augmentation: give --aug ada too"),
    ("--aug ada --target 2", "--target is 2, but must be 0 to 1"),
    ("--aug ada --ada-interval 0", "--ada-interval is 0, but must be 1 to 1024"),
    ("--aug ada --augpipe gb", "The value 'gb' is invalid for '--augpipe <augpipe>'"),
    ("--cfg wgan --aug ada", "--aug ada looks at the signs of D's scores, which mean nothing here"),
    ("--subset 0", "--subset is 0, but must be 1 or more"),
    ("--subset 100000", "a subset of 100000 images is asked for, but"),
    ("--metric-samples 10", "--metric-samples is for metrics"),
    ("--metrics none --metric-samples 10", "--metrics none measures nothing, so --metric-samples has no effect"),
    ("--metrics none --detector auto", "--metrics none measures nothing, so --detector has no effect"),
    ("--metrics swd --detector auto", "--detector has no effect on swd"),
    ("--metrics swd,msssim --attributes a", "--attributes is for the metric ls"),
    ("--keep 0", "--keep is 0,"),
    ("--keep some", "The value 'some' is invalid for '--keep <number>': write a number of networks, or all"),
    ("--kimg 1e30", "--kimg is 1e+30, but must be above 0 and at most 1000000000"),
    ("--tick 1e300", "--tick is 1e+300, but must be above 0 and at most 1000000"),
    ("--snap 2000000", "--snap is 2000000, but must be 1 to 1000000"),
    ("--fade-kimg 1e30", "--fade-kimg is 1e+30, but must be 0 to 1000000000"),
    ("--hours 0", "--hours is 0, but must be above 0 and at most 100000"),
    ("--hours 1 --minutes 2", "--hours and --minutes both set the time"),
    ("--hours 1 --kimg 2", "--hours sets the length, the growth and R1 of a training: leave out --kimg"),
    ("--hours 1 --cfg dcgan", "--hours is a recipe of its own for StyleGAN: leave out --cfg dcgan"),
    ("--kernels quick", "The value 'quick' is invalid for '--kernels <kernels>'"),
    ("--batchsize 4", "Unknown option '--batchsize'. Did you mean '--batch'?"),
    ("--kimg 1 --keep-best swd", "--keep-best is swd, but the run does not measure it: give --metrics swd"),
    ("--keep 2 --keep-best swd", "--keep-best is swd, but the run does not measure it: give --metrics swd"),
    ("--keep all --keep-best swd", "--keep all keeps the best network too"), ("--desc _", "--desc is ''"),
    ("--data-changed", "--data-changed is for a resumed run"),
    ("--cfg dcgan --mixing 0.5", "there are no styles to mix in this DCGAN: use --mixing 0"),
  ].map { BadInput("train --data good.idx3 --outdir OUT/runs \($0)", 64, "error: \($1)") }

  @Test(arguments: names) func optionsAreNamed(_ bad: BadInput) throws { try check(bad) }

  private func check(_ bad: BadInput) throws {
    let out = try TemporaryFolder()
    try "mine".write(toFile: out.file("mine.txt"), atomically: true, encoding: .utf8)
    try bad.check(out: out.path)
  }
}
