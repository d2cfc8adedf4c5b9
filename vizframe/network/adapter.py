"""An adapter: what vizframe asks of a framework so that its models can be recorded.

The core knows none. A model's classes say which framework made it, and the adapter of that
framework is imported then: vizframe's own for MXNet, or one that an installed package offers as an
entry point of group `vizframe.adapters`, named like the framework's top-level module.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vizframe.errors import MissingExtra, NetworkError, UsageError
from vizframe.network.call import Call
from vizframe.network.guard import Guard
from vizframe.network.network import FloatArray, Network
from vizframe.network.worker import Worker

GROUP = "vizframe.adapters"

_OWN = {"mxnet": "vizframe.gluon.adapter", "torch": "vizframe.torch.adapter"}


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a model was trained on.

    Attributes:
        inputs: of the input that takes the images, their axis first.
        labels: one for each, where they could be seen.
        call: which input that is, and what the model was given beside it.
        worker: which of several that train it together; None for one process.
        targets: what the loss compared the outputs with, as float32; None where it was not seen.
        outputs: gives the model's output, which may have to be waited for; likewise.
        adds_up: whether gradients of the update before are in those of this one; None where that
            was not looked at.
    """

    inputs: FloatArray
    labels: npt.NDArray[np.int64] | None = None
    call: Call = field(default_factory=Call)
    worker: Worker | None = None
    targets: FloatArray | None = None
    outputs: Callable[[], FloatArray] | None = None
    adds_up: bool | None = None


Seen = Callable[[Callable[[], Batch], bool], None]
"""Called with what a model was given, which is copied from the device when it is asked for, and
whether it is being trained on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimiser:
    """What trains a model, as far as that is known.

    Attributes:
        hyper_parameters: its name, rates and the like.
        gradient_scale: what it multiplies gradients by, such as one over the batch's size.
    """

    hyper_parameters: Mapping[str, object] = field(default_factory=dict)
    gradient_scale: float = 1.0


class TrainingObserver(Protocol):
    """Who is told of the updates that a training script makes."""

    @property
    def guard(self) -> Guard:
        """What an adapter does in a training, it does inside this guard."""
        ...

    def note(self, name: str, value: object) -> None:
        """Take note of something that the training was set up with, such as a seed."""
        ...

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        """The optimiser is about to change the model that computed this batch, which is copied
        from the device when it is asked for."""
        ...

    def wants_batch(self, model: object) -> bool:
        """Whether the batch of the model's coming update will be asked for: where it is not, an
        adapter need not see what the model is called with."""
        ...

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        """The optimiser has changed the model. ``scalars`` holds what could be seen, such as the
        loss and learning rate; ``epoch`` how many epochs are complete, None where the data's loader
        was not seen."""
        ...


class Adapter(Protocol):
    """A module, or any object, with these functions."""

    def network(
        self,
        model: object,
        inputs: FloatArray,
        class_names: Sequence[str] | None = None,
        memory: int | None = None,
        call: Call | None = None,
    ) -> Network:
        """The model, as plugins see it.

        Args:
            inputs: of the shape that it takes, their axis first.
            memory: bytes that a batch of units may take, as may what is kept between questions;
                None for the adapter's own choice.
            call: what it is given beside the inputs; None: nothing.

        Raises:
            NetworkError: it cannot be traced, or not with such inputs.
        """
        ...

    def is_ready(self, model: object) -> bool:
        """Whether all its parameters have values; before its first batch some may not."""
        ...

    def watch(self, model: object, seen: Seen) -> Callable[[], None]:
        """Call ``seen`` whenever the model has computed a batch. Returns what ends the watch."""
        ...

    def optimiser(self, model: object) -> Optimiser:
        """What trains the model; without any where that cannot be seen."""
        ...

    def to_array(self, value: object) -> FloatArray:
        """An array of the framework, or a list of these or of numbers, in NumPy float32."""
        ...

    def number(self, value: object) -> float:
        """The mean of the framework's array, as a number."""
        ...

    def load_weights(self, model: object, path: Path) -> None:
        """Give the model the parameters of a file.

        Raises:
            NetworkError: it cannot be read, or does not fit.
        """
        ...

    def settle(self) -> None:
        """Wait until the device has done all that the training asked of it."""
        ...

    def watch_trainings(self, observer: TrainingObserver) -> Callable[[], None]:
        """Tell the observer of every update that any training in this process makes. Returns
        what ends the watch."""
        ...

    def preserve_state(self) -> AbstractContextManager[None]:
        """Inside, nothing is recorded for differentiation, and random states stay untouched."""
        ...


def frameworks() -> dict[str, str]:
    """The frameworks that are known, by their top-level module, and the module of each adapter."""
    return {**_OWN, **{point.name: point.value for point in entry_points(group=GROUP)}}


@contextmanager
def registered(framework: str, module: str) -> Iterator[None]:
    """Inside, models of this top-level module have this adapter, as an installed package could
    give them: for tests, and for notebooks that try one.

    Raises:
        UsageError: the framework has an adapter already.
    """
    if framework in frameworks():
        raise UsageError(
            f"framework is {framework!r}, whose adapter is {frameworks()[framework]}; it can be "
            "one that has none"
        )
    _OWN[framework] = module
    try:
        yield
    finally:
        del _OWN[framework]


def check_installed(what: str) -> None:
    """Raises MissingExtra, which names the cure, where no framework that is known is installed."""
    if not any(find_spec(name) for name in frameworks()):
        raise MissingExtra(what, "torch", "mxnet")


def load(framework: str) -> Adapter:
    """The adapter of a framework that is known."""
    adapter: Adapter = importlib.import_module(frameworks()[framework])
    return adapter


def adapter_for(model: object) -> Adapter:
    """The adapter of the framework that one of the model's classes comes from.

    Raises:
        NetworkError: no framework that is known made it.
    """
    known = frameworks()
    for each in type(model).__mro__:
        framework = each.__module__.partition(".")[0]
        if framework in known:
            return load(framework)
    names = ", ".join(sorted(known))
    raise NetworkError(f"the model is a {type(model).__name__}; it can be a network of {names}")
