"""Gradient ascent the usual way, in PyTorch: what vizframe is compared with.

As lucent does it (``lucent.optvis.render.render_vis``): the whole net runs on the whole image for
one unit at a time, a hook catches the layer, Adam moves the image. lucent leaves the parameters'
``requires_grad`` on, so their gradients are computed as well; ``frozen`` is the same without that.
The nets are torchvision's, written out, so that torchvision is not needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from vizframe.network import FloatArray

VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Filters per convolution; 0 is a max-pool."""


def vgg16() -> nn.Module:
    """VGG-16 (Simonyan & Zisserman 2014, configuration D)."""
    layers: list[nn.Module] = []
    channels = 3
    for filters in VGG16:
        if filters:
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        else:
            layers.append(nn.MaxPool2d(2, 2))
    dense = (nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout())
    more = (nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000))
    net = nn.Sequential()
    net.add_module("features", nn.Sequential(*layers))
    net.add_module("classifier", nn.Sequential(*dense, *more))
    return net.eval()


class Residual(nn.Module):
    """Two 3×3 convolutions beside a shortcut (He et al. 2015, figure 2)."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, filters, 3, stride, 1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, given: Any) -> Any:
        return torch.relu(self.body(given) + self.shortcut(given))


def resnet18() -> nn.Module:
    """ResNet-18 (He et al. 2015)."""
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU())
    net = nn.Sequential(nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1)))
    channels = 64
    for stage, filters in enumerate((64, 128, 256, 512), start=1):
        first = Residual(channels, filters, 1 if stage == 1 else 2)
        net.add_module(f"stage{stage}", nn.Sequential(first, Residual(filters, filters, 1)))
        channels = filters
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flat", nn.Flatten())
    net.add_module("dense", nn.Linear(512, 1000))
    return net.eval()


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions beside a shortcut (He et al. 2015, figure 5)."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        inner = filters // 4
        self.body = nn.Sequential(
            nn.Conv2d(inputs, inner, 1, stride, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, inner, 3, 1, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, given: Any) -> Any:
        return torch.relu(self.body(given) + self.shortcut(given))


def resnet50() -> nn.Module:
    """ResNet-50 (He et al. 2015), with its strides where the first of three kernels is."""
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU())
    net = nn.Sequential(nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1)))
    channels = 64
    for stage, (filters, blocks) in enumerate(((256, 3), (512, 4), (1024, 6), (2048, 3)), start=1):
        made = [Bottleneck(channels, filters, 1 if stage == 1 else 2)]
        made += [Bottleneck(filters, filters, 1) for _ in range(blocks - 1)]
        net.add_module(f"stage{stage}", nn.Sequential(*made))
        channels = filters
    return net.eval()


def take_weights(net: nn.Module, weights: Mapping[str, FloatArray]) -> None:
    """Copy the weights of the same model from elsewhere, in the order in which they occur there.

    Raises:
        ValueError: the two models are not the same.
    """
    own = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    for (name, tensor), (other, values) in zip(own.items(), weights.items(), strict=True):
        if tuple(tensor.shape) != values.shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, {other} {values.shape}")
        tensor.copy_(torch.from_numpy(values))


class UsualWay:
    """One unit, at the centre of one layer's map, a call.

    Args:
        net: the whole model.
        layer: its child, such as ``features.14``.
        frozen: whether its parameters need no gradients.
    """

    def __init__(self, net: nn.Module, layer: str, *, frozen: bool = False) -> None:
        self._net, self._frozen = net, frozen
        self._map: Any = None
        net.get_submodule(layer).register_forward_hook(self._caught)

    def _caught(self, _module: nn.Module, _given: Any, output: Any) -> None:
        self._map = output

    def climb(self, unit: int, iterations: int, size: int = 224) -> None:
        """Adam at lucent's rate, from noise."""
        image = (torch.randn(1, 3, size, size) * 0.01).requires_grad_()
        optimiser = torch.optim.Adam([image], lr=0.05)
        for _ in range(iterations):
            optimiser.zero_grad()
            (-self._answer(image, unit)).backward()
            optimiser.step()

    def gradient(self, image: FloatArray, unit: int) -> FloatArray:
        """Of the unit, with respect to the image (channel, y, x)."""
        given = torch.from_numpy(image[None].copy()).requires_grad_()
        self._answer(given, unit).backward()
        found: FloatArray = np.asarray(given.grad)[0]
        return found

    def strongest(self, image: FloatArray) -> int:
        """The unit that responds to the image most strongly at the centre."""
        self._answer(torch.from_numpy(image[None].copy()), 0)
        height, width = self._map.shape[2:]
        return int(self._map[0, :, height // 2, width // 2].argmax())

    def _answer(self, image: Any, unit: int) -> Any:
        for parameter in self._net.parameters():
            parameter.requires_grad_(not self._frozen)
        self._net(image)
        height, width = self._map.shape[2:]
        return self._map[0, unit, height // 2, width // 2]
