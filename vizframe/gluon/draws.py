"""Random numbers that a net without a graph would draw: it gets their mean instead.

MXNet's generator cannot be put back, and a training that draws other numbers for having been looked
at would go another way. So the functions that draw are others while the net is asked, on the thread
that asks.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vizframe.errors import NetworkError, PluginError
from vizframe.gluon.compat import mx

Draw = Callable[..., Any]

_DISTRIBUTIONS: dict[str, tuple[tuple[tuple[str, float], ...], Callable[..., Any]]] = {
    "uniform": ((("low", 0.0), ("high", 1.0)), lambda low, high: (low + high) / 2),
    "normal": ((("loc", 0.0), ("scale", 1.0)), lambda loc, scale: loc + 0 * scale),
    "exponential": ((("lam", 1.0),), lambda lam: 1 / lam),
    "poisson": ((("lam", 1.0),), lambda lam: lam),
    "gamma": ((("alpha", 1.0), ("beta", 1.0)), lambda alpha, beta: alpha * beta),
}
"""Of each distribution its parameters, and how its mean comes of them."""

_SAMPLED = {"normal": ("mu", "sigma")}
"""Parameters that have other names where they are arrays."""


@contextmanager
def no_draws() -> Iterator[None]:
    """Inside, on this thread, MXNet's functions that draw random numbers give their means.

    Raises:
        NetworkError: from inside one whose mean is not known.
    """
    owner = threading.get_ident()
    patched: list[tuple[Any, str, Draw]] = []
    try:
        for module, name, kind in _known_functions():
            original = getattr(module, name)
            patched.append((module, name, original))
            setattr(module, name, _instead(original, kind, name, owner))
        yield
    finally:
        for module, name, original in reversed(patched):
            setattr(module, name, original)


@contextmanager
def draws_refused() -> Iterator[None]:
    """Inside, on this thread, nobody draws of MXNet's random numbers, which are the training's.

    Raises:
        PluginError: from inside each function that would.
    """
    owner = threading.get_ident()
    before = [(module, name, getattr(module, name)) for module, name, _ in _known_functions()]
    try:
        for module, name, original in before:
            setattr(module, name, _refusing(original, name, owner))
        yield
    finally:
        for module, name, original in before:
            setattr(module, name, original)


def _refusing(original: Draw, name: str, owner: int) -> Draw:
    @functools.wraps(original)
    def refused(*arguments: Any, **named: Any) -> Any:
        if threading.get_ident() != owner:
            return original(*arguments, **named)
        raise PluginError(
            f"{name.strip('_')!r} was to draw of MXNet's random numbers, which are those of the "
            "training; draw from numpy.random.default_rng(scene.seed)"
        )

    return refused


@functools.cache
def _known_functions() -> tuple[tuple[Any, str, str], ...]:
    """The functions that draw, looked for once: MXNet has thousands of functions."""
    return tuple(_functions())


def _functions() -> Iterator[tuple[Any, str, str]]:
    """Every function that draws, by module and name, and its distribution, empty where its mean is
    not known."""
    nd = mx.nd
    own = nd, nd.op, nd._internal, nd.random, nd.image
    for module in (*own, nd.numpy._internal, nd.numpy_extension, mx.npx):
        for name in dir(module):
            if callable(getattr(module, name, None)) and (kind := _kind(module, name)) is not None:
                yield module, name, kind


def _kind(module: Any, name: str) -> str | None:
    if name in _DROPOUTS:
        return "dropout"
    if "pdf" in name or name.startswith("_backward"):
        return None
    plain = name.strip("_")
    if module is mx.nd.random and not plain.endswith("_like"):
        return None  # these call those of the module `_internal`
    numpy = module is mx.nd.numpy._internal
    words = ("random_", "sample_", "shuffle") if not numpy else ("random", *_NUMPY)
    if plain.startswith(words) or plain in ("normal", "uniform") or module is mx.nd.random:
        word = plain.removeprefix("random_").removeprefix("sample_").removesuffix("_like")
        return "" if numpy or word not in _DISTRIBUTIONS else word
    return None


_DROPOUTS = ("Dropout", "dropout", "_npx_dropout")
"""They draw in predict mode too where a net says ``mode="always"``."""

_NUMPY = (
    *("bernoulli", "choice", "exponential", "gamma", "gumbel", "logistic", "multinomial"),
    *("normal", "pareto", "powerd", "rayleigh", "shuffle", "uniform", "weibull"),
)


def _instead(original: Draw, kind: str, name: str, owner: int) -> Draw:
    @functools.wraps(original)
    def given(*arguments: Any, **named: Any) -> Any:
        if threading.get_ident() != owner:
            return original(*arguments, **named)
        if kind == "dropout":
            return (arguments[0] if arguments else named["data"]) * 1
        if not kind:
            raise NetworkError(
                f"it draws random numbers by {name.strip('_')!r}; to ask it would change what the "
                "training draws next: it can draw normal or uniform numbers of the older interface"
            )
        return _mean(kind, name, arguments, named)

    return given


def _mean(kind: str, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The mean, of the shape that would be drawn."""
    parameters, mean = _DISTRIBUTIONS[kind]
    if name.endswith("_like"):
        like = arguments[0] if arguments else named["data"]
        values = [float(named.get(key, default)) for key, default in parameters]
        return mx.nd.full(like.shape, mean(*values), ctx=like.context, dtype=like.dtype)
    keys = [key for key, _ in parameters]
    if name.strip("_").startswith("sample_"):
        keys = list(_SAMPLED.get(kind, keys))
    found = dict(zip(keys, arguments, strict=False)) | {k: v for k, v in named.items() if k in keys}
    values = [found.get(key, default) for key, (_, default) in zip(keys, parameters, strict=True)]
    shape = _shape(named.get("shape"))
    if isinstance(values[0], mx.nd.NDArray):
        array = mean(*values)
        return mx.nd.broadcast_to(
            array.reshape((*array.shape, *(1,) * len(shape))), (*array.shape, *shape)
        )
    numbers = [
        float(value) if np.isscalar(value) else default
        for value, (_, default) in zip(values, parameters, strict=True)
    ]
    context = named.get("ctx") or mx.context.current_context()
    dtype = named.get("dtype")
    made = mx.nd.full(
        shape or (1,),
        mean(*numbers),
        ctx=context if isinstance(context, mx.Context) else mx.context.current_context(),
        dtype=dtype if isinstance(dtype, str) and dtype != "None" else "float32",
    )
    out = named.get("out")
    return made if out is None else made.copyto(out)


def _shape(given: Any) -> tuple[int, ...]:
    if isinstance(given, (int, np.integer)):
        return (int(given),)
    return tuple(given) if isinstance(given, (list, tuple)) else ()
