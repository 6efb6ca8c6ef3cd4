import Torch
import Images
print(Torch.probe(), Images.probe())
