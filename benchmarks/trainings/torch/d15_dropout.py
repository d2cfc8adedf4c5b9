"""Dropout of 0.95."""

from common import FIXED, digits, fit, nn, torch

p = 0.2 if FIXED else 0.95
net = nn.Sequential(
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Dropout(p),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Dropout(p),
    nn.Linear(64, 10),
)
fit(net, nn.CrossEntropyLoss(), digits(), torch.optim.Adam(net.parameters(), 1e-3))
