"""Small nets built as the well-known modern ones are."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

functional = nn.functional


class Vit(nn.Module):
    """Tokens of patches behind a class token, self-attention by PyTorch's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.place = nn.Parameter(torch.randn(1, 13, 8))
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.patch(x)
        n, c, h, w = x.shape
        x = x.reshape(n, c, h * w).permute(0, 2, 1)
        x = torch.cat([self.token.expand(n, -1, -1), x], dim=1) + self.place
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(x)
        return self.head(x[:, 0])


class TimmVit(nn.Module):
    """Attention written out, as timm has it: queries, keys and values of one linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.qkv, self.proj, self.head = nn.Linear(8, 24), nn.Linear(8, 8), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        seen = ((q * 0.5) @ k.transpose(-2, -1)).softmax(dim=-1)
        x = x + self.proj((seen @ v).transpose(1, 2).reshape(n, t, c))
        return self.head(x.mean(dim=1))


class TorchvisionVit(Vit):
    """As torchvision writes it: sequences come first, and what is skipped is added last."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.place
        y = self.norm(x).transpose(0, 1)
        x = self.attention(y, y, y, need_weights=False)[0].transpose(0, 1) + x
        return self.head((self.mlp(x) + x)[:, 0])


class ConvNext(nn.Module):
    """Channels go last for a normalization and two linear maps, and first again."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 2, 2)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.norm, self.wide, self.narrow = nn.LayerNorm(6), nn.Linear(6, 12), nn.Linear(12, 6)
        self.scale = nn.Parameter(torch.ones(6, 1, 1))
        self.next = nn.Conv2d(6, 4, 3, padding=1)
        self.head = nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.narrow(functional.gelu(self.wide(self.norm(y)))).permute(0, 3, 1, 2)
        return self.head(self.next(x + self.scale * y).mean((2, 3)))


class Swin(nn.Module):
    """Windows of a channels-last map that are shifted, with a mask that is written in place."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.qkv, self.proj, self.head = nn.Linear(8, 24), nn.Linear(8, 8), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.norm(self.patch(x).permute(0, 2, 3, 1))
        n, h, w, c = x.shape
        y = torch.roll(x, (-1, -1), (1, 2)).view(n, h // 2, 2, w // 2, 2, c)
        y = y.permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        mask = y.new_zeros((h, w))
        mask[: h - 1, : w - 1] = 1
        mask[h - 1 :, w - 1 :] = 2
        mask = mask.view(h // 2, 2, w // 2, 2).permute(0, 2, 1, 3).reshape(-1, 4)
        apart = (mask[:, None] != mask[:, :, None]).float() * -9.0
        bias = self.qkv.bias.clone()
        bias[8:16].zero_()
        q, k, v = functional.linear(y, self.qkv.weight, bias).chunk(3, dim=-1)
        seen = (q @ k.transpose(-2, -1)).view(n, -1, 4, 4) + apart
        y = (seen.softmax(-1).view(-1, 4, 4) @ v).view(n, h // 2, w // 2, 2, 2, c)
        y = y.permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        x = x + self.proj(torch.roll(y, (1, 1), (1, 2)))
        return self.head(x.mean((1, 2)))


class PaddedWindows(nn.Module):
    """Windows of a shifted map with zeros behind it, in the images' axis, as timm's Swin has them:
    its linear maps are called inside of the windows."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8)
        self.qkv, self.proj, self.head = nn.Linear(8, 24), nn.Linear(8, 8), nn.Linear(8, 5)

    def windows(self, x: Any) -> Any:
        """(images · 4, 12, c) of (images, 6, 5, c)."""
        x = functional.pad(torch.roll(x, (-1, -2), (1, 2)), (0, 0, 0, 1, 0, 2))
        n, h, w, c = x.shape
        x = x.view(n, h // 4, 4, w // 3, 3, c).permute(0, 1, 3, 2, 4, 5).contiguous()
        return x.view(-1, 4, 3, c).view(-1, 12, c)

    def forward(self, x: Any) -> Any:
        x = self.norm(self.patch(x).permute(0, 2, 3, 1))
        y = self.windows(x)
        q, k, v = self.qkv(y).reshape(-1, 12, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(q, k, v)
        y = self.proj(y.transpose(1, 2).reshape(-1, 12, 8))
        y = y.view(-1, 4, 3, 8).view(-1, 2, 2, 4, 3, 8).permute(0, 1, 3, 2, 4, 5)
        y = y.contiguous().view(-1, 8, 6, 8)[:, :6, :5, :].contiguous()
        x = x + torch.roll(y, (1, 2), (1, 2))
        return self.head(x.mean((1, 2)))


class GridWindows(nn.Module):
    """Windows in an axis of their own, that look at the same place of every window, written with
    equations: as torchvision's MaxViT has them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8)
        self.qkv, self.merge = nn.Linear(8, 24), nn.Linear(8, 8)
        self.next, self.head = nn.Conv2d(8, 4, 3, padding=1), nn.Linear(4, 5)

    def windows(self, x: Any) -> Any:
        """(images, 6, 4, c) of (images, 6, 4, c): a place of every window in each row."""
        n, h, w, c = x.shape
        x = x.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(n, -1, 4, c).swapaxes(-2, -3)

    def forward(self, x: Any) -> Any:
        x = self.patch(x)
        n, c, h, w = x.shape
        y = self.norm(self.windows(x.permute(0, 2, 3, 1)))
        parts = (each.reshape(n, 4, 6, 2, 4) for each in self.qkv(y).chunk(3, dim=-1))
        q, k, v = (each.permute(0, 1, 3, 2, 4) for each in parts)
        seen = torch.einsum("B G H I D, B G H J D -> B G H I J", q, k).softmax(-1)
        y = torch.einsum("B G H I J, B G H J D -> B G H I D", seen, v)
        y = self.merge(y.permute(0, 1, 3, 2, 4).reshape(n, 4, 6, c)).swapaxes(-2, -3)
        y = y.reshape(n, h // 2, w // 2, 2, 2, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return self.head(self.next(x + y).mean((2, 3)))


class MergedPatches(nn.Module):
    """Pixels that lie together become features of one, on a map of half the size, as timm's Swin
    merges its patches; windows of that map."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 4, 2, 2)
        self.norm, self.inside, self.head = nn.LayerNorm(16), nn.Linear(16, 6), nn.Linear(6, 5)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).permute(0, 2, 3, 1)
        n, h, w, c = x.shape
        x = x.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 4, 2, 5).flatten(3)
        x = self.norm(x).reshape(n, h // 4, 2, w // 4, 2, 16).permute(0, 1, 3, 2, 4, 5)
        return self.head(self.inside(x.reshape(-1, 4, 16)).view(n, -1, 6).mean(1))


class Shuffled(nn.Module):
    """Channels of two groups that are shuffled, as ShuffleNet does."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, groups=2)
        self.head = nn.Linear(6, 5)

    def forward(self, x: Any) -> Any:
        x = self.one(x)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        return self.head(self.two(x).mean((2, 3)))


class Squeezed(nn.Module):
    """A squeeze-and-excitation behind a convolution: its places see everything."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.down, self.up = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 2, 1), nn.Conv2d(2, 6, 1)
        self.act, self.last, self.head = nn.SiLU(inplace=True), nn.Conv2d(6, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        x = self.act(self.conv(x))
        x *= self.up(self.act(self.down(functional.adaptive_avg_pool2d(x, 1)))).sigmoid()
        return self.head(self.last(x).flatten(2).mean(-1))


class Dense(nn.Module):
    """Concatenations, a list of modules that is not registered, a module that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(7, 4, 3, padding=1)
        self.plain = [nn.ReLU(), nn.Identity()]
        self.again = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(11, 5)

    def forward(self, x: Any) -> Any:
        parts = [x, self.plain[0](self.one(x))]
        parts.append(self.again(self.again(self.plain[0](self.two(torch.cat(parts, 1))))))
        return self.head(torch.cat(parts, dim=1).amax(dim=(2, 3)))


class Sequence(nn.Module):
    """Words, and a recurrent layer over them."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.recurrent = nn.LSTM(6, 4, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, words: Any) -> Any:
        return self.head(self.recurrent(self.embedding(words))[0][:, -1])


class Deciding(nn.Module):
    """What it does depends on what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.conv(x))
        if x.mean() > 0.2:
            x = x * 2
        return self.head(x.mean((2, 3)))


class _Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.sign()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient


class Binarized(nn.Module):
    """A function with a gradient of its own: straight through a sign."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        return self.head(_Straight.apply(self.conv(x)).mean((2, 3)))
