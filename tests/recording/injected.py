"""Whatever breaks in vizframe while a script trains, the script trains on, with the same weights.

Every function of ours between a training and the plugins is broken in turn, as it is called: where
an update is watched, where a recorder opens, at its steps, norms and scalars, and at its end.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import vizframe
from vizframe.gluon.compat import mx
from vizframe.gluon.estimator import RecordSteps
from vizframe.recording.autostart import record_call
from vizframe.recording.config import Config
from vizframe.recording.recorder import Recorder

nn, gluon, autograd = mx.gluon.nn, mx.gluon, mx.autograd

ROOT = str(Path(vizframe.__file__).parent) + "/"
NEAR = (
    "recording/",
    "gluon/training/",
    "gluon/adapter",
    "gluon/estimator",
    "gluon/call",
    "graph/ep",
)
"""Where our code enters a training."""

BEFORE = (
    "recording/config.py",
    "recording/jobs.py",
    "recording/chosen_jobs.py",
    "recording/schedule.py:Schedule.of",
    "recording/schedule.py:Schedule.__",
    "recording/schedule.py:Rhythms.__init__",
    "recording/budget.py:share_of",
    "recording/budget.py:Budget.__init__",
    "recording/budget.py:Budget.charge",
    "recording/budget.py:Budget.recording",
    "recording/budget.py:Budget._under_way",
    "recording/voice.py",
    "recording/ranks.py:Ranks",
    "recording/steps.py:StepCount.__init__",
    "recording/script_facts.py:ScriptFacts.__init__",
    "recording/recorder.py:Recorder.__init__",
    "recording/recorder.py:Recorder._start",
    "gluon/estimator.py:RecordSteps.__init__",
    "recording/destination.py:Destination.of",
    "recording/destination.py:Destination.__init__",
    "recording/destination.py:Destination._claim",
    "recording/past.py",
    "recording/work_clock.py",
    "recording/portions.py",
    "recording/newest.py:NewestTaker.of",
    "recording/newest.py:newest_jobs",
    "recording/model_view.py:ModelView.__init__",
    "recording/autostart.py:record_call",
    "recording/autostart.py:Watch.__init__",
    "recording/autostart.py:Watch._heritage",
    "recording/recorded_nets.py:RecordedNets.__init__",
    "recording/spawning.py:Spawning.__init__",
)
"""What runs before the training does, and may refuse it; and what says that something broke."""


THIN = (
    "graph/epochs.py:CountedBatches.__next__",
    "recording/recorder.py:Recorder.step",
    "recording/recorder.py:Recorder.advance",
    "recording/recorder.py:Recorder.finish",
    "recording/recorder.py:Recorder.close",
    "recording/recorder.py:Recorder.__exit__",
    "gluon/estimator.py:RecordSteps.batch_end",
    "gluon/estimator.py:RecordSteps.epoch_begin",
    "recording/recorder.py:Recorder._lost",
)
"""What a script or the framework calls, and has nothing in it but a guard."""


class Injected(Exception):
    """Nobody else raises it."""


def small_net() -> Any:
    mx.random.seed(3)
    net = nn.HybridSequential()
    net.add(nn.Conv2D(2, 3), nn.Activation("relu"), nn.Dense(2))
    net.initialize()
    return net


def small_loader() -> Any:
    images = mx.nd.random.uniform(shape=(6, 1, 5, 5))
    data = gluon.data.ArrayDataset(images, mx.nd.array([0, 1] * 3))
    return gluon.data.DataLoader(data, 3)


def digest_of(net: Any) -> str:
    """Of its weights, and of what is drawn next."""
    digest = hashlib.sha256(mx.nd.random.uniform(shape=3).asnumpy().tobytes())
    for parameter in net.collect_params().values():
        digest.update(parameter.data().asnumpy().tobytes())
    return digest.hexdigest()


def trained(run: Path | None = None) -> str:
    """A small training; in two lines, where a run is named."""
    net = small_net()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    metric, data = mx.metric.Loss(), small_loader()
    recorder = run and Recorder(net, run, every=1, plugins=["weights"])
    for x, _ in data:
        with autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
        trainer.step(3)
        metric.update(None, [loss])
        if recorder:
            recorder.step(loss=loss, metric=metric.get)
    if recorder:
        recorder.finish()
    return digest_of(net)


def estimated(run: Path | None = None) -> str:
    """The same by an Estimator, with a handler where a run is named."""
    net, data = small_net(), small_loader()
    net(mx.nd.zeros((1, 1, 5, 5)))
    estimator = gluon.contrib.estimator.Estimator(
        net=net, loss=gluon.loss.SoftmaxCELoss(), train_metrics=mx.metric.Accuracy()
    )
    estimator.logger.disabled = True
    recorder = run and Recorder(net, run, every=1, plugins=["weights"])
    estimator.fit(data, epochs=1, event_handlers=[RecordSteps(recorder)] if recorder else [])
    if recorder:
        recorder.finish()
    return digest_of(net)


def recorded(run: Path | None = None, *, strict: bool = False) -> str:
    """The first training, unedited, under `vizframe record` where a run is named."""
    if run is None:
        return trained()
    found: list[str] = []
    chosen = Config(run=str(run), every=1, plugins=("weights",), strict=strict)
    record_call(lambda: found.append(trained()), chosen, "train")
    return found[0]


WAYS: dict[str, Callable[[Path | None], str]] = {
    "unedited": recorded,
    "two lines": trained,
    "estimator": estimated,
}


def where(code: CodeType) -> str:
    return f"{code.co_filename.removeprefix(ROOT)}:{code.co_qualname}"


@contextmanager
def profiled(profile: Callable[[FrameType, str, object], None]) -> Iterator[None]:
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def passed_through(call: Callable[[], object]) -> list[str]:
    """Our functions near the training that the call passes through, each once."""
    found: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            name = where(frame.f_code)
            if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
                return  # the body of a class, at its import
            if name.startswith(NEAR) and not name.startswith((*BEFORE, *THIN)) and "<" not in name:
                found[name] = None

    with profiled(note):
        call()
    return list(found)


@contextmanager
def breaking(name: str) -> Iterator[list[str]]:
    """Inside, the function raises as it is called, the first time."""
    broken: list[str] = []

    def raise_there(frame: FrameType, event: str, _: object) -> None:
        ours = not broken and frame.f_code.co_filename.startswith(ROOT)
        if event == "call" and ours and where(frame.f_code) == name:
            broken.append(name)
            raise Injected(name)

    with profiled(raise_there):
        yield broken


def complaints(way: str, folder: Path, every: int) -> Iterator[str]:
    """Of every so many functions that this way of training passes through, those whose errors
    reach the training, or change it."""
    train = WAYS[way]
    alone = train(None)
    names = passed_through(lambda: train(folder / f"{way}-whole"))
    if len(names) < 50:
        yield f"{way}: only {len(names)} functions were seen"
    for number, name in enumerate(names[list(WAYS).index(way) :: every]):
        with breaking(name):
            try:
                if train(folder / f"{way}-{number}") != alone:
                    yield f"{way}: {name} changed the training"
            except Injected:
                yield f"{way}: {name} reached the training"


def is_strict(folder: Path) -> bool:
    """Whether an error is let out where that is asked for."""
    try:
        with breaking("recording/autostart.py:Watch.before_update"):
            recorded(folder / "strict", strict=True)
    except Injected:
        return True
    return False


if __name__ == "__main__":
    place = Path(sys.argv[1])
    found = [each for way in WAYS for each in complaints(way, place, int(sys.argv[2]))]
    print("\n".join([*found, f"strict lets errors out: {is_strict(place)}"]))
