"""A ResNet with BatchNorm."""

from common import digits, fit, nn, torch


class B(nn.Module):
    def __init__(s, c):
        super().__init__()
        s.a = nn.Conv2d(c, c, 3, padding=1, bias=False)
        s.b = nn.BatchNorm2d(c)
        s.c = nn.Conv2d(c, c, 3, padding=1, bias=False)
        s.d = nn.BatchNorm2d(c)

    def forward(s, x):
        return torch.relu(x + s.d(s.c(torch.relu(s.b(s.a(x))))))


net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    B(8),
    B(8),
    B(8),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(8, 10),
)
fit(
    net,
    nn.CrossEntropyLoss(),
    digits(images=True),
    torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=5e-4),
    epochs=5,
)
