"""Random numbers of our own, for a net that draws some when it is called.

MXNet gives nobody the state of its generator. So while a Block is run, the operators that draw are
not: NumPy draws in their place, from a generator that starts anew each time, and the training's
own numbers go on as if nobody had looked. Threads that load data draw as ever.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx

Options = Mapping[str, Any]
Draw = Callable[[np.random.Generator, Options, tuple[int, ...]], npt.ArrayLike]


def _number(options: Options, name: str, default: float) -> float:
    value = options.get(name)
    return default if value is None else float(value)


_DISTRIBUTIONS: Mapping[str, Draw] = {
    "uniform": lambda g, o, s: g.uniform(_number(o, "low", 0), _number(o, "high", 1), s),
    "normal": lambda g, o, s: g.normal(_number(o, "loc", 0), _number(o, "scale", 1), s),
    "gamma": lambda g, o, s: g.gamma(_number(o, "alpha", 1), _number(o, "beta", 1), s),
    "exponential": lambda g, o, s: g.exponential(1 / _number(o, "lam", 1), s),
    "poisson": lambda g, o, s: g.poisson(_number(o, "lam", 1), s),
    "randint": lambda g, o, s: g.integers(int(o["low"]), int(o["high"]), s),
}

_REFUSED = (
    *("_random_negative_binomial", "_random_generalized_negative_binomial", "_npi_bernoulli"),
    *("_sample_gamma", "_sample_exponential", "_sample_poisson", "_sample_multinomial"),
    *("_sample_negative_binomial", "_sample_generalized_negative_binomial", "_npi_choice"),
    *("_npi_multinomial", "_npi_gamma", "_npi_exponential", "_shuffle", "_npi_gumbel"),
    *("_npi_logistic", "_npi_laplace", "_npi_rayleigh", "_npi_weibull", "_npi_pareto"),
    *("_sample_unique_zipfian", "_npi_permutation"),
)


@contextmanager
def own_random_numbers(seed: int = 0) -> Iterator[None]:
    """Inside, what this thread's Blocks draw comes from NumPy.

    Raises:
        NetworkError: inside, where a Block draws from a distribution that is not known here.
    """
    register = mx.ndarray.register
    original, thread = register._imperative_invoke, threading.get_ident()
    generator = np.random.default_rng(seed)

    def invoke(
        handle: Any, arrays: Sequence[Any], keys: Sequence[str], values: Sequence[Any], *rest: Any
    ) -> Any:
        name = _drawing().get(_address(handle))
        if name is None or threading.get_ident() != thread:
            return original(handle, arrays, keys, values, *rest)
        if name == "Dropout" and dict(zip(keys, values, strict=True)).get("mode") != "always":
            return original(handle, arrays, keys, values, *rest)
        out, is_numpy = rest[0], bool(rest[1]) if len(rest) > 1 else False
        drawn = _draw(name, generator, dict(zip(keys, values, strict=True)), arrays)
        given = drawn.as_np_ndarray() if is_numpy else drawn
        if out is None:
            return given
        out[:] = given
        return out

    register._imperative_invoke = invoke
    try:
        yield
    finally:
        register._imperative_invoke = original


def _draw(
    name: str, generator: np.random.Generator, options: Options, arrays: Sequence[Any]
) -> Any:
    if name == "Dropout":
        kept = 1 - _number(options, "p", 0.5)
        mask = generator.random(arrays[0].shape) < kept
        return arrays[0].as_nd_ndarray() * mx.nd.array(mask / kept, ctx=arrays[0].context)
    kind = name.removesuffix("_like").removesuffix("_n").rpartition("_")[2]
    if name in _REFUSED or kind not in _DISTRIBUTIONS:
        raise NetworkError(
            f"the network draws random numbers by {name}, whose generator the training needs; it "
            "can draw by normal, uniform, gamma, exponential, poisson or randint"
        )
    shape = _shape(name, options, arrays)
    if arrays and not name.endswith("_like"):  # a distribution for each of their numbers
        first, second = (each.asnumpy() for each in arrays)
        more = (1,) * (len(shape) - first.ndim)
        low, high = (each.reshape(each.shape + more) for each in (first, second))
        unit = generator.random(shape) if kind == "uniform" else generator.standard_normal(shape)
        values = low + unit * (high - low if kind == "uniform" else high)
    else:
        values = np.asarray(_DISTRIBUTIONS[kind](generator, options, shape))
    kind_of_number = str(options.get("dtype") or "float32")
    dtype = "float32" if kind_of_number in ("None", "") else kind_of_number
    return mx.nd.array(values, ctx=_context(options, arrays), dtype=dtype)


def _shape(name: str, options: Options, arrays: Sequence[Any]) -> tuple[int, ...]:
    if name.endswith("_like"):
        return tuple(arrays[0].shape)
    said = options.get("shape", options.get("size"))
    sizes = () if said is None else tuple(np.atleast_1d(np.asarray(said)).tolist())
    own = arrays[0].shape if arrays else ()
    return (*own, *(int(each) for each in sizes)) or (1,)


def _context(options: Options, arrays: Sequence[Any]) -> Any:
    said = options.get("ctx")
    if arrays or not said:
        return arrays[0].context if arrays else mx.current_context()
    kind, _, number = str(said).partition("(")
    return mx.Context(kind, int(number.rstrip(")") or 0))


@cache
def _drawing() -> Mapping[int, str]:
    """The operators that draw, by the address of their handle."""
    kinds = (f"_random_{kind}{more}" for kind in _DISTRIBUTIONS for more in ("", "_like"))
    numpys = (
        "_npi_uniform",
        "_npi_normal",
        "_npi_uniform_n",
        "_npi_normal_n",
        "_npi_random_randint",
    )
    arrays = ("_sample_uniform", "_sample_normal")
    found = {}
    for name in (*kinds, *numpys, *arrays, *_REFUSED, "Dropout"):
        handle = ctypes.c_void_p()
        code = mx.base._LIB.NNGetOpHandle(mx.base.c_str(name), ctypes.byref(handle))
        if code == 0 and handle.value:
            found[handle.value] = name
    return found


def _address(handle: Any) -> int:
    return int(getattr(handle, "value", handle))
