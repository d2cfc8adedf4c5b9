"""A softmax before a loss that takes one."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 64)
net = net if FIXED else nn.Sequential(net, nn.Softmax(1))
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.Adam(net.parameters(), 3e-3))
