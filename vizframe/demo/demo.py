"""The demo: a real training of a minute, recorded with every built-in plugin, its progress shown.

MnistTraining.step ──► Recorder.step ──► run ──► page
      loss ─────────────── accuracy ──► progress bar
"""

from __future__ import annotations

from importlib.util import find_spec
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
    from vizframe.demo.digits import Dataset, Digits, Training
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


MODELS = {"mxnet": "vizframe.demo.mnist:network", "torch": "vizframe.torch.digits:network"}
"""What makes the demo's network, by framework."""

_ENDINGS = {"mxnet": "params", "torch": "pt"}


def framework_here() -> str:
    """The framework that the demo trains with where nobody says: one that is installed."""
    return next((name for name in MODELS if find_spec(name)), "mxnet")


def weights_of(path: Path, framework: str = "mxnet") -> Path:
    """Where the demo's newest weights are: beside its run."""
    return path.with_name(f"{path.name}.{_ENDINGS[framework]}")


def live_options(path: Path, framework: str = "mxnet") -> list[str]:
    """What `vizframe serve` is told so that its Live page asks the demo's network."""
    weights = ["--weights", str(weights_of(path, framework))]
    return ["--model", MODELS[framework], *weights, "--shape", "1,28,28"]


def start_training(framework: str, found: Digits) -> Training:
    """A training on these digits that no update was made of."""
    if framework == "torch":
        from vizframe.demo.mnist_torch import TorchTraining

        return TorchTraining(found)
    from vizframe.demo.mnist import MnistTraining

    return MnistTraining(found)


def show(
    path: Path,
    steps: int,
    every: str,
    dataset: Dataset,
    console: Console,
    framework: str = "mxnet",
) -> None:
    """Train for so many updates, recording to the run, and say how well the digits are told."""
    from vizframe.demo.digits import digits

    with console.status("loading the digits"):
        training = start_training(framework, digits(dataset))
    bar = _bar(console)
    with bar, recorder(training, path, every) as recording:
        task = bar.add_task("training", total=steps, loss="", accuracy="")
        for done in range(1, steps + 1):
            _advance(training, recording, bar, task)
            if done % KEPT == 0 or done == steps:
                training.save(weights_of(path, framework))
    console.print(
        f"{training.accuracy():.1%} of {len(training.digits.held_out_labels):,} held-out digits "
        f"are recognised; the run is {path}",
        soft_wrap=True,
    )


def recorder(training: Training, path: Path, every: str) -> Recorder:
    """What records the demo."""
    from vizframe.demo.digits import CLASSES
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


def _advance(training: Training, recording: Recorder, bar: Progress, task: TaskID) -> None:
    from vizframe.network.adapter import adapter_for

    loss = training.step()

    def accuracy() -> float:
        found = training.accuracy(JUDGED)
        shown = adapter_for(training.net).number(loss)
        bar.update(task, loss=f"loss {shown:.3f}", accuracy=f"{found:.1%} right")
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
