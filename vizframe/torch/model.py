"""A model as it is asked: its shadow, how it is called, its tensors as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkChanged, NetworkError
from vizframe.network import FloatArray
from vizframe.network.call import Call
from vizframe.torch.aside import aside
from vizframe.torch.batch import FIRST, SECOND, lengths, merge
from vizframe.torch.calling import call_module
from vizframe.torch.node import NoTape, Tape
from vizframe.torch.optimiser import is_held
from vizframe.torch.replay import program
from vizframe.torch.shadow import Shadow
from vizframe.torch.tape import trace
from vizframe.torch.wide import wide_dtype
from vizframe.torch.wrapped import uninitialized, unwrap


@dataclass(eq=False)
class Model:
    """See the module.

    Attributes:
        module: the model's own, unwrapped.
        integers: whether it takes token ids, not images.
        parts: the modules that it had when it was traced, by their ids, and their parameters.
    """

    module: Any
    call: Call
    shadow: Shadow
    integers: bool = False
    parts: tuple[object, ...] = ()

    @classmethod
    def of(
        cls, model: object, call: Call | None = None, replaced: Mapping[str, Any] | None = None
    ) -> Model:
        """The model, whose parameters have values.

        Raises:
            NetworkError: it is no module, or one whose parameters cannot be read.
        """
        module = unwrap(model)
        waiting = next(uninitialized(module), None)
        if waiting is not None:
            raise NetworkError(
                f"parameter {waiting!r} has no values yet; give the network one batch"
            )
        with torch.no_grad():
            shadow = Shadow.of(module, replaced)
        found = call or Call()
        return cls(module, found, shadow, "int" in found.dtype, _parts(module))

    @property
    def device(self) -> Any:
        """The device of its parameters, where they are now."""
        return place_of(self.module)[0]

    @property
    def dtype(self) -> Any:
        """The type that it is asked in: that of its parameters now, or float32 where that is
        narrower."""
        return wide_dtype(place_of(self.module)[1])

    def refuse_changed(self) -> None:
        """Raises NetworkChanged where modules were put in or taken out since it was traced, or
        parameters, as pruning does."""
        if _parts(self.module) != self.parts:
            raise NetworkChanged(
                f"the network {self.name!r} has other modules or parameters than when its "
                "recording began; start a new recording of it"
            )

    @property
    def name(self) -> str:
        return type(self.module).__name__

    def leaf(self, name: str) -> Any:
        """One of its tensors as it is now, without gradient. What is no parameter is a copy: an
        operator may write into it without a word, as those that observe ranges for quantisation
        do."""
        found = self.shadow.leaves[name]()
        return found if self.shadow.made[name][1] else found.clone()

    def gradient_of(self, name: str) -> Any:
        """The gradient of a parameter that the last training step left, or None."""
        parameter = self._parameter(name)
        found = None if parameter is None else parameter.grad
        if found is None or found.layout == torch.strided:
            return found
        return found.to_dense()  # of an embedding that asks for sparse ones

    def is_trained(self, name: str) -> bool:
        """Whether it is a parameter that is asked for a gradient."""
        parameter = self._parameter(name)
        return parameter is not None and bool(parameter.requires_grad)

    def is_held(self, name: str) -> bool | None:
        """Whether an optimiser holds the parameter: see `vizframe.torch.optimiser.is_held`."""
        parameter = self._parameter(name)
        return None if parameter is None else is_held(parameter)

    def _parameter(self, name: str) -> Any:
        """The module's own parameter of this name; None of a buffer, and of what is computed."""
        owner, _, key = name.rpartition(".")
        try:
            found = getattr(self.module.get_submodule(owner), key, None)
        except AttributeError:
            return None
        return found if isinstance(found, torch.nn.Parameter) else None

    def images(self, values: FloatArray) -> Any:
        """Images as the model takes them."""
        found = torch.tensor(np.asarray(values), device=self.device)
        return found.to(torch.int64 if self.integers else self.dtype)

    def run(self, images: Any) -> Any:
        """The output of the shadow for these images."""
        return call_module(self.shadow.module, self.call, images)

    def trace(self, shape: tuple[int, ...]) -> Tape:
        """The tape for inputs of this shape, without the images' axis; it was played once on other
        images, and gave what the net gives.

        Raises:
            NoTape: no tape holds what the net does.
        """
        with aside(self.device):
            first = self._traced(shape, FIRST)
        is_whole = "int" in self.call.dtype and first.broke is not None
        if not self.integers and (is_whole or wants_integers(first.broke)):
            self.integers = True
            return self.trace(shape)
        with aside(self.device):
            second = self._traced(shape, SECOND)
        tape = merge(first, second)
        with aside(self.device):
            self._compare(tape, second)
        return tape

    def _traced(self, shape: tuple[int, ...], count: int) -> Tape:
        images = sample_images(self, shape, count)
        found = trace(self.shadow, self.run, images)
        for each in found.nodes:
            if each.function is None and each.leaf is None and each.constant is None:
                each.value = images
        return found

    def _compare(self, tape: Tape, second: Tape) -> None:
        """Raises NoTape unless the tape, played on the second's images, gives what it gave."""
        wanted = [n for n, each in enumerate(tape.nodes) if each.value is None and each.function]
        played = program(tape, wanted)
        given = {tape.data: second.nodes[tape.data].value}
        values = played.run(given, self.leaf, SECOND)
        for index in wanted:
            node, other = second.nodes[index], values[index]
            if node.value is None:
                continue
            if tuple(other.shape) != tuple(node.value.shape) or not _alike(other, node.value):
                shape = lengths(node.shape, 1)
                raise NoTape(f"it does other things for other images ({node.word} of {shape})")
            node.value = None


def sample_images(model: Model, shape: tuple[int, ...], count: int) -> Any:
    """So many images, or texts of token ids, to trace the model with."""
    draw = np.random.default_rng(count)
    values = draw.random((count, *shape)).astype(np.float32)
    return model.images(np.round(values) if model.integers else values)


def are_words(dtype: str, shape: tuple[int, ...]) -> bool:
    """Whether inputs of this type and shape, without their first axis, are numbers of words. Maps
    of whole numbers are images in bytes, which a net scales itself."""
    return "int" in dtype and len(shape) < 3


def wants_integers(error: Exception | None) -> bool:
    """Whether a net broke off because it takes token ids."""
    return error is not None and "Long" in str(error)


def _alike(one: Any, two: Any) -> bool:
    if not two.is_floating_point():
        return bool(torch.equal(one, two))
    scale = two.detach().abs().nan_to_num(posinf=0.0).max() if two.numel() else 0.0
    return bool(torch.allclose(one, two, rtol=1e-3, atol=1e-4 * float(scale), equal_nan=True))


def _parts(module: Any) -> tuple[object, ...]:
    """The modules that can be called, and the names of their parameters; Keras makes its
    dictionaries of parameters anew."""
    uncalled = torch.nn.Module.forward
    return tuple(
        (id(each), *each._parameters)
        for each in module.modules()
        if type(each).forward is not uncalled
    )


def place_of(module: Any) -> tuple[Any, Any]:
    """Device and dtype of the first parameter or buffer that has floating numbers."""
    for each in (*module.parameters(), *module.buffers()):
        if each.is_floating_point():
            return each.device, each.dtype
    return torch.device("cpu"), torch.get_default_dtype()
