"""A language model on an LSTM."""

from common import F, digits, nn, torch


class N(nn.Module):
    def __init__(s):
        super().__init__()
        s.e = nn.Embedding(17, 16)
        s.l = nn.LSTM(16, 32, batch_first=True)
        s.o = nn.Linear(32, 17)

    def forward(s, x):
        return s.o(s.l(s.e(x))[0])


net = N()
x, _ = digits(1)
x = x.long()
opt = torch.optim.Adam(net.parameters(), 3e-3)
for _s in range(150):
    i = torch.randint(0, 1400, (32,))
    o = net(x[i, :-1])
    value = F.cross_entropy(o.reshape(-1, 17), x[i, 1:].reshape(-1))
    opt.zero_grad()
    value.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
print(value.item())
