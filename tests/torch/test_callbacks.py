"""Callbacks of trainers. These are not installed for the tests: what stands in for each has a
class of callbacks and calls them in its order, as lightning 2.6.6 and transformers 5.24.0 do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tests.torch.small import Left, data, functional, left_by, small_net
from tests.torch.test_training import assert_same
from vizframe import store
from vizframe.errors import MissingExtra, UsageError

OPTIONS: Mapping[str, object] = {"every": 2, "plugins": ["weights"], "strict": True}

HOMES = {
    "lightning": ("lightning.pytorch", "Callback"),
    "pytorch_lightning": ("pytorch_lightning", "Callback"),
    "transformers": ("transformers", "TrainerCallback"),
}


@pytest.fixture(autouse=True)
def _same_start() -> Iterator[None]:
    state = torch.random.get_rng_state()
    yield
    torch.random.set_rng_state(state)


def record_steps(monkeypatch: pytest.MonkeyPatch, package: str) -> Any:
    """The class of callbacks, made where this package alone is there."""
    home, name = HOMES[package]
    for each in ("lightning", "lightning.pytorch", "pytorch_lightning", "transformers"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    module: Any = ModuleType(home)
    setattr(module, name, type(name, (), {"made_by": package}))
    monkeypatch.setitem(sys.modules, home, module)
    return imported(monkeypatch, "transformers" if package == "transformers" else "lightning")


def imported(monkeypatch: pytest.MonkeyPatch, callbacks: str) -> Any:
    name = f"vizframe.torch.{callbacks}"
    monkeypatch.delitem(sys.modules, name, raising=False)
    try:
        return importlib.import_module(name).RecordSteps
    finally:
        sys.modules.pop(name, None)


class LightningTrainer:
    """Calls of a fit, as Lightning makes them, with a metric that is logged after each batch."""

    def __init__(self, callbacks: list[Any], breaks_at: int | None = None) -> None:
        self.callback_metrics: dict[str, Any] = {}
        self._callbacks = callbacks
        self._breaks_at = breaks_at

    def fit(self) -> Left:
        net = small_net()
        try:
            self._tell("on_fit_start", net)
            left = self._train(net)
            self._tell("on_fit_end", net)
        except ArithmeticError as error:
            self._tell("on_exception", net, error)
            raise
        return left

    def _train(self, net: Any) -> Left:
        told = []
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for batch, value in enumerate(updates(net, optimizer)):
            told.append(value.item())
            self.callback_metrics = {"accuracy": torch.tensor(float(batch))}
            self._tell("on_train_batch_end", net, None, None, batch)
            if batch == self._breaks_at:
                raise ArithmeticError
        return left_by([net], [optimizer], told)

    def _tell(self, hook: str, *given: object) -> None:
        for each in self._callbacks:
            getattr(each, hook)(self, *given)


def updates(net: Any, optimizer: Any) -> Iterator[Any]:
    for _ in range(2):
        for images, labels in DataLoader(TensorDataset(*data()), batch_size=8, shuffle=True):
            optimizer.zero_grad()
            value = functional.cross_entropy(net(images), labels)
            value.backward()
            optimizer.step()
            yield value


def hugging_face(callbacks: list[Any]) -> Left:
    """Calls of a training, as Hugging Face's trainer makes them; it logs after each update."""
    net = small_net()
    told = []
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for each in callbacks:
        each.on_train_begin(None, None, None, model=net)
    for value in updates(net, optimizer):
        told.append(value.item())
        logs = {"loss": 0.0, "grad_norm": float(len(told)), "epoch": 9.0, "note": "none"}
        for each in callbacks:
            each.on_log(None, None, None, logs=logs, model=net)
    for each in callbacks:
        each.on_train_end(None, None, None, model=net)
    return left_by([net], [optimizer], told)


@pytest.mark.parametrize("package", ["lightning", "pytorch_lightning"])
def test_a_fit_of_lightning_is_recorded_with_its_metrics(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = record_steps(monkeypatch, package)(tmp_path / "run", **OPTIONS)
    assert callback.made_by == package
    before = nn.Module.__call__
    torch.manual_seed(7)
    alone = LightningTrainer([]).fit()
    torch.manual_seed(7)
    assert_same(alone, LightningTrainer([callback]).fit())
    assert nn.Module.__call__ is before
    history = store.open(tmp_path / "run")
    assert list(history.steps) == [0, 2, 4, 6]
    assert history.probe is not None
    assert history.probe.labels is not None
    values = history.scalars().values
    assert seen(values["accuracy"]) == [0, 2, 4]  # of the batch before the update
    assert seen(values["loss"]) == pytest.approx(alone["told"][1::2])


def test_a_fit_that_breaks_leaves_a_run_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = record_steps(monkeypatch, "lightning")(tmp_path / "run", **OPTIONS)
    before = nn.Module.__call__
    with pytest.raises(ArithmeticError):
        LightningTrainer([callback], breaks_at=2).fit()
    assert nn.Module.__call__ is before
    assert list(store.open(tmp_path / "run").steps) == [0, 2]
    LightningTrainer([callback]).fit()
    assert list(store.open(tmp_path / "run").steps) == [0, 2, 4, 6, 8]


def test_a_training_of_hugging_face_is_recorded_with_what_it_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = record_steps(monkeypatch, "transformers")(tmp_path / "run", **OPTIONS)
    torch.manual_seed(7)
    alone = hugging_face([])
    torch.manual_seed(7)
    assert_same(alone, hugging_face([callback]))
    values = store.open(tmp_path / "run").scalars().values
    assert seen(values["grad_norm"]) == [1, 3, 5]
    assert seen(values["loss"]) == pytest.approx(alone["told"][1::2])
    assert not {"epoch", "note"} & set(values)


def test_a_training_that_never_ended_is_over_when_the_next_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = record_steps(monkeypatch, "transformers")(tmp_path / "run", **OPTIONS)
    before = nn.Module.__call__
    callback.on_train_begin(None, None, None)
    hugging_face([callback])
    assert nn.Module.__call__ is before
    assert list(store.open(tmp_path / "run").steps) == [0, 2, 4, 6]


@pytest.mark.parametrize("package", HOMES)
def test_wrong_options_are_told_before_anything_is_trained(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="every"):
        record_steps(monkeypatch, package)(tmp_path / "run", evry=2)


@pytest.mark.parametrize("callbacks", ["lightning", "transformers"])
def test_a_package_that_is_not_there_is_named(
    callbacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("lightning", "lightning.pytorch", "pytorch_lightning", "transformers"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=rf"pip install 'vizframe\[{callbacks}\]'"):
        imported(monkeypatch, callbacks)


def seen(values: Any) -> list[float]:
    numbers: list[float] = values[np.isfinite(values)].tolist()
    return numbers
