"""Relevance of the pixels that a first layer reads, by the rules that are for pixels.

With c the gradient at the layer's value z, and u what the rule's weights ρ give,

    g = c z / stab(u)        R = Σ (x − e) · (g, back through ρ)

    box     ρ = w⁺, e = l, and ρ = w⁻, e = h        u = z − b − l w⁺ − h w⁻
    flat    ρ = 1, and 1 instead of x − e           u = Σ 1

What the ends give is the same for all images, and is computed for one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vizframe.gluon.arrays.host import memory_of, writable
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.gluon.question.shares import share
from vizframe.network import FloatArray
from vizframe.network.relevance import RelevanceRules


def pixel_relevance(
    node: Node, rules: RelevanceRules, images: Any, made: tuple[Any, ...], gradient: Any
) -> Any:
    """The relevance of every pixel, of the images' shape.

    Args:
        node: the convolution.
        images: what it reads.
        made: its value, weight and bias, if it has one.
        gradient: at its value.
    """
    value, given, *bias = made
    layer, weight = _Layer(node, value.context), to_numpy(given)
    with mx.autograd.pause():  # a training may be recording what it computes
        if rules.first == "flat":
            ones = np.ones_like(weight)
            response = layer.forward(mx.nd.ones_like(images[:1]), ones)
            spread = _spread(value, response, gradient, rules.epsilon)
            return layer.backward(spread, ones, images.shape)
        low, high = (_ends(each, images) for each in (rules.low, rules.high))
        plus, minus = np.maximum(weight, 0), np.minimum(weight, 0)
        wide = (1, *images.shape[1:])
        still = layer.forward(low.broadcast_to(wide), plus)
        still = still + layer.forward(high.broadcast_to(wide), minus)
        if bias:
            still = mx.nd.broadcast_add(still, bias[0].reshape((1, -1, *(1,) * (value.ndim - 2))))
        spread = _spread(value, still, gradient, rules.epsilon, minus=True)
        above, under = layer.both_backward(spread, plus, minus, images.shape)
        above = mx.nd.broadcast_sub(images, low) * above
        return above + mx.nd.broadcast_sub(images, high) * under


def _ends(given: tuple[float, ...], images: Any) -> Any:
    values = mx.nd.array(given, ctx=images.context)
    return values.reshape((1, -1, *(1,) * (images.ndim - 2))).broadcast_to(
        (1, images.shape[1], *(1,) * (images.ndim - 2))
    )


def _spread(value: Any, still: Any, gradient: Any, epsilon: float, *, minus: bool = False) -> Any:
    """``c z / stab(u)``, image by image, so that what lies between stays in the cache.

    Args:
        still: u, of all images; or what of z is not in it, where it is z ``minus`` that.
    """
    found, into = writable(value.shape, value.context)
    if found is None:
        made = mx.nd.broadcast_sub(value, still) if minus else still.broadcast_to(value.shape)
        return share("any", value, made, gradient, epsilon)
    own, base, handed = (memory_of(each) for each in (value, still, gradient))
    with np.errstate(all="ignore"):
        for number in range(len(value)):
            made = own[number] - base[0] if minus else base[0]
            into[number] = share("any", own[number], made, handed[number], epsilon)
    return found


class _Layer:
    """A convolution with other weights, forward and back.

    Each use gets an array of its own of the weights: oneDNN lays them out for what uses them first,
    and refuses them to the other direction.
    """

    def __init__(self, node: Node, context: Any) -> None:
        self._context = context
        self._kernel = node.numbers("kernel", ())
        axes = len(self._kernel)
        self._stride = node.numbers("stride", (1,) * axes)
        self._pad = node.numbers("pad", (0,) * axes)
        self._dilate = node.numbers("dilate", (1,) * axes)
        self._groups = int(node.attributes.get("num_group", "1"))

    def forward(self, reads: Any, weight: FloatArray) -> Any:
        return mx.nd.Convolution(
            reads, self._array(weight), num_filter=len(weight), **self._settings()
        )

    def backward(self, gradient: Any, weight: FloatArray, shape: tuple[int, ...]) -> Any:
        """To all that the layer reads, of this shape."""
        sizes = zip(
            shape[2:],
            gradient.shape[2:],
            self._kernel,
            self._stride,
            self._pad,
            self._dilate,
            strict=True,
        )
        adj = tuple(
            size - ((made - 1) * stride + (kernel - 1) * dilate + 1 - 2 * pad)
            for size, made, kernel, stride, pad, dilate in sizes
        )
        channels = weight.shape[1] * self._groups
        return mx.nd.Deconvolution(
            gradient, self._array(weight), adj=adj, num_filter=channels, **self._settings()
        )

    def both_backward(
        self, gradient: Any, plus: FloatArray, minus: FloatArray, shape: tuple[int, ...]
    ) -> tuple[Any, Any]:
        """With two weights at once: a pass of twice the channels takes less than two."""
        both = self.backward(gradient, np.concatenate([plus, minus], axis=1), shape)
        count, channels, *sizes = shape
        apart = both.reshape((count, self._groups, 2, channels // self._groups, *sizes))
        one, other = (apart.slice_axis(axis=2, begin=n, end=n + 1).reshape(shape) for n in (0, 1))
        return one, other

    def _array(self, weight: FloatArray) -> Any:
        return mx.nd.array(weight, ctx=self._context)

    def _settings(self) -> dict[str, Any]:
        return {
            "kernel": self._kernel,
            "stride": self._stride,
            "pad": self._pad,
            "dilate": self._dilate,
            "num_group": self._groups,
            "no_bias": True,
        }
