"""What if: a network asked with some of its units off, scaled or held, beside the whole one.

changes, picture or probe ──► scores before and after, of every image
                           └► maps of a layer, of the image that is looked at
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from flask import Response, request

from vizframe.asking.apart import Apart
from vizframe.asking.at_hand import AtHand
from vizframe.asking.question import Question
from vizframe.errors import UsageError
from vizframe.history import History
from vizframe.history.encoding import encode
from vizframe.network.labelled import LabelledFolder
from vizframe.network.live import inputs_of
from vizframe.network.network import FloatArray
from vizframe.network.probe import Normalization, Probe
from vizframe.network.unit_change import UnitChange, changes_of
from vizframe.webapp import caching, tile_bytes
from vizframe.webapp.asked import COMMAND, Networks, weights
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


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The networks that are asked, and the runs whose probes they are asked with.

    Attributes:
        images: a folder of pictures in a folder per class, on which accuracy is measured too.
    """

    networks: Networks
    open_runs: OpenRuns
    images: Path | None = None
    _folders: dict[tuple[str, ...], LabelledFolder] = field(default_factory=dict)

    def respond(self, arguments: dict[str, str]) -> Response:
        """Scores of all images and maps of one; a picture in the request stands for the probe.

        Raises:
            UsageError: there is no network, no image, or a change is not what it can be.
        """
        network = self.networks.of_run(arguments.get("run"))
        asked = self._asked(arguments, network.input_shape)
        is_difference = arguments.get("show") == "difference"
        question = Question(
            text(arguments, "layer"),
            changes_of(arguments.get("changes", "")),
            number(arguments, "image", 0),
            is_difference,
        )
        inputs, labels = _inputs(network, asked)
        reply = network.reply(inputs, question)
        head = {
            "layer": reply.layer,
            "step": reply.step,
            "image": reply.image,
            "signed": is_difference or bool((reply.maps < 0).any()),
            "weights": weights(network),
            **_told(reply.before, reply.after, labels, reply.image, asked.classes),
        }
        data = tile_bytes.pack(encode(reply.maps, 1), len(reply.maps), head)
        return caching.body(data, forever=False)

    def judge(self, arguments: dict[str, str]) -> Response:
        """Accuracy over the folder, before and after.

        Raises:
            UsageError: the server was given none, or its folders are no classes.
        """
        network = self.networks.of_run(arguments.get("run"))
        if self.images is None:
            raise UsageError(
                "there is no folder to measure on; start the page with one: "
                f"{COMMAND} --images FOLDER, which has a folder for each class"
            )
        changes = changes_of(arguments.get("changes", ""))
        asked = self._asked(arguments, network.input_shape)
        known = asked.probe.normalization if asked.probe else _guessed(network)
        blank = np.zeros((1, *network.input_shape), np.float32)
        count = network.scores(blank, ()).shape[-1]
        folder = self._folder(self.images, asked.classes, count)

        def measured(some: Sequence[UnitChange]) -> float:
            def scores(images: FloatArray) -> FloatArray:
                return network.scores(images, some)

            return folder.accuracy(scores, network.input_shape, known)

        told = {"before": measured(()), "after": measured(changes), "count": len(folder.files)}
        return caching.document(told)

    def checkpoint(self, arguments: dict[str, str]) -> Response:
        """The network's parameters with the changes in them, as a file.

        Raises:
            UsageError: the model itself is not at hand.
            NetworkError: they cannot be written into weights.
        """
        network = self.networks.of_run(arguments.get("run"))
        if isinstance(network, Apart):
            raise UsageError(
                "a checkpoint is written by the model's own code; start the page with it: "
                f"{COMMAND}"
            )
        changes = changes_of(arguments.get("changes", ""))
        asked = self._asked(arguments, network.input_shape)
        with tempfile.TemporaryDirectory() as folder:
            inputs, _ = _inputs(network, asked)
            path, step = network.checkpoint(Path(folder), changes, inputs)
            data, ending = path.read_bytes(), path.suffix
        response = Response(data, mimetype="application/octet-stream")
        name = f"masked{'' if step is None else f'-{step}'}{ending}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def _asked(self, arguments: dict[str, str], shape: tuple[int, ...]) -> Asked:
        if "run" not in arguments:
            return Asked(None, ())
        with self.open_runs.run(arguments["run"]) as found:
            return Asked.of(found.history, shape)

    def _folder(self, images: Path, classes: Sequence[str], count: int) -> LabelledFolder:
        key = (*classes, str(count))
        if key not in self._folders:
            self._folders[key] = LabelledFolder.of(images, classes, count)
        return self._folders[key]


def _guessed(network: AtHand | Apart) -> Normalization:
    """How inputs relate to pictures, where no run says so."""
    if isinstance(network, AtHand):
        return network.normalization
    raise UsageError("the run has no probe of the network's shape")


def _inputs(
    network: AtHand | Apart, asked: Asked
) -> tuple[FloatArray, npt.NDArray[np.int64] | None]:
    """What the network is asked with: the picture that was sent, or the probe."""
    shape = network.input_shape
    sent = request.get_data()
    if sent:
        _, height, width = shape
        pixels = np.frombuffer(sent, np.uint8)
        if pixels.size != height * width * 3:
            raise UsageError(
                f"the picture has {pixels.size} bytes; it can have {height * width * 3}: "
                f"{height} rows of {width} times red, green and blue"
            )
        known = asked.probe.normalization if asked.probe else _guessed(network)
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
