"""The demo: a real training of a minute, recorded with every built-in plugin, its progress shown.

Training.step ───────► Recorder.step ──► run ──► page
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

from vizframe.demo.tasks import TASKS, Task
from vizframe.recording.schedule import Schedule

if TYPE_CHECKING:
    from vizframe.demo.digits import Dataset, Digits, Training
    from vizframe.demo.text import Text
    from vizframe.recording.recorder import Recorder

JUDGED = 250
"""How many held-out examples the accuracy of each recorded step is measured on."""


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


def start(task: str, framework: str, dataset: Dataset) -> Training:
    """A training of this task that no update was made of."""
    if task == "text":
        from vizframe.demo.text import python_source

        return start_reading(framework, python_source())
    from vizframe.demo.digits import digits

    return start_training(framework, digits(dataset))


def start_training(framework: str, found: Digits) -> Training:
    """A training on these digits that no update was made of."""
    if framework == "torch":
        from vizframe.demo.mnist_torch import TorchTraining

        return TorchTraining(found)
    from vizframe.demo.mnist import MnistTraining

    return MnistTraining(found)


def start_reading(framework: str, text: Text) -> Training:
    """A training on this text that no update was made of."""
    if framework == "torch":
        from vizframe.demo.characters_torch import TorchCharacterTraining

        return TorchCharacterTraining(text)
    from vizframe.demo.characters import CharacterTraining

    return CharacterTraining(text)


def show(
    path: Path,
    steps: int,
    every: str,
    dataset: Dataset,
    console: Console,
    framework: str = "mxnet",
    task: str = "digits",
) -> None:
    """Train for so many updates, recording to the run, and say what was learnt."""
    with console.status(f"loading the {task}"):
        training = start(task, framework, dataset)
    bar = _bar(console)
    with bar, recorder(training, path, every, TASKS[task]) as recording:
        progress = bar.add_task("training", total=steps, loss="", accuracy="")
        for done in range(1, steps + 1):
            _advance(training, recording, bar, progress)
            if done % KEPT == 0 or done == steps:
                training.save(weights_of(path, framework))
    console.print(f"{training.outcome()}; the run is {path}", soft_wrap=True)


def recorder(training: Training, path: Path, every: str, task: Task = TASKS["digits"]) -> Recorder:
    """What records the demo."""
    from vizframe.recording.recorder import Recorder

    often = Schedule.of(every)
    half = {"every": Schedule(2 * often.amount, often.unit)}
    slower = {name: {**task.options.get(name, {}), **half} for name in task.slower}
    return Recorder(
        training.net,
        path,
        every=every,
        plugins=task.plugins,
        options={**task.options, **slower},
        probe=training.probe(),
        class_names=training.class_names,
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
