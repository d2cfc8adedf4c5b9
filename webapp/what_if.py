"""What if: a network asked with some of its units off, scaled or held, beside the whole one.

changes, picture or probe ──► scores before and after, of every image
                           └► maps of a layer, of the image that is looked at
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from flask import Response, request

from vizframe.errors import NetworkError, UsageError
from vizframe.history import History
from vizframe.history.encoding import encode
from vizframe.network.adapter import adapter_for
from vizframe.network.labelled import LabelledFolder
from vizframe.network.live import Live, OpenNetwork, inputs_of
from vizframe.network.masked import SavesWeights, change_of, refuse_other
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization, Probe
from vizframe.network.unit_change import UnitChange, activations_with, changes_of
from vizframe.webapp import caching
from vizframe.webapp import tile_bytes as body
from vizframe.webapp.live import COMMAND, NO_MODEL
from vizframe.webapp.open_runs import OpenRuns
from vizframe.webapp.request import number, text

MOST_IMAGES = 64
"""Of the probe, from the first."""

BARS = 8
"""Classes with a bar each, before and after."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page shows: the run's own words about inputs and classes."""

    probe: Probe | None
    classes: Sequence[str]

    @classmethod
    def of(cls, history: History, shape: tuple[int, ...]) -> Asked:
        probe = history.probe
        if probe is None or probe.images.shape[1:] != shape:
            return cls(None, ())
        return cls(probe, history.info.class_names)

    @property
    def labels(self) -> npt.NDArray[np.int64] | None:
        known = self.probe is not None and self.probe.labels is not None
        return np.asarray(self.probe.labels)[:MOST_IMAGES] if known and self.probe else None


