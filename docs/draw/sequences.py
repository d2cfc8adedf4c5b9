"""The pictures of a text's pages: the training of `examples/brackets.py`, and a small attention."""

from __future__ import annotations

import functools
import os
import runpy
import tempfile
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import vizframe
from draw.demo import Demo
from vizframe.gluon.compat import mx
from vizframe.images.colormap import lut
from vizframe.images.paint import Rgb
from vizframe.network import FloatArray
from vizframe.plugins.memory import Memory
from vizframe.plugins.snippets import Snippets
from vizframe.plugins.trajectory import Trajectory

EXAMPLE = Path(__file__).parents[2] / "examples" / "brackets.py"
CELL, ACROSS, SHOWN = (10, 18), 80, 160


@functools.cache
def recorded() -> Any:
    """The example's run, with what a score hangs on at its first and last step."""
    folder = tempfile.mkdtemp()
    with chdir(folder):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        text = EXAMPLE.read_text().replace("every=50,", "every=200, plugins=PLUGINS,")
        Path("example.py").write_text(text)
        plugins = ["recurrent", "prediction", Memory(targets=3, window=400), Snippets()]
        plugins.append(Trajectory(until=200))
        runpy.run_path("example.py", {"PLUGINS": plugins})
    return vizframe.open(Path(folder) / "runs" / "brackets")


