"""Eight sigmoid layers."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, *[32] * 8, act=nn.ReLU if FIXED else nn.Sigmoid)
if FIXED:
    [
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        for layer in net
        if hasattr(layer, "weight")
    ]
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.SGD(net.parameters(), 0.05, momentum=0.9))
