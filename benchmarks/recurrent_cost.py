"""What `recurrent` and `prediction` cost a training that records them at every 100 steps.

    python -m benchmarks.recurrent_cost           about two minutes

The same LSTM on the same text, alone and recorded, in turns; the ratio of the times.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

import vizframe
from benchmarks.command import command_line
from benchmarks.planted_cells import LETTERS, reader, text
from vizframe.gluon.compat import mx

STEPS, EVERY, BATCH, LENGTH, UNITS = 400, 100, 32, 64, 128
ROUNDS = 2


def train(run: Path | None) -> float:
    """Processor seconds of the training, the recording of its end included: what else runs on the
    machine does not count."""
    draw = np.random.default_rng(0)
    corpus = np.array([LETTERS.index(each) for each in text(draw, 20_000)[0]])
    net = reader(len(LETTERS), UNITS, 0)
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 3e-3})
    measure = mx.gluon.loss.SoftmaxCELoss()
    places = draw.integers(0, len(corpus) - LENGTH - 1, (STEPS, BATCH))
    start = time.process_time()
    plugins = ["recurrent", "prediction"]
    recorder = None if run is None else vizframe.Recorder(net, run, every=EVERY, plugins=plugins)
    for row in places:
        rows = np.stack([corpus[place : place + LENGTH + 1] for place in row])
        inputs, targets = mx.nd.array(rows[:, :-1]), mx.nd.array(rows[:, 1:])
        with mx.autograd.record():
            loss = measure(net(inputs), targets)
        loss.backward()
        trainer.step(BATCH)
        loss.mean().asscalar()
        if recorder is not None:
            recorder.step()
    if recorder is not None:
        recorder.finish()
    return time.process_time() - start


def main() -> None:
    command_line(__doc__).parse_args()
    alone, recorded = list[float](), list[float]()
    train(None)  # what the first pass of all has to load
    for number in range(ROUNDS):
        alone.append(train(None))
        with tempfile.TemporaryDirectory() as folder:
            recorded.append(train(Path(folder) / str(number)))
        ratio = recorded[-1] / alone[-1]
        print(f"alone {alone[-1]:.2f} s, recorded {recorded[-1]:.2f} s, ratio {ratio:.3f}")
    ratio = float(np.median(np.array(recorded) / np.array(alone)))
    print(f"{STEPS // EVERY + 1} recordings of {UNITS} units: median ratio {ratio:.3f} (goal 1.05)")


if __name__ == "__main__":
    main()
