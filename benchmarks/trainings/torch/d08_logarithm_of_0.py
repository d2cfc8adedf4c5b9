"""The logarithm of a probability that is 0."""

from common import FIXED, digits, fit, mlp, torch

net = mlp(64, 64)


def loss(o, y):
    p = torch.softmax(o * (1 if FIXED else 2000), 1)[torch.arange(len(y)), y]
    return -(p + (1e-7 if FIXED else 0)).log().mean()


fit(net, loss, digits(), torch.optim.Adam(net.parameters(), 1e-2))