@dataclass(slots=True, eq=False)
class Unchanged:
    """What the whole network gave last, so that a click computes only what a change changes. Asked
    while the network is borrowed."""

    _key: object = None
    _outputs: dict[str, FloatArray] = field(default_factory=dict)

    def of(
        self, opened: OpenNetwork, inputs: FloatArray, layers: Sequence[str]
    ) -> Mapping[str, FloatArray]:
        """The layers' outputs for these inputs, with the weights as they are now."""
        digest = hashlib.blake2b(np.ascontiguousarray(inputs).tobytes()).digest()
        key = (id(opened), opened.loaded, inputs.shape, digest)
        if key != self._key:
            self._key, self._outputs = key, {}
        missing = [name for name in dict.fromkeys(layers) if name not in self._outputs]
        if missing:
            found = opened.network.activations(inputs, missing)
            kept = {name: each for name, each in self._outputs.items() if name in layers}
            self._outputs = {**kept, **found}
        return self._outputs


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The network that is asked, and the runs whose probes it is asked with.

    Attributes:
        images: a folder of pictures in a folder per class, on which accuracy is measured too.
    """

    live: Live | None
    open_runs: OpenRuns
    images: Path | None = None
    _folders: dict[tuple[str, ...], LabelledFolder] = field(default_factory=dict)
    _unchanged: Unchanged = field(default_factory=lambda: Unchanged())

    def respond(self, arguments: dict[str, str]) -> Response:
        """Scores of all images and maps of one; a picture in the request stands for the probe.

        Raises:
            UsageError: there is no network, no image, or a change is not what it can be.
        """
        live = self._network()
        changes = changes_of(arguments.get("changes", ""))
        layer, image = text(arguments, "layer"), number(arguments, "image", 0)
        asked = self._asked(arguments, live.input_shape)
        with live.borrow() as opened:
            inputs, labels = self._inputs(opened, asked)
            image = min(image, len(inputs) - 1)
            network, score = opened.network, opened.network.score_layer
            own = network.layer(layer).name
            changed = [network.layer(each.layer).name for each in changes]
            before = self._unchanged.of(opened, inputs, [own, score, *changed])
            after = activations_with(network, inputs, changes, [own, score], before)
            step = opened.step
        maps = after[own][image]
        if arguments.get("show") == "difference":
            maps = maps - before[own][image]
        head = {
            "layer": own,
            "step": step,
            "image": image,
            "signed": bool((maps < 0).any()) or arguments.get("show") == "difference",
            **_told(before[score], after[score], labels, image, asked.classes),
        }
        data = body.pack(encode(maps, 1), len(maps), head)
        return caching.body(data, forever=False)

    def judge(self, arguments: dict[str, str]) -> Response:
        """Accuracy over the folder, before and after.

        Raises:
            UsageError: the server was given none, or its folders are no classes.
        """
        live = self._network()
        if self.images is None:
            raise UsageError(
                "there is no folder to measure on; start the page with one: "
                f"{COMMAND} --images FOLDER, which has a folder for each class"
            )
        changes = changes_of(arguments.get("changes", ""))
        asked = self._asked(arguments, live.input_shape)
        folder = self._folder(live, asked.classes)

        def measured(some: Sequence[UnitChange]) -> float:
            with live.borrow() as opened:
                network, name = opened.network, opened.network.score_layer

                def scores(images: FloatArray) -> FloatArray:
                    return activations_with(network, images, some, [name])[name]

                known = asked.probe.normalization if asked.probe else opened.normalization
                return folder.accuracy(scores, network.input_shape, known)

        told = {"before": measured(()), "after": measured(changes), "count": len(folder.files)}
        return caching.document(told)

    def checkpoint(self, arguments: dict[str, str]) -> Response:
        """The network's parameters with the changes in them, as a file.

        Raises:
            NetworkError: they cannot be written into weights.
        """
        live = self._network()
        changes = changes_of(arguments.get("changes", ""))
        asked = self._asked(arguments, live.input_shape)
        with tempfile.TemporaryDirectory() as folder, live.borrow() as opened:
            adapter = adapter_for(opened.model)
            if not isinstance(adapter, SavesWeights):
                raise NetworkError("this framework's adapter writes no parameters")
            inputs, _ = self._inputs(opened, asked)
            change = change_of(opened.network, changes)
            path = adapter.save_weights(opened.model, Path(folder), change)
            refuse_other(live.load(path), opened.network, changes, inputs)
            data, ending, step = path.read_bytes(), path.suffix, opened.step
        response = Response(data, mimetype="application/octet-stream")
        name = f"masked{'' if step is None else f'-{step}'}{ending}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def _network(self) -> Live:
        if self.live is None:
            raise UsageError(f"{NO_MODEL}: {COMMAND}")
        return self.live

    def _asked(self, arguments: dict[str, str], shape: tuple[int, ...]) -> Asked:
        if "run" not in arguments:
            return Asked(None, ())
        with self.open_runs.run(arguments["run"]) as found:
            return Asked.of(found.history, shape)

    def _folder(self, live: Live, classes: Sequence[str]) -> LabelledFolder:
        key = tuple(classes)
        if key not in self._folders:
            assert self.images is not None
            with live.borrow() as opened:
                count = opened.network.layer(opened.network.score_layer).units
            self._folders[key] = LabelledFolder.of(self.images, classes, count)
        return self._folders[key]

    def _inputs(
        self, opened: OpenNetwork, asked: Asked
    ) -> tuple[FloatArray, npt.NDArray[np.int64] | None]:
        """What the network is asked with: the picture that was sent, or the probe."""
        shape = opened.network.input_shape
        sent = request.get_data()
        if sent:
            _, height, width = shape
            pixels = np.frombuffer(sent, np.uint8)
            if pixels.size != height * width * 3:
                raise UsageError(
                    f"the picture has {pixels.size} bytes; it can have {height * width * 3}: "
                    f"{height} rows of {width} times red, green and blue"
                )
            known: Normalization = (
                asked.probe.normalization if asked.probe else opened.normalization
            )
            picture = pixels.reshape(height, width, 3)
            return inputs_of(picture, shape, known)[None], None
        if asked.probe is None:
            raise UsageError(
                f"the run has no probe of the network's shape {shape}; use a picture of your own"
            )
        return np.asarray(asked.probe.images[:MOST_IMAGES]), asked.labels


def _told(
    before: FloatArray,
    after: FloatArray,
    labels: npt.NDArray[np.int64] | None,
    image: int,
    classes: Sequence[str],
) -> Mapping[str, object]:
    """What became of the scores, in words and numbers."""
    if before.ndim != 2:
        raise UsageError(
            f"the network's scores have the shape {before.shape[1:]}; What if needs one per class"
        )
    shares = [_softmax(each) for each in (before, after)]
    kept = _names(classes, before.shape[1])
    best = [each.argmax(axis=1) for each in shares]
    order = np.argsort(-np.maximum(shares[0][image], shares[1][image]), kind="stable")[:BARS]
    told: dict[str, object] = {
        "predicted": [[kept[each] for each in found] for found in best],
        "turned": int((best[0] != best[1]).sum()),
        "bars": [
            [kept[each], float(shares[0][image][each]), float(shares[1][image][each])]
            for each in order
        ],
    }
    if labels is not None:
        told["right"] = [(found == labels).tolist() for found in best]
        told["accuracy"] = [float((found == labels).mean()) for found in best]
    return told


def _names(classes: Sequence[str], count: int) -> Sequence[str]:
    return classes if len(classes) == count else [str(each) for each in range(count)]


def _softmax(scores: FloatArray) -> npt.NDArray[np.float64]:
    """Probabilities, (image, class); what is no number has none."""
    finite = np.nan_to_num(scores.astype(np.float64), nan=-1e30, posinf=1e30, neginf=-1e30)
    shares = np.exp(finite - finite.max(axis=1, keepdims=True))
    found: npt.NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return found
