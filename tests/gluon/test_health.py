"""The health of a Gluon training: what is found while it is recorded, and that watching it leaves
every weight as it would be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vizframe import store
from vizframe.errors import TrainingStopped
from vizframe.gluon.compat import mx
from vizframe.history.vital_names import LAYER_RATIO
from vizframe.network.adapter import Batch
from vizframe.recording.recorder import Recorder

STEPS = 45


def train(
    run: Path,
    *,
    rate: float = 0.1,
    spoilt: int | None = None,
    adds: bool = False,
    **options: object,
) -> dict[str, bytes]:
    """A small training of four classes, told to a recorder as `vizframe record` tells it; its
    weights at the end."""
    mx.random.seed(3)
    draw = np.random.default_rng(3)
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(8, activation="relu", in_units=6), mx.gluon.nn.Dense(4, in_units=8))
    net.initialize(mx.init.Xavier())
    if adds:
        net.collect_params().setattr("grad_req", "add")
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": rate})
    loss_of = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    probe = draw.normal(size=(8, 6)).astype(np.float32)
    with Recorder(net, run, every=1000, plugins=["weights"], probe=probe, **options) as recorder:  # type: ignore[arg-type]
        for step in range(1, STEPS + 1):
            x = draw.normal(size=(16, 6)).astype(np.float32)
            y = (x[:, 0] > 0) * 2 + (x[:, 1] > 0)
            if step == spoilt:
                x[3, 2] = np.nan
            with mx.autograd.record():
                outputs = net(mx.nd.array(x))
                loss = loss_of(outputs, mx.nd.array(y))
            loss.backward()
            recorder.before_update(batch(x, y.astype(np.float32), outputs))
            trainer.step(16)
            recorder.step(loss=loss)
    return {
        name: each.data().asnumpy().tobytes()  # type: ignore[attr-defined]
        for name, each in named(net).items()
    }


def named(net: object) -> dict[str, object]:
    return net._collect_params_with_prefix()  # type: ignore[attr-defined,no-any-return]


def batch(x: np.ndarray, y: np.ndarray, outputs: object) -> Callable[[], Batch]:  # type: ignore[type-arg]
    return lambda: Batch(x, targets=y, outputs=lambda: outputs.asnumpy())  # type: ignore[attr-defined]


def findings(run: Path) -> dict[str, int]:
    """What the run's history says, by symptom: since when."""
    history = store.open(run)
    try:
        return {each.symptom: each.since for each in history.findings() if each.severity == "alarm"}
    finally:
        history.close()


def scalars(run: Path) -> dict[str, float]:
    """The newest numbers of the run's history."""
    history = store.open(run)
    try:
        return {name: float(each[-1]) for name, each in history.scalars().values.items()}
    finally:
        history.close()


def test_watching_changes_no_weight_and_says_nothing_of_a_sound_training(tmp_path: Path) -> None:
    alone = train(tmp_path / "alone", vitals=0)
    assert train(tmp_path / "watched", vitals=1) == alone
    assert findings(tmp_path / "watched") == {}
    kept = scalars(tmp_path / "watched")
    assert 1e-4 < kept["updates/ratio"] < 0.2
    assert -1 <= kept["gradients/cosine"] <= 1
    assert not {"updates/ratio", "gradients/cosine"} & set(scalars(tmp_path / "alone"))
    ratios = {name: each for name, each in kept.items() if name.startswith(LAYER_RATIO)}
    assert len(ratios) > 1  # one of each layer with a kernel
    assert all(1e-5 < each < 0.5 for each in ratios.values())


def test_one_value_that_is_no_number_is_found_at_its_step(tmp_path: Path) -> None:
    train(tmp_path / "run", spoilt=27)
    assert findings(tmp_path / "run")["nan"] == 27


def test_gradients_that_nobody_sets_to_zero_are_found(tmp_path: Path) -> None:
    train(tmp_path / "run", adds=True)
    assert findings(tmp_path / "run")["exploding"] == 1


def test_a_training_ends_where_it_was_asked_to(tmp_path: Path) -> None:
    with pytest.raises(TrainingStopped, match="nan since step 27") as stopped:
        train(tmp_path / "run", spoilt=27, stop_on=["nan"])
    assert stopped.value.code == 3
    assert findings(tmp_path / "run")["nan"] == 27
    train(tmp_path / "other", spoilt=27, stop_on=["exploding"])
