"""Planted truth: cells that must learn depth and quotes, and copies whose lag is known.

    python benchmarks/planted_cells.py            about two minutes

A language of brackets and quotes, in which what may come next hangs on the depth and on whether a
quote is open: an LSTM that learns it has cells for both. They are looked for on a text, with the
untrained network as the baseline, and judged on a second text. A copy task of a known lag tells
whether `memory` finds how far back a network looks.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.command import command_line
from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray
from vizframe.network.layer import select
from vizframe.network.probe import probe_of
from vizframe.plugin import Scene
from vizframe.plugins.memory import Memory
from vizframe.plugins.recurrent import Recurrent
from vizframe.recording.declare import checked_frames

nn, rnn = mx.gluon.nn, mx.gluon.rnn

LETTERS = '()"abcdefg '
DEEPEST = 4


def text(draw: np.random.Generator, length: int) -> tuple[str, FloatArray, FloatArray]:
    """A text of the language, its depth and whether a quote is open behind each character."""
    made, depth, quoted = list[str](), 0, False
    depths, quotes = list[int](), list[bool]()
    while len(made) < length:
        each = _next(draw, depth, quoted)
        depth += {"(": 1, ")": -1}.get(each, 0)
        quoted ^= each == '"'
        made.append(each)
        depths.append(depth)
        quotes.append(quoted)
    return "".join(made), np.array(depths, np.float32), np.array(quotes, np.float32)


def _next(draw: np.random.Generator, depth: int, quoted: bool) -> str:
    """The same letters everywhere; no bracket in a quote, and the deeper, the sooner one closes."""
    chance = draw.random()
    if chance < 0.12:
        return '"'
    if not quoted and chance < 0.12 + 0.22 * (DEEPEST - depth) / DEEPEST:
        return "("
    if not quoted and depth and chance < 0.34 + 0.08 * depth:
        return ")"
    return "abcdefg "[draw.integers(8)]


class Reader(mx.gluon.HybridBlock):
    def __init__(self, tokens: int, units: int) -> None:
        super().__init__()
        with self.name_scope():
            self.embedding = nn.Embedding(tokens, 16)
            self.rnn = rnn.LSTM(units, layout="NTC")
            self.out = nn.Dense(tokens, flatten=False)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.out(self.rnn(self.embedding(x)))


def reader(tokens: int, units: int, seed: int) -> Any:
    mx.random.seed(seed)
    net = Reader(tokens, units)
    net.initialize(mx.init.Xavier())
    net.hybridize()
    net(mx.nd.zeros((1, 4)))
    return net


def train(net: Any, batch: Any, steps: int, rate: float = 5e-3, skipped: int = 0) -> float:
    """Trains on batches of (inputs, targets); the first places of each may be left out."""
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": rate})
    measure, last = mx.gluon.loss.SoftmaxCELoss(), 0.0
    for _ in range(steps):
        inputs, targets = map(mx.nd.array, batch())
        with mx.autograd.record():
            loss = measure(net(inputs)[:, skipped:], targets[:, skipped:])
        loss.backward()
        mx.gluon.utils.clip_global_norm(
            [p.grad() for p in net.collect_params().values()], len(inputs), check_isfinite=False
        )
        trainer.step(len(inputs))
        last = float(loss.mean().asscalar())
    return last


def scene(net: Any, inputs: npt.NDArray[np.int64]) -> Scene:
    batch = batch_of(net, [mx.nd.array(inputs)])
    network = view(net, batch.inputs.shape[1:], call=batch.call)
    return Scene(network, select(network.layers), probe_of(batch.inputs))


def cells(net: Any, row: npt.NDArray[np.int64]) -> FloatArray:
    """What each unit remembers along the text, (unit, time), as the plugin `recurrent` records."""
    frames = checked_frames(Recurrent(gates=False), scene(net, row[None]))
    found: FloatArray = next(frame.values[0] for frame in frames if frame.part == "cell")
    return found


def correlations(rows: FloatArray, property: FloatArray) -> FloatArray:
    """|r| of each unit with the property."""
    centred = rows - rows.mean(1, keepdims=True)
    wanted = property - property.mean()
    size = np.linalg.norm(centred, axis=1) * np.linalg.norm(wanted)
    found: FloatArray = np.abs(centred @ wanted) / np.maximum(size, 1e-12)
    return found


def planted(seed: int, steps: int) -> bool:
    """Whether the best cell for depth and for the quote holds on another text."""
    draw = np.random.default_rng(seed)
    corpus = np.array([LETTERS.index(each) for each in text(draw, 60_000)[0]])
    (first, *known), (second, *held) = text(draw, 2000), text(draw, 2000)
    one, two = (np.array([LETTERS.index(c) for c in each]) for each in (first, second))
    net = reader(len(LETTERS), 64, seed)

    def batch() -> tuple[Any, Any]:
        places = draw.integers(0, len(corpus) - 81, 32)
        rows = np.stack([corpus[place : place + 81] for place in places])
        return rows[:, :-1], rows[:, 1:]

    before_one, before = cells(net, one), cells(net, two)
    loss = train(net, batch, steps)
    after_one, after = cells(net, one), cells(net, two)
    sound = True
    for name, chosen, judged in zip(("depth", "quote"), known, held, strict=True):
        best = int(correlations(after_one, chosen).argmax())
        was = float(correlations(before, judged)[correlations(before_one, chosen).argmax()])
        now = float(correlations(after, judged)[best])
        good = now >= 0.8 and now - was >= 0.3
        sound &= good
        print(
            f"seed {seed}: {name:6} unit {best:2}  |r| held out {now:.2f} (0.8), untrained "
            f"{was:.2f}, more by {now - was:.2f} (0.3){'' if good else '  MISSED'}; loss {loss:.2f}"
        )
    return sound


def copied(lag: int, steps: int) -> float:
    """The reach that `memory` finds in a network that gives what came ``lag`` places ago."""
    draw = np.random.default_rng(lag)
    net = reader(8, 64, lag)
    long = 3 * lag + 10

    def batch() -> tuple[Any, Any]:
        inputs = draw.integers(0, 8, (32, long))
        return inputs, np.roll(inputs, lag, axis=1)

    start = time.perf_counter()
    loss = train(net, batch, steps, rate=1e-2, skipped=lag)
    inputs = draw.integers(0, 8, (4, long))
    (frame,) = checked_frames(Memory(images=4, targets=8), scene(net, inputs))
    reach = frame.scalars["reach in tokens"]
    print(
        f"copy, lag {lag:2}: reach {reach:.1f} tokens; loss {loss:.3f}, {steps} steps, "
        f"{time.perf_counter() - start:.0f} s"
    )
    return reach


def main() -> int:
    command_line(__doc__).parse_args()
    found = [planted(seed, 800) for seed in (0, 1, 2)]
    near, far = copied(1, 200), copied(10, 1500)
    print(f"lag 1 reaches {near:.1f} (at most 2), lag 10 {far:.1f} (at least 8)")
    return 0 if all(found) and near <= 2 and far >= 8 else 1


if __name__ == "__main__":
    sys.exit(main())
