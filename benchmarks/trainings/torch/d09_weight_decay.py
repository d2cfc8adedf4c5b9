"""A weight decay of 0.8."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 64, 64)
fit(
    net,
    nn.CrossEntropyLoss(),
    digits(),
    torch.optim.SGD(net.parameters(), 0.1, weight_decay=0 if FIXED else 0.8),
)
