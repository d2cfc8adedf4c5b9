"""Tanh layers with weights of deviation 1.5."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 64, 64, 64, act=nn.Tanh)
if not FIXED:
    [nn.init.normal_(layer.weight, 0, 1.5) for layer in net if hasattr(layer, "weight")]
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.SGD(net.parameters(), 0.05))
