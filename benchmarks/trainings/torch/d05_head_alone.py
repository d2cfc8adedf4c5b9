"""The optimiser was given the last layer alone, on a bad random start."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 32, 32)
if not FIXED:
    for layer in net[:4]:
        if hasattr(layer, "weight"):
            nn.init.normal_(layer.weight, 0, 2)
p = net.parameters() if FIXED else net[4].parameters()
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.SGD(p, 0.1 if FIXED else 1e-5))
