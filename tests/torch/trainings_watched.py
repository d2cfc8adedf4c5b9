"""Trainings that something else of PyTorch looks at, traces, or changes the calls of."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.fx
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, get_default_qat_qconfig, prepare_qat
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

from tests.torch.small import Left, data, functional, left_by, small_net


class Counter(TorchDispatchMode):
    """Writes down every operator that PyTorch calls."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.words.append(str(func))
        return func(*args, **(kwargs or {}))


def counted() -> Left:
    """A mode of the script's own counts what is called, hooks what a backward pass keeps."""
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    kept: list[tuple[int, ...]] = []

    def pack(tensor: Any) -> Any:
        kept.append(tuple(tensor.shape))
        return tensor

    images, labels = data(8)
    with Counter() as counter, saved_tensors_hooks(pack, lambda tensor: tensor):
        for _ in range(4):
            optimizer.zero_grad()
            functional.cross_entropy(net(images), labels).backward()
            optimizer.step()
    return {**left_by([net], [optimizer], []), "words": counter.words, "kept": kept}


def traced() -> Left:
    """The net is traced, exported and transformed between its updates, and written down by fx."""
    net = torch.fx.symbolic_trace(small_net())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    images, labels = data(8)
    graphs = []
    for _ in range(4):
        net.train()
        optimizer.zero_grad()
        functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
        net.eval()
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            graph = torch.jit.trace(net, images).graph
        graphs.append([node.kind() for node in graph.nodes()])
        torch.func.vmap(lambda image: net(image[None])[0])(images)
    return {**left_by([net], [optimizer], []), "graphs": graphs}


def observed() -> Left:
    """Training for quantisation: observers write the ranges that they see, in any mode."""
    net: Any = nn.Sequential(
        QuantStub(), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3), DeQuantStub()
    )
    net.qconfig = get_default_qat_qconfig("x86")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare_qat(net.train(), inplace=True)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        images, labels = data(8)
        for _ in range(4):
            optimizer.zero_grad()
            functional.cross_entropy(net(images), labels).backward()
            optimizer.step()
    return left_by([net], [optimizer], [])


def with_another_forward() -> Left:
    """A forward pass that is set on the net, and names the net itself."""
    net: Any = small_net()
    net.forward = lambda images: net[6](nn.Sequential(*list(net)[:6])(images))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    images, labels = data(8)
    for _ in range(4):
        optimizer.zero_grad()
        functional.cross_entropy(net(images), labels).backward()
        optimizer.step()
    return left_by([net], [optimizer], [])
