"""The demo's training on a text: an LSTM that predicts the next character, with Adam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vizframe.demo.text import BATCH, CELLS, EMBEDDED, RATE, Numbers, Text, TextLearnt
from vizframe.gluon.compat import mx
from vizframe.network import FloatArray


class CharacterTraining(TextLearnt):
    """A training that is made step by step: see `vizframe.demo.digits.Training`.

    Attributes:
        net: the network, a `HybridBlock`.
        text: what it learns from, and what it is judged by.
    """

    def __init__(self, text: Text, seed: int = 0) -> None:
        super().__init__(text, seed)
        mx.random.seed(seed)
        self.net = network(len(text.vocabulary))
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        parameters = self.net.collect_params()
        self._trainer = mx.gluon.Trainer(parameters, "adam", {"learning_rate": RATE})

    def step(self) -> Any:
        """One update; the loss of each window, an NDArray."""
        read, next_ones = map(mx.nd.array, self.batch())
        with mx.autograd.record():
            loss = self._loss(self.net(read), next_ones)
        loss.backward()
        self._trainer.step(BATCH)
        return loss

    def scores(self, read: Numbers) -> FloatArray:
        """See `TextLearnt`."""
        found: FloatArray = self.net(mx.nd.array(read)).asnumpy()
        return found

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
