/// Progressive GAN's discriminator (Karras et al. 2018, Table 2): downsampling by the mean of 2×2 squares, without filters.
public typealias PGGANDiscriminator = ProgressiveDiscriminator<PGGANConfiguration>
