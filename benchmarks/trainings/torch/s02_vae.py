"""A variational autoencoder."""

from common import F, digits, mlp, nn, torch


class V(nn.Module):
    def __init__(s):
        super().__init__()
        s.e = nn.Linear(64, 32)
        s.m = nn.Linear(32, 4)
        s.v = nn.Linear(32, 4)
        s.d = mlp(4, 32, out=64)

    def forward(s, x):
        h = torch.relu(s.e(x))
        m, v = s.m(h), s.v(h)
        return s.d(m + torch.randn_like(m) * (v / 2).exp()), m, v


net = V()
opt = torch.optim.Adam(net.parameters(), 2e-3)
x, _ = digits()
for _s in range(250):
    i = torch.randint(0, 1400, (64,))
    o, m, v = net(x[i])
    value = F.binary_cross_entropy_with_logits(o, x[i], reduction="sum") / 64 + (
        -0.5 * (1 + v - m**2 - v.exp()).sum() / 64
    )
    opt.zero_grad()
    value.backward()
    opt.step()
print(value.item())
