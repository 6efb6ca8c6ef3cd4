/// StyleGAN's discriminator: Progressive GAN's with filtered downsampling (StyleGAN §2; Table 1, B).
public typealias StyleGANDiscriminator = ProgressiveDiscriminator<StyleGANConfiguration>