def strip(tokens: Sequence[str], values: FloatArray, table: str, most: float) -> Rgb:
    """Characters over their colours; signed where the table is, from −most."""
    low = -most if table == "signed" else 0.0
    places = np.clip((np.nan_to_num(values) - low) / (most - low), 0, 1)
    colours = lut(table)[(255 * places).round().astype(int)]
    rows = -(-len(tokens) // ACROSS)
    page = Image.new("RGB", (ACROSS * CELL[0], rows * CELL[1]), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for place, (token, colour) in enumerate(zip(tokens, colours, strict=False)):
        x, y = place % ACROSS * CELL[0], place // ACROSS * CELL[1]
        pen.rectangle((x, y, x + CELL[0] - 1, y + CELL[1] - 1), fill=tuple(map(int, colour)))
        dark = np.dot(colour, (0.3, 0.6, 0.1)) < 128
        pen.text((x + 2, y + 1), token, fill="white" if dark else "black", font=font)
    return np.asarray(page, np.uint8)


def below(*pictures: Rgb) -> Rgb:
    """One above the other, with a white line between them."""
    width = max(each.shape[1] for each in pictures)
    rows = []
    for each in pictures:
        wide = np.full((each.shape[0] + 8, width, 3), 255, np.uint8)
        wide[: each.shape[0], : each.shape[1]] = each
        rows.append(wide)
    return np.concatenate(rows)[:-8]


def recurrent(_demo: Demo) -> Rgb:
    """The cell that follows the depth best, before and after, and all cells below."""
    run = recorded()
    tokens, series = run.tokens[0], run["recurrent.cell", "rnn"]
    depth = np.cumsum([{"(": 1, ")": -1}.get(each, 0) for each in tokens])
    last = np.asarray(series.at(run.steps[-1], probe=0))
    best = int(np.argmax([abs(np.corrcoef(row, depth)[0, 1]) for row in last]))
    strips = []
    for step in (run.steps[0], run.steps[-1]):
        row = np.asarray(series.at(step, probe=0))[best, :SHOWN]
        strips.append(strip(tokens[:SHOWN], row, "signed", float(np.abs(last[best]).max())))
    cells = last[:, :ACROSS] / np.abs(last).max(axis=1, keepdims=True)
    image = lut("signed")[(127.5 + 127.5 * cells).round().astype(int)]
    return below(*strips, image.repeat(4, axis=0).repeat(CELL[0], axis=1).astype(np.uint8))


def prediction(_demo: Demo) -> Rgb:
    """Surprise before and after."""
    run = recorded()
    series = run["prediction.surprise", "out"]
    rows = [np.asarray(series.at(step, probe=0))[:SHOWN] for step in (run.steps[0], run.steps[-1])]
    return below(*(strip(run.tokens[0][:SHOWN], row, "perceptual", 4.0) for row in rows))


def memory(_demo: Demo) -> Rgb:
    """What the score at three places hangs on, after the training."""
    run = recorded()
    rows = np.asarray(run["memory.connectivity", "out"].at(probe=0))
    times = np.asarray(run["memory.connectivity", "out"].columns()["target"])[0].astype(int)
    strips = []
    for row, time in zip(rows, times, strict=True):
        begin = max(0, time - ACROSS + 1)
        shown = row[begin : begin + ACROSS]
        tokens = run.tokens[0][begin : begin + ACROSS]
        strips.append(strip(tokens, shown, "perceptual", float(shown.max())))
    return below(*strips)


def snippets(_demo: Demo) -> Rgb:
    """The windows of the unit that follows the depth best, and of three others that have some here,
    after training."""
    run = recorded()
    series = run["snippets", "rnn"]
    held = np.asarray(series.columns()["bracket depth"])[0, :, 1]
    rows = np.asarray(series.at(probe=0))
    best = int(np.nanargmax(held))
    here = np.abs(rows[:, :SHOWN]).sum(axis=1).argsort()[::-1]
    chosen = [best, *[int(each) for each in here if each != best][:3]]
    return below(
        *(strip(run.tokens[0][:SHOWN], rows[u, :SHOWN], "signed", most(rows[u])) for u in chosen)
    )


def trajectory(_demo: Demo) -> Rgb:
    """The three components along the text, after the training."""
    run = recorded()
    rows = np.asarray(run["trajectory", "rnn"].at(probe=0))
    tokens = run.tokens[0][:ACROSS]
    return below(*(strip(tokens, row[:ACROSS], "signed", most(row)) for row in rows))


def most(row: FloatArray) -> float:
    return float(np.abs(row).max())


class Copier(mx.gluon.HybridBlock):
    """One attention of two heads over tokens and their places."""

    def __init__(self, tokens: int, steps: int) -> None:
        super().__init__()
        with self.name_scope():
            self.words = mx.gluon.nn.Embedding(tokens, 32)
            self.place = self.params.get("place", shape=(1, steps, 32), init=mx.init.Normal(1))
            self.query, self.key, self.value, self.out = (
                mx.gluon.nn.Dense(width, flatten=False) for width in (32, 32, 32, tokens)
            )

    def hybrid_forward(self, F: Any, x: Any, place: Any) -> Any:
        def split(rows: Any) -> Any:
            return F.transpose(F.reshape(rows, (0, 0, 2, -1)), (0, 2, 1, 3))

        rows = F.broadcast_add(self.words(x), place)
        asked, known = split(self.query(rows)), split(self.key(rows))
        shares = F.softmax(F.linalg_gemm2(asked, known, transpose_b=True) / 4)
        seen = F.linalg_gemm2(shares, split(self.value(rows)))
        return self.out(F.reshape(F.transpose(seen, (0, 2, 1, 3)), (0, 0, -1)))


def attention(_demo: Demo) -> Rgb:
    """Two heads that learn to look two places back, before and after."""
    draw, steps = np.random.default_rng(0), 24
    mx.random.seed(0)
    net = Copier(8, steps)
    net.initialize(mx.init.Xavier())
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 3e-3})
    measure = mx.gluon.loss.SoftmaxCELoss()
    folder = Path(tempfile.mkdtemp()) / "run"
    with vizframe.Recorder(net, folder, every=1000, plugins=["attention"]) as recorder:
        for _ in range(400):
            tokens = draw.integers(0, 8, (32, steps))
            with mx.autograd.record():
                scores = net(mx.nd.array(tokens))
                loss = measure(scores[:, 2:], mx.nd.array(tokens[:, :-2])).mean()
            loss.backward()
            trainer.step(1)
            recorder.step(loss=loss)
    with vizframe.open(folder) as run:
        series = run[next(iter(run))]
        pictures = [np.asarray(series.at(step, probe=0)) for step in (run.steps[0], run.steps[-1])]
    made = []
    for heads in pictures:
        tiles = [lut("perceptual")[(255 * head).round().astype(int)] for head in heads]
        wide = [tile.repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8) for tile in tiles]
        gap = np.full((wide[0].shape[0], 8, 3), 255, np.uint8)
        made.append(np.concatenate([wide[0], gap, wide[1]], axis=1))
    gap = np.full((made[0].shape[0], 32, 3), 255, np.uint8)
    return np.concatenate([made[0], gap, made[1]], axis=1)
