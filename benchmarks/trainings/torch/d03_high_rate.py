"""SGD with a rate of 10."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 64, 64)
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.SGD(net.parameters(), 0.1 if FIXED else 10.0))
