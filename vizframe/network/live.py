"""Live: a network that responds to pictures as they come, from a camera or a file.

    picture (y, x, 3) of 0 … 255 ──► inputs, as the probe's normalization says ──► maps of a layer
                                                                              └──► scores

The weights are those of the newest checkpoint, looked for at each question: while a training goes
on, so do the responses. Nothing of a framework is imported before the first question.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError, UsageError
from vizframe.network.adapter import adapter_for
from vizframe.network.checkpoints import checkpoints
from vizframe.network.layer import Layer
from vizframe.network.loadable import load, make_model
from vizframe.network.network import FloatArray, Network
from vizframe.network.probe import Normalization, probe_of

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue: ITU-R BT.601, as Pillow's ``convert("L")`` has it."""

Picture = npt.NDArray[np.uint8]


def leave_a_core() -> None:
    """Let the network compute on all cores but one, unless the user said on how many: a server and
    a browser work beside it, and a loop over cores waits for the last of them. A small network was
    six times as slow on two busy cores as on one of them. Frameworks look when they are imported,
    so this is for a process that has imported none and trains nothing.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (cores or 2) - 1)))


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What a network says to one picture.

    Attributes:
        maps: of the layer that was asked for, (unit, y, x), or (unit,) of a dense one.
        scores: one per class.
        step: that its weights are from, where a checkpoint says so.
    """

    maps: FloatArray
    scores: FloatArray
    step: int | None


@dataclass(slots=True, eq=False)
class Live:
    """A network, made when it is first asked.

    Attributes:
        model: makes it; see `vizframe.network.factory`.
        weights: a file, or a pattern of checkpoints of which the newest counts; None for those
            that the model was made with.
        shape: of one input, where the model's function gives no batch.
    """

    model: str
    weights: str | None = None
    shape: tuple[int, ...] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _opened: OpenNetwork | None = field(default=None, init=False)

    def layers(self) -> Sequence[Layer]:
        """All layers, in forward order. Raises as `respond` does."""
        with self._lock:
            return self._network().network.layers

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, y, x): the same whatever the weights. Raises as `respond` does, before the
        network was first opened."""
        with self._lock:
            return (self._opened or self._network()).network.input_shape

    def respond(
        self, picture: Picture, layer: str, normalization: Normalization | None = None
    ) -> Response:
        """Ask the network.

        Args:
            picture: (y, x, 3), of the network's input size.
            layer: whose maps are wanted.
            normalization: how its inputs relate to pictures; None guesses from the batch that the
                model's function gave, else takes them to be in [0, 1].

        Raises:
            UsageError: the model's function, the weights or the picture are not what they can be.
            UnknownName: there is no such layer.
            NetworkError: the network cannot be traced, or the weights do not fit.
        """
        with self._lock:
            opened = self._network()
            network = opened.network
            name = network.layer(layer).name
            inputs = inputs_of(picture, network.input_shape, normalization or opened.normalization)
            found = network.activations(inputs[None], [name, network.score_layer])
            return Response(found[name][0], found[network.score_layer][0], opened.step)

    @contextmanager
    def borrow(self) -> Iterator[OpenNetwork]:
        """The network with the newest weights, for this thread alone. Raises as `respond` does,
        but of pictures and layers."""
        with self._lock:
            yield self._network()

    def load(self, path: Path) -> Network:
        """Another network of the same function, with the parameters of a file."""
        status = path.stat()
        weights = Weights(path, None, (status.st_size, status.st_mtime_ns))
        return OpenNetwork.of(self.model, self.shape, weights).network

    def _network(self) -> OpenNetwork:
        """The network, with the newest weights."""
        newest = None if self.weights is None else newest_of(self.weights)
        if self._opened is None:
            self._opened = OpenNetwork.of(self.model, self.shape, newest)
        elif newest is not None:
            self._opened.follow(newest)
        return self._opened


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of parameters, as it was when it was looked at."""

    path: Path
    step: int | None
    stamp: tuple[int, int]


@dataclass(slots=True, eq=False)
class OpenNetwork:
    """A network that was made, and whose parameters were loaded.

    Attributes:
        model: the framework's own object.
        network: how it is asked.
        normalization: how its inputs relate to pictures, as guessed from the batch that the
            function gave.
        loaded: which file its parameters are from.
    """

    model: object
    network: Network
    normalization: Normalization
    loaded: Weights | None

    @classmethod
    def of(cls, text: str, shape: tuple[int, ...] | None, newest: Weights | None) -> OpenNetwork:
        model, batch = make_model(text, shape)
        if batch is None:
            raise UsageError(
                "the shape of the model's inputs is not known; give it: --shape 3,224,224, or let "
                "the model's function give the net and a batch"
            )
        if newest is not None:
            load(model, newest.path)
        network = adapter_for(model).network(model, batch.inputs)
        if len(network.input_shape) != 3 or network.input_shape[0] not in (1, 3):
            raise UsageError(
                f"the network's input has the shape {network.input_shape}; a picture can be "
                "(1, y, x) or (3, y, x)"
            )
        return cls(model, network, probe_of(batch.inputs).normalization, newest)

    @property
    def step(self) -> int | None:
        """That the weights are from, where a checkpoint says so."""
        return None if self.loaded is None else self.loaded.step

    def follow(self, newest: Weights) -> None:
        """Take newer weights; those that cannot be read may still be being written."""
        if newest == self.loaded:
            return
        try:
            load(self.model, newest.path)
        except NetworkError:
            if self.loaded is None or newest.step == self.loaded.step:
                raise
            return
        self.loaded = newest


def newest_of(pattern: str) -> Weights:
    """The file of that name, or the checkpoint of the highest step that the pattern names.

    Raises:
        UsageError: there is none.
    """
    path, step = Path(pattern), None
    if not path.is_file():
        found = checkpoints(pattern)
        if not found:
            raise UsageError(f"weights are {pattern!r}, and no such file is there yet")
        path, step = found[-1].path, found[-1].step
    status = path.stat()
    return Weights(path, step, (status.st_size, status.st_mtime_ns))


def inputs_of(picture: Picture, shape: Sequence[int], normalization: Normalization) -> FloatArray:
    """A picture as the network takes it, (channel, y, x): grey where it has one channel.

    Raises:
        UsageError: it has another size.
    """
    channels, height, width = shape
    if picture.shape != (height, width, 3):
        raise UsageError(
            f"the picture has the shape {picture.shape}; it can be ({height}, {width}, 3)"
        )
    values = picture.astype(np.float32) / np.float32(255)
    planes = (values @ LUMINANCE)[None] if channels == 1 else values.transpose(2, 0, 1)
    return normalization.to_inputs(planes)
