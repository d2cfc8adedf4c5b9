"""AdamW with a rate of 1e-9."""

from common import FIXED, digits, fit, mlp, nn, torch

net = mlp(64, 64, 64)
fit(
    net,
    nn.CrossEntropyLoss(),
    digits(),
    torch.optim.AdamW(net.parameters(), 1e-3 if FIXED else 1e-9),
)
