"""A small transformer with label smoothing."""

from common import digits, fit, nn, torch


class N(nn.Module):
    def __init__(s):
        super().__init__()
        s.i = nn.Linear(8, 16)
        s.p = nn.Parameter(torch.randn(8, 16) * 0.1)
        s.t = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.1),
            2,
            enable_nested_tensor=False,
        )
        s.o = nn.Linear(16, 10)

    def forward(s, x):
        return s.o(s.t(s.i(x.view(-1, 8, 8)) + s.p).mean(1))


net = N()
fit(
    net,
    nn.CrossEntropyLoss(label_smoothing=0.1),
    digits(),
    torch.optim.AdamW(net.parameters(), 3e-3),
    epochs=5,
)
