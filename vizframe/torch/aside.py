"""Aside of a training: what runs inside leaves its random states, modes and settings alone."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import _pop_mode, _pop_mode_temporarily, _push_mode
from torch.utils._device import DeviceContext
from torch.utils._python_dispatch import _disable_current_modes

SEED = 0
"""A net that draws numbers in its forward pass draws the same ones at every question."""


@contextlib.contextmanager
def aside(device: Any, *, gradients: bool = False) -> Iterator[None]:
    """Inside, nothing is cast automatically, compiled or kept for inference alone; gradients are
    recorded if asked for. Afterwards all that is as it was, and so is every random state.

    Args:
        device: that the model is on.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(without_modes())
        stack.enter_context(same_random_numbers(device))
        stack.enter_context(no_global_hooks())
        stack.enter_context(_own_calls())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.set_grad_enabled(gradients))
        if gradients:
            stack.enter_context(_unwatched_gradients())
        for kind in {"cpu", device.type}:
            if torch.amp.is_autocast_available(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


_NO_MODES: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def without_modes() -> contextlib.AbstractContextManager[None]:
    """Inside, no mode that the script has entered sees what is called, as one that counts
    operations would; only a default device stays what it is."""
    return _modes_put_aside(torch._C._len_torch_function_stack()) if has_modes() else _NO_MODES


def has_modes() -> bool:
    """Whether any mode sees what is called now."""
    return bool(torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack())


@contextlib.contextmanager
def _modes_put_aside(functions: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        modes = [stack.enter_context(_pop_mode_temporarily()) for _ in range(functions)]
        for mode in reversed(modes):
            if isinstance(mode, DeviceContext):
                _push_mode(mode)
                stack.callback(_pop_mode)
        stack.enter_context(_disable_current_modes())
        yield


@contextlib.contextmanager
def _unwatched_gradients() -> Iterator[None]:
    """Inside, the script's hooks on what a backward pass keeps are not called, and nothing looks
    for NaN in it."""
    with contextlib.ExitStack() as stack:
        if torch._C._autograd._top_saved_tensors_default_hooks(False) is not None:
            stack.enter_context(saved_tensors_hooks(_same, _same))
        stack.enter_context(torch.autograd.set_detect_anomaly(False))
        yield


def _same(tensor: Any) -> Any:
    return tensor


def is_transformed() -> bool:
    """Whether what runs now is looked at by PyTorch itself, which writes down or transforms each
    call: `torch.compile`, `torch.jit.trace`, `torch.export`, `torch.func`. A call of ours would
    become part of that."""
    return (
        torch.compiler.is_compiling()
        or torch._C._get_tracing_state() is not None
        or torch._C._functorch.peek_interpreter_stack() is not None
    )


@contextlib.contextmanager
def same_random_numbers(device: Any) -> Iterator[None]:
    """Python's, NumPy's and PyTorch's generators draw afterwards what they would have drawn."""
    own, numpys = random.getstate(), np.random.get_state()
    torchs = torch.random.get_rng_state()
    module = None if device.type == "cpu" else getattr(torch, device.type, None)
    theirs = None if module is None else module.get_rng_state(*_index(device))
    try:
        torch.random.default_generator.manual_seed(SEED)
        if module is not None:
            _seed(module, device)
        yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)
        torch.random.set_rng_state(torchs)
        if module is not None:
            module.set_rng_state(theirs, *_index(device))


@contextlib.contextmanager
def same_settings() -> Iterator[None]:
    """What is switched inside for the whole process is switched back."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.are_deterministic_algorithms_enabled() != strict:
            torch.use_deterministic_algorithms(strict, warn_only=warns)


def _seed(module: Any, device: Any) -> None:
    """Seed that device's generator alone: of several, the current one may be another, whose state
    nobody puts back."""
    if device.type == "mps":
        module.manual_seed(SEED)
        return
    with module.device(device):
        module.manual_seed(SEED)


def _index(device: Any) -> tuple[Any, ...]:
    """The device's number, as some of PyTorch's functions ask for it."""
    return () if device.type == "mps" else (device,)


@contextlib.contextmanager
def calm(device: Any, *, gradients: bool) -> Iterator[None]:
    """The part of `aside` that costs microseconds: for what draws no random numbers and calls no
    module."""
    with (
        without_modes(),
        torch.inference_mode(False),
        torch.set_grad_enabled(gradients),
        _unwatched_gradients(),
        torch.autocast("cpu", enabled=False),
        _no_autocast(device.type),
    ):
        yield


def _no_autocast(kind: str) -> contextlib.AbstractContextManager[object]:
    if kind == "cpu" or not torch.amp.is_autocast_available(kind):
        return contextlib.nullcontext()
    context: contextlib.AbstractContextManager[object] = torch.autocast(kind, enabled=False)
    return context


@contextlib.contextmanager
def _own_calls() -> Iterator[None]:
    """Inside, modules are called as PyTorch itself calls them: what a script has put in the place
    of that, to count or time the calls of its training, sees none of ours."""
    module: Any = torch.nn.Module
    before = module.__call__
    if before is module._wrapped_call_impl:
        yield
        return
    module.__call__ = module._wrapped_call_impl
    try:
        yield
    finally:
        module.__call__ = before


@contextlib.contextmanager
def no_global_hooks() -> Iterator[None]:
    """Inside, hooks on all modules of the process are not called."""
    module = torch.nn.modules.module
    names = [
        name for name in vars(module) if name.startswith("_global_") and name.endswith("hooks")
    ]
    before = {name: getattr(module, name) for name in names}
    try:
        for name, hooks in before.items():
            setattr(module, name, type(hooks)())
        yield
    finally:
        for name, hooks in before.items():
            setattr(module, name, hooks)
