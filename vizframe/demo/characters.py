"""The demo's training on a text: an LSTM that foretells the next character.

    character ─ embedding (24) ─ LSTM (96) ─ dense ─ a score for each character of the vocabulary

Batches of 32 windows of 64 characters, Adam with rate 0.005, everything drawn from one seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vizframe.demo.text import Numbers, Text
from vizframe.gluon.compat import mx
from vizframe.network.probe import Probe

BATCH = 32
WINDOW = 64
EMBEDDED = 24
CELLS = 96
RATE = 0.005


class CharacterTraining:
    """A training that is made step by step: see `vizframe.demo.digits.Training`.

    Attributes:
        net: the network, a `HybridBlock`.
        text: what it learns from, and what it is judged by.
    """

    class_names: tuple[str, ...] = ()

    def __init__(self, text: Text, seed: int = 0) -> None:
        mx.random.seed(seed)
        self.text = text
        self.net = network(len(text.vocabulary))
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        parameters = self.net.collect_params()
        self._trainer = mx.gluon.Trainer(parameters, "adam", {"learning_rate": RATE})
        self._order = np.random.default_rng(seed)
        self._done = 0

    @property
    def epoch(self) -> float:
        """How many characters were learnt from, over those of the text."""
        return self._done * BATCH * WINDOW / len(self.text.learnt)

    def probe(self) -> Probe:
        return self.text.probe()

    def step(self) -> Any:
        """One update; the loss of each window, an NDArray."""
        starts = self._order.integers(0, len(self.text.learnt) - WINDOW - 1, BATCH)
        windows = np.stack([self.text.learnt[at : at + WINDOW + 1] for at in starts])
        read, next_ones = mx.nd.array(windows[:, :-1]), mx.nd.array(windows[:, 1:])
        with mx.autograd.record():
            loss = self._loss(self.net(read), next_ones)
        loss.backward()
        self._trainer.step(BATCH)
        self._done += 1
        return loss

    def accuracy(self, most: int | None = None) -> float:
        """The share of the characters of held-out windows, or of so many of them, that are
        foretold."""
        windows, next_ones = self._judged(most)
        found = self.net(windows).argmax(axis=2).asnumpy()
        return float((found == next_ones).mean())

    def outcome(self) -> str:
        """How well a text that was never seen is foretold."""
        windows, next_ones = self._judged(None)
        loss = self._loss(self.net(windows), mx.nd.array(next_ones)).mean().asscalar()
        return f"a module that it never saw costs {float(loss) / np.log(2):.2f} bits a character"

    def _judged(self, most: int | None) -> tuple[Any, Numbers]:
        count = min(most or len(self.text.held_out), (len(self.text.held_out) - 1) // WINDOW)
        ends = count * WINDOW
        read = self.text.held_out[:ends].reshape(count, WINDOW)
        return mx.nd.array(read), self.text.held_out[1 : ends + 1].reshape(count, WINDOW)

    def save(self, path: Path) -> None:
        """Write the weights to a file, at once: who reads it meanwhile has those before."""
        draft = path.with_name(f".{path.name}.part")
        self.net.save_parameters(str(draft))
        draft.replace(path)


class CharacterNet(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    """The network; its layers go by the names of these attributes."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        nn, rnn = mx.gluon.nn, mx.gluon.rnn
        self.embedding = nn.Embedding(characters, EMBEDDED)
        self.lstm = rnn.LSTM(CELLS, layout="NTC", input_size=EMBEDDED)
        self.scores = nn.Dense(characters, flatten=False, in_units=CELLS)

    def hybrid_forward(self, _: Any, numbers: Any) -> Any:
        """The scores of each next character, (text, time, character), before any softmax."""
        return self.scores(self.lstm(self.embedding(numbers)))


def network(characters: int) -> CharacterNet:
    """The network, initialised and hybridized."""
    net = CharacterNet(characters)
    net.initialize(mx.init.Xavier())
    net.hybridize()
    return net
