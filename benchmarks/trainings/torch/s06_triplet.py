"""A triplet loss, which sees no labels."""

from common import digits, mlp, nn, np, torch

net = mlp(64, 64, out=8)
x, y = digits()
opt = torch.optim.Adam(net.parameters(), 1e-3)
L = nn.TripletMarginLoss()
for _s in range(250):
    i = torch.randint(0, 1400, (64,))
    p = torch.tensor([np.random.choice(np.where(y.numpy() == k)[0]) for k in y[i].tolist()])
    n = torch.tensor([np.random.choice(np.where(y.numpy() != k)[0]) for k in y[i].tolist()])
    value = L(net(x[i]), net(x[p]), net(x[n]))
    opt.zero_grad()
    value.backward()
    opt.step()
print(value.item())
