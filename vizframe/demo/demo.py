"""The demo: a real training of a minute, recorded with every built-in plugin, its progress shown.

MnistTraining.step ──► Recorder.step ──► run ──► page
      loss ─────────────── accuracy ──► progress bar
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from vizframe.recording.schedule import Schedule

if TYPE_CHECKING:
    from vizframe.demo.mnist import Dataset, MnistTraining
    from vizframe.recording.recorder import Recorder

PLUGINS = (
    "activation",
    "gradient_ascent",
    "class_visualization",
    "deconvolution",
    "weights",
    "saliency",
)

OPTIONS: dict[str, dict[str, object]] = {
    "gradient_ascent": {"iterations": 10, "rate": 32},
    "class_visualization": {"iterations": 10, "rate": 32},
    "deconvolution": {"top": 1},
    "saliency": {"methods": ["gradient", "gradient_input", "guided", "grad_cam", "hires_cam"]},
}
"""Where the demo asks for less than a plugin gives, so that recording takes no longer than
training: ten long steps uphill show what ninety short ones do, a little rougher. HiResCAM is there
beside Grad-CAM, whose maps are often empty before a dense layer that reads maps, as here."""

SLOWER = ("gradient_ascent", "class_visualization")
"""What the demo makes at every second recorded step only, for the same reason."""

JUDGED = 250
"""How many held-out digits the accuracy of each recorded step is measured on."""


KEPT = 100
"""Every so many updates the weights are kept for the Live page."""


def weights_of(path: Path) -> Path:
    """Where the demo's newest weights are: beside its run."""
    return path.with_name(f"{path.name}.params")


def live_options(path: Path) -> list[str]:
    """What `vizframe serve` is told so that its Live page asks the demo's network."""
    weights = ["--weights", str(weights_of(path))]
    return ["--model", "vizframe.demo.mnist:network", *weights, "--shape", "1,28,28"]


def show(path: Path, steps: int, every: str, dataset: Dataset, console: Console) -> None:
    """Train for so many updates, recording to the run, and say how well the digits are told."""
    from vizframe.demo.mnist import MnistTraining, digits

    with console.status("loading the digits"):
        training = MnistTraining(digits(dataset))
    bar = _bar(console)
    with bar, recorder(training, path, every) as recording:
        task = bar.add_task("training", total=steps, loss="", accuracy="")
        for done in range(1, steps + 1):
            _advance(training, recording, bar, task)
            if done % KEPT == 0 or done == steps:
                training.save(weights_of(path))
    console.print(
        f"{training.accuracy():.1%} of {len(training.digits.held_out_labels):,} held-out digits "
        f"are recognised; the run is {path}",
        soft_wrap=True,
    )


def recorder(training: MnistTraining, path: Path, every: str) -> Recorder:
    """What records the demo."""
    from vizframe.demo.mnist import CLASSES
    from vizframe.recording.recorder import Recorder

    often = Schedule.of(every)
    half = {"every": Schedule(2 * often.amount, often.unit)}
    slower = {name: {**OPTIONS[name], **half} for name in SLOWER}
    return Recorder(
        training.net,
        path,
        every=every,
        plugins=PLUGINS,
        options={**OPTIONS, **slower},
        probe=training.digits.probe(),
        class_names=CLASSES,
    )


def _advance(training: MnistTraining, recording: Recorder, bar: Progress, task: TaskID) -> None:
    loss = training.step()

    def accuracy() -> float:
        found = training.accuracy(JUDGED)
        bar.update(task, loss=f"loss {loss.mean().asscalar():.3f}", accuracy=f"{found:.1%} right")
        return found

    recording.step(epoch=training.epoch, loss=loss, accuracy=accuracy)
    bar.advance(task)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TextColumn("{task.fields[accuracy]}"),
        TimeRemainingColumn(),
        console=console,
    )
