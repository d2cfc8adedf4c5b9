"""Nets that are no chain, each the same function as a chain of the reference network.

train_mode      a BatchNorm and a Dropout, left in training mode  = a convolution, scaled
skip            relu(x + conv(x))                                 = a convolution, 1 in the middle
concatenation   two convolutions laid beside each other           = one of all their units
twice           one convolution, called twice                     = two of the same weights
in_place        ReLUs that write into what they read              = a chain
functional      functions in place of modules                     = a chain
tokens          patches as a sequence, a dense layer on each      = a 1×1 convolution
channels_last   (y, x, channel) inside                            = a 1×1 convolution
several_inputs  images, and a scale beside them                   = a convolution, scaled
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray
from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)
from vizframe.testing.reference_ops import Operation

Parameters = Mapping[str, FloatArray]

CHANNELS, UNITS, SIDE, CLASSES = 3, 4, 12, 3

BY_FUNCTIONS = {"skip": ("conv1",), "concatenation": ("conv0",)}


@dataclass(frozen=True, eq=False)
class Case:
    """A net to be written in an adapter's framework.

    Attributes:
        name: of the list above.
        parts: the parameters of each of its layers: ``weight`` and ``bias``; of a normalization
            ``gamma``, ``beta``, ``mean``, ``variance``, its ε being 1e-5.
        reference: the chain that is the same function.
        shown: layers of the chain that the net has, too, under whatever name.
        by_functions: those among them that no layer gives, but a function.
        others: what its other inputs are given, by their names: one sample each.
    """

    name: str
    parts: Mapping[str, Parameters]
    reference: ReferenceNetwork
    shown: tuple[str, ...]
    by_functions: tuple[str, ...] = ()
    others: Mapping[str, FloatArray] = field(default_factory=dict)


def cases() -> Mapping[str, Case]:
    """All of them; what they are told by is the same at each call."""
    return {build.__name__: build() for build in BUILDS}


def train_mode() -> Case:
    draw = np.random.default_rng(0)
    conv, norm = _kernel(draw, UNITS, CHANNELS, 3), _norm(draw, UNITS)
    scale = norm["gamma"] / np.sqrt(norm["variance"] + np.float32(1e-5))
    merged = {
        "weight": conv["weight"] * scale[:, None, None, None],
        "bias": (conv["bias"] - norm["mean"]) * scale + norm["beta"],
    }
    first = {"conv0": _convolution(merged, pad=1)}
    return _classified("train_mode", draw, {"conv0": conv, "norm": norm}, first, ("relu0", "pool0"))


def skip() -> Case:
    draw = np.random.default_rng(1)
    first, second = _kernel(draw, UNITS, CHANNELS, 3), _kernel(draw, UNITS, UNITS, 3)
    merged = {**second, "weight": second["weight"].copy()}
    merged["weight"][np.arange(UNITS), np.arange(UNITS), 1, 1] += 1
    chain: dict[str, Operation] = {
        "conv0": _convolution(first, pad=1),
        "relu0": Relu(),
        "conv1": _convolution(merged, pad=1),
        "relu1": Relu(),
    }
    shown = ("conv0", "relu0", "conv1", "relu1")
    return _ended("skip", draw, {"conv0": first, "conv1": second}, chain, shown, UNITS * SIDE**2)


def concatenation() -> Case:
    draw = np.random.default_rng(2)
    halves = [_kernel(draw, UNITS // 2, CHANNELS, 3) for _ in range(2)]
    whole = {key: np.concatenate([each[key] for each in halves]) for key in ("weight", "bias")}
    first = {"conv0": _convolution(whole, pad=1)}
    parts = {"left": halves[0], "right": halves[1]}
    return _classified("concatenation", draw, parts, first, ("conv0", "relu0", "pool0"))


def twice() -> Case:
    draw = np.random.default_rng(3)
    first, second = _kernel(draw, UNITS, CHANNELS, 3), _kernel(draw, UNITS, UNITS, 3)
    chain: dict[str, Operation] = {
        "conv0": _convolution(first, pad=1),
        "relu0": Relu(),
        "conv1": _convolution(second, pad=1),
        "relu1": Relu(),
        "conv2": _convolution(second, pad=1),
        "relu2": Relu(),
    }
    return _ended(
        "twice", draw, {"conv0": first, "conv1": second}, chain, (*chain,), UNITS * SIDE**2
    )


def in_place() -> Case:
    return _ordinary("in_place", 4)


def functional() -> Case:
    return _ordinary("functional", 5)


def tokens() -> Case:
    draw = np.random.default_rng(6)
    patches, mixed = _kernel(draw, UNITS, CHANNELS, 3), _kernel(draw, 6, UNITS)
    chain: dict[str, Operation] = {
        "conv0": _convolution(patches, stride=3),
        "conv1": _places(mixed),
        "relu1": Relu(),
    }
    parts = {"conv0": patches, "dense": mixed}
    return _ended("tokens", draw, parts, chain, (*chain,), 6 * (SIDE // 3) ** 2)


def channels_last() -> Case:
    draw = np.random.default_rng(7)
    first, mixed = _kernel(draw, UNITS, CHANNELS, 3), _kernel(draw, 6, UNITS)
    chain: dict[str, Operation] = {
        "conv0": _convolution(first, pad=1),
        "conv1": _places(mixed),
        "relu1": Relu(),
    }
    parts = {"conv0": first, "dense": mixed}
    return _ended("channels_last", draw, parts, chain, (*chain,), 6 * SIDE**2)


def several_inputs() -> Case:
    draw = np.random.default_rng(8)
    conv = _kernel(draw, UNITS, CHANNELS, 3)
    scale = draw.uniform(0.5, 1.5, (CHANNELS, 1, 1)).astype(np.float32)
    first = {"conv0": Convolution(conv["weight"] * scale, conv["bias"], pad=1)}
    shown = ("conv0", "relu0", "pool0")
    return _classified("several_inputs", draw, {"conv0": conv}, first, shown, {"scale": scale})


BUILDS: tuple[Callable[[], Case], ...] = (
    train_mode,
    skip,
    concatenation,
    twice,
    in_place,
    functional,
    tokens,
    channels_last,
    several_inputs,
)


def _ordinary(name: str, seed: int) -> Case:
    draw = np.random.default_rng(seed)
    conv = _kernel(draw, UNITS, CHANNELS, 3)
    first = {"conv0": _convolution(conv, pad=1)}
    return _classified(name, draw, {"conv0": conv}, first, ("conv0", "relu0", "pool0"))


def _classified(
    name: str,
    draw: np.random.Generator,
    parts: Mapping[str, Parameters],
    first: Mapping[str, Operation],
    shown: tuple[str, ...],
    others: Parameters | None = None,
) -> Case:
    """A first layer, a ReLU and a pooling, and a dense layer behind them."""
    chain = {**first, "relu0": Relu(), "pool0": MaxPool(2)}
    return _ended(name, draw, parts, chain, shown, UNITS * (SIDE // 2) ** 2, others)


def _ended(
    name: str,
    draw: np.random.Generator,
    parts: Mapping[str, Parameters],
    chain: Mapping[str, Operation],
    shown: tuple[str, ...],
    features: int,
    others: Parameters | None = None,
) -> Case:
    """A chain, and a dense layer ``out`` on all that it gives."""
    out = _kernel(draw, CLASSES, features)
    whole = {**chain, "flat": Flatten(), "out": Dense(out["weight"], out["bias"])}
    reference = ReferenceNetwork(whole, input_shape=(CHANNELS, SIDE, SIDE))
    return Case(
        name,
        {**parts, "out": out},
        reference,
        (*shown, "out"),
        BY_FUNCTIONS.get(name, ()),
        others or {},
    )


def _convolution(given: Parameters, *, pad: int = 0, stride: int = 1) -> Convolution:
    return Convolution(given["weight"], given["bias"], stride, pad)


def _places(dense: Parameters) -> Convolution:
    """A dense layer on each place."""
    return Convolution(dense["weight"][:, :, None, None], dense["bias"])


def _kernel(
    draw: np.random.Generator, units: int, inputs: int, size: int | None = None
) -> dict[str, FloatArray]:
    shape = (units, inputs) if size is None else (units, inputs, size, size)
    weight = draw.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    bias = 0.1 * draw.standard_normal(units)
    return {"weight": coarse(weight), "bias": coarse(bias)}


def _norm(draw: np.random.Generator, units: int) -> dict[str, FloatArray]:
    gamma, beta, mean, variance = draw.uniform(0.5, 1.5, (4, units))
    found = {"gamma": gamma, "beta": beta - 1, "mean": mean - 1, "variance": variance}
    return {name: coarse(values) for name, values in found.items()}


def coarse(values: npt.ArrayLike) -> FloatArray:
    """The nearest numbers that every format holds, half precision and bfloat16 too: seven bits
    behind the first one, and nothing tiny."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    rounded = np.ldexp(np.rint(mantissa * 256) / 256, exponent)
    return np.where(np.abs(rounded) < 2.0**-13, 0, rounded).astype(np.float32)
