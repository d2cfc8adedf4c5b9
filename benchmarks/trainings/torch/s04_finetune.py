"""Fine-tuning: the first layer frozen on purpose."""

from common import digits, fit, mlp, nn, torch

net = mlp(64, 64, 64)
for p in net[:2].parameters():
    p.requires_grad = False
fit(
    net,
    nn.CrossEntropyLoss(),
    digits(),
    torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-3),
    epochs=5,
)
