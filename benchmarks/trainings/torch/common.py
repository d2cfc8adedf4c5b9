"""Data and the plain PyTorch loop that these trainings share; nothing here knows vizframe.

FIXED is true with --fixed: the same script with the fault repaired. SEED changes the seed.
"""

import os
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F  # noqa: F401 (for the trainings)
from torch import nn

FIXED = "--fixed" in sys.argv
SEED = int(os.environ.get("SEED", "0"))
np.random.seed(SEED)
random.seed(SEED)
torch.manual_seed(SEED)
torch.set_num_threads(1)


def digits(scale=1 / 16, images=False):
    from sklearn.datasets import load_digits

    d = load_digits()
    order = np.random.RandomState(3).permutation(len(d.target))
    x, y = (d.data[order] * scale).astype("float32"), d.target[order].astype("int64")
    if images:
        x = x.reshape(-1, 1, 8, 8)
    return torch.tensor(x[:1400]), torch.tensor(y[:1400])


def diabetes():
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    return torch.tensor(x.astype("float32")), torch.tensor(y.astype("float32"))


def mlp(i, *w, out=10, act=nn.ReLU):
    layers = []
    for k in w:
        layers += [nn.Linear(i, k), act()]
        i = k
    return nn.Sequential(*layers, nn.Linear(i, out))


def fit(net, loss, data, opt, epochs=8, batch=32, zero=True, shuffle=True, each=None):
    dl = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*data), batch, shuffle=shuffle, drop_last=True
    )
    step = 0
    for _e in range(epochs):
        for x, y in dl:
            if each:
                x, y = each(step, x, y)
            if zero:
                opt.zero_grad()
            value = loss(net(x), y)
            value.backward()
            opt.step()
            step += 1
    print("steps", step, "loss", value.item())
