import Torch
let s = RandomStream(seed: 1)
let x = s.normal([2, 3, 8, 8]).requiringGradient()
let y = x.squared().sum()
print(gradients(of: y, withRespectTo: [x])[0].shape, y, Processor.hasBFloat16)
