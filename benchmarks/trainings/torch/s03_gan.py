"""A GAN: two nets that learn against each other."""

from common import digits, mlp, nn, torch

G = mlp(8, 32, 32, out=64)
D = mlp(64, 32, out=1, act=lambda: nn.LeakyReLU(0.2))
x, _ = digits()
og = torch.optim.Adam(G.parameters(), 1e-3, betas=(0.5, 0.9))
od = torch.optim.Adam(D.parameters(), 1e-3, betas=(0.5, 0.9))
b = nn.BCEWithLogitsLoss()
for _s in range(250):
    r = x[torch.randint(0, 1400, (32,))]
    f = torch.sigmoid(G(torch.randn(32, 8)))
    value = b(D(r), torch.ones(32, 1)) + b(D(f.detach()), torch.zeros(32, 1))
    od.zero_grad()
    value.backward()
    od.step()
    g = b(D(f), torch.ones(32, 1))
    og.zero_grad()
    g.backward()
    og.step()
print(value.item(), g.item())
