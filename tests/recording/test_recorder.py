"""The recorder: when it records, what it keeps, and what it survives."""

from __future__ import annotations

import errno
import logging
import random
import time
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.core.toy import IMAGES, Doubled, Fragile, Gambler, Slow, ToyModel
from tests.recording.toy_training import CONV0, Place, train_run
from vizframe.errors import (
    HistoryWriteError,
    NetworkError,
    PluginError,
    UnknownName,
    UsageError,
)
from vizframe.history import HistoryWriter, SeriesKey, StepRecord
from vizframe.network.probe import probe_of
from vizframe.recording import dues
from vizframe.recording.recorder import Recorder
from vizframe.recording.work_clock import work_time

pytestmark = pytest.mark.usefixtures("toys")


def test_the_start_every_nth_step_and_the_end_are_recorded() -> None:
    place = Place()
    train_run(place, steps=25)
    assert list(place.history.steps) == [0, 10, 20, 25]


def test_each_frame_shows_the_weights_of_its_step() -> None:
    place = Place()
    train_run(place, steps=20)
    brightest = [float(place.history.tiles(CONV0, step).high.max()) for step in (0, 10, 20)]
    assert brightest == pytest.approx([2 * IMAGES.max() * w for w in (1, 11, 21)], rel=1e-6)


def test_a_plugin_s_numbers_become_curves_by_layer() -> None:
    place = Place()
    train_run(place, steps=20, options={"doubled": {"layers": "conv0"}})
    values = place.history.scalars().values
    curve = [2 * IMAGES.max() * w for w in (1, 11, 21)]
    assert values["doubled/brightest/conv0"] == pytest.approx(curve, rel=1e-6)
    assert "doubled/brightest/relu0" not in values


def test_the_first_batch_becomes_the_probe_where_none_is_given() -> None:
    place = Place()
    train_run(place, steps=5, probe=None)
    probe = place.history.probe
    assert probe is not None
    np.testing.assert_array_equal(probe.images, IMAGES)
    assert list(place.history.steps) == [0, 5]


def test_the_hook_that_waited_for_the_first_batch_is_taken_off() -> None:
    model = train_run(Place(), steps=1, probe=None)
    assert model.hooks == []
    unused = ToyModel()
    Recorder(unused, Place(), plugins=[Doubled]).close()
    assert unused.hooks == []


def test_a_model_that_is_never_called_leaves_an_empty_recording_and_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Recorder(ToyModel(), Place(), plugins=[Doubled]) as recorder:
        recorder.step()
        assert not recorder.is_recording
    assert caplog.messages[-1].startswith("nothing was recorded: from when the recorder was made")


def test_the_run_knows_its_network() -> None:
    place = Place()
    train_run(place, class_names=["cat", "dog"])
    info = place.history.info
    assert info.class_names == ("cat", "dog")
    assert (info.network, [layer.name for layer in info.layers]) == ("toy", ["conv0", "relu0"])
    assert {"python", "numpy"} <= set(info.versions)


def test_scalars_are_the_given_ones_the_norms_and_the_cost() -> None:
    place = Place()
    train_run(place, steps=10)
    scalars = place.history.scalars().values
    assert scalars["loss"][1] == pytest.approx(0.1)
    assert scalars["weight_norm/conv0"][1] == pytest.approx(22.0)  # four weights of 11
    assert scalars["gradient_norm/conv0"][1] == pytest.approx(2.0)  # four of 2, of 2 examples
    assert np.isnan(scalars["gradient_norm/conv0"][0])  # there was no backward pass yet
    assert scalars["recorder/seconds/doubled"][1] > 0
    assert scalars["recorder/share"][1] > 0
    assert np.isnan(scalars["recorder/share"][0])  # nothing had been trained yet


def test_a_scalar_may_be_an_array_or_a_function_called_only_when_recorded() -> None:
    place, model, calls = Place(), ToyModel(), list[int]()

    def accuracy() -> float:
        calls.append(recorder.last_step)
        return 1.0

    with Recorder(model, place, every=2, plugins=[Doubled], probe=IMAGES) as recorder:
        for _ in range(4):
            recorder.step(loss=np.array([1.0, 3.0]), accuracy=accuracy)
    assert calls == [2, 4]
    assert place.history.scalars().values["loss"][-1] == 2.0


def test_the_step_and_the_epoch_can_be_given() -> None:
    place = Place()
    with Recorder(ToyModel(), place, every=5, plugins=[Doubled], probe=IMAGES) as recorder:
        recorder.step(7, epoch=0.5)
        assert recorder.last_step == 7
    assert list(place.history.steps) == [0, 7]
    assert place.history.scalars().epoch[1] == 0.5


def test_every_few_epochs_is_recorded_where_the_epoch_is_told() -> None:
    place = Place()
    given: dict[str, Any] = {"every": "2 epochs", "plugins": [Doubled], "probe": IMAGES}
    with Recorder(ToyModel(), place, **given) as recorder:
        for step in range(1, 13):
            recorder.step(epoch=step / 3)
    assert list(place.history.steps) == [0, 6, 12]


def test_epochs_that_nobody_tells_are_asked_for() -> None:
    with pytest.raises(UsageError, match="every is in epochs, which nobody tells"):
        train_run(Place(), every="2 epochs", strict=True)


def test_where_nobody_tells_epochs_the_training_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    train_run(Place(), every="2 epochs")
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("every is in epochs, which nobody tells")


def test_each_plugin_can_have_its_own_schedule_and_layers() -> None:
    place = Place()
    options = {"slow": {"every": 20, "layers": ["relu*"]}}
    train_run(place, steps=40, plugins=[Doubled], options={"doubled": options["slow"]}, every=10)
    history = place.history
    assert [str(key) for key in history.declarations] == ["doubled of relu0"]
    assert list(history.series_steps(SeriesKey(label="doubled", layer="relu0"))) == [0, 20, 40]


def test_a_plugin_that_breaks_is_written_down_said_once_and_survived(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place()
    with caplog.at_level(logging.WARNING, "vizframe"):
        train_run(place, steps=40, plugins=[Fragile, Doubled])
    failures = place.history.failures()
    assert [failure.step for failure in failures] == [10, 30]
    assert failures[0].sentence == "ZeroDivisionError: no such luck"
    assert caplog.messages == [
        "plugin 'fragile' failed at step 10: ZeroDivisionError: no such luck; training goes on"
    ]
    assert list(place.history.series_steps(CONV0)) == [0, 10, 20, 30, 40]


def test_what_a_plugin_made_before_it_broke_is_kept() -> None:
    place = Place()
    train_run(place, steps=10, plugins=[Fragile])
    assert list(place.history.series_steps(SeriesKey(label="fragile", layer="conv0"))) == [0, 10]


def test_strict_raises_what_breaks() -> None:
    with pytest.raises(PluginError, match="plugin 'fragile' failed at step 10: ZeroDivision"):
        train_run(Place(), steps=10, plugins=[Fragile], strict=True)


def test_a_plugin_cannot_move_the_random_numbers_of_the_training() -> None:
    def draws(**options: Any) -> list[float]:
        random.seed(5)
        np.random.seed(5)
        train_run(Place(), **options)
        return [random.random(), float(np.random.rand())]

    assert draws(plugins=[Gambler]) == draws(plugins=[Doubled])


class FullDisk:
    """A writer whose disk is full at some steps."""

    def __init__(self, inner: HistoryWriter, full: range) -> None:
        self._inner = inner
        self._full = full

    def commit(self, record: StepRecord) -> None:
        if record.step in self._full:
            raise HistoryWriteError("step not written: no space left", errno=errno.ENOSPC)
        self._inner.commit(record)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def test_a_full_disk_is_said_once_and_recording_goes_on_when_there_is_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place()
    with caplog.at_level(logging.WARNING, "vizframe"):
        train_run(lambda info, probe: FullDisk(place(info, probe), range(10, 35)), steps=60)
    assert list(place.history.steps) == [0, 40, 50, 60]
    assert caplog.messages == [
        "step not written: no space left; training goes on, recording when it can be written again",
        "recording again at step 40; 3 steps before it were not written",
    ]


def test_strict_raises_when_the_disk_is_full() -> None:
    place = Place()
    with pytest.raises(HistoryWriteError, match="no space left"):
        train_run(lambda *given: FullDisk(place(*given), range(1, 99)), strict=True)


def test_a_training_that_fails_closes_the_run_without_recording_its_end() -> None:
    place, model = Place(), ToyModel()

    def fails() -> None:
        with Recorder(model, place, every=10, plugins=[Doubled], probe=IMAGES) as recorder:
            recorder.step()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert list(place.history.steps) == [0]
    assert place.writer is not None
    with pytest.raises(HistoryWriteError, match="closed"):
        place.writer.commit(StepRecord(step=99))


def test_a_budget_spaces_the_recordings_and_makes_up_for_those_it_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, model = Place(), ToyModel()
    monkeypatch.setattr(dues, "EVERY", 0.0)
    with Recorder(model, place, every=1, plugins=[Doubled], probe=IMAGES, budget="5%") as recorder:
        pays = iter([False, False, True, False, True])

        def affordable(due: list[str], **_: bool) -> list[str]:
            return due if next(pays, False) else []

        monkeypatch.setattr(recorder._budget, "choose_affordable", affordable)
        for _ in range(6):
            recorder.step()
    assert list(place.history.steps) == [0, 3, 5]


def test_a_plugin_that_the_budget_cannot_pay_is_stopped_and_named_and_the_others_are_recorded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only the plugin's own waiting moves."""
    now = time.perf_counter()

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(work_time, "_wall", lambda: now)
    monkeypatch.setattr(time, "sleep", sleep)
    place = Place()
    with caplog.at_level(logging.WARNING, "vizframe"):
        train_run(place, 20, plugins=[Slow, Doubled], budget="5%")
    history = place.history
    assert list(history.series_steps(CONV0))[:1] == [0]
    assert {key.label for key in history.declarations} == {"doubled"}
    assert history.scalars().values["recorder/seconds/slow"][0] == pytest.approx(0.4)
    assert history.failures() == []
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("plugin 'slow' was never recorded: a budget of 5 % of")


def test_with_a_budget_plugins_that_are_slow_come_after_the_others() -> None:
    class Climb(Doubled):
        """Does as if it had to climb."""

        name: ClassVar[str] = "climb"
        slow: ClassVar[bool] = True

    def order(**options: Any) -> list[str]:
        place = Place()
        train_run(place, 1, plugins=[Climb, Doubled], **options)
        return [key.label for key in place.history.declarations]

    assert order(budget="5%") == ["doubled", "climb"]
    assert order() == ["climb", "doubled"]


def test_without_a_budget_a_plugin_takes_as_long_as_it_takes() -> None:
    place = Place()
    train_run(place, 2, plugins=[Slow], options={"slow": {"fifths": 6}})
    assert list(place.history.steps) == [0, 2]
    assert {key.layer for key in place.history.declarations} == {"conv0", "relu0"}


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"plugins": ["wieghts"]}, UnknownName, "plugin 'wieghts' is not known; it can be"),
        ({"layers": ["conv9"]}, UnknownName, "layer 'conv9' is not known; it can be 'conv0'"),
        ({"options": {"doubled": {"gain": 1}}}, UsageError, "doubled has no parameter 'gain'"),
        ({"options": {"dubled": {}}}, UnknownName, "plugin 'dubled' is not known; it can be 'd"),
        ({"options": {"doubled": {"layers": ["c9"]}}}, UnknownName, "layer 'c9' is not known"),
        ({"plugins": [Doubled, Doubled]}, UsageError, "plugin 'doubled' is there twice"),
        ({"plugins": [dict]}, PluginError, "it can give a subclass of vizframe.Plugin"),
        ({"every": "often"}, UsageError, "every is 'often'; it can be a number of steps"),
        ({"budget": "much"}, UsageError, "budget is 'much'; it can be a percentage"),
        ({"probe": IMAGES[0, 0], "strict": True}, NetworkError, "the probe has shape (3, 3)"),
        ({"probe": IMAGES[:0]}, UsageError, "the probe has shape (0, 1, 3, 3)"),
    ],
)
def test_what_cannot_be_is_named_before_training_starts(
    options: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        train_run(Place(), **options)
    assert sentence in str(raised.value)


def test_a_model_of_an_unknown_framework_is_refused() -> None:
    with pytest.raises(NetworkError, match="the model is a dict; it can be a network of mxnet"):
        Recorder({}, "runs/x")


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([0, 0.5, 1], 0, 1),
        ([0, 255], 0, 255),
        ([0, 900], 0, 900),
        ([-2, 3], -2, 3),
        ([7, 7], 0, 255),
    ],
)
def test_how_probe_images_relate_to_pictures_is_guessed_from_their_range(
    values: list[float], low: float, high: float
) -> None:
    normalization = probe_of(np.array(values, np.float32).reshape(1, 1, 1, -1)).normalization
    assert (normalization.low, normalization.high) == (low, high)


def test_a_constant_probe_has_a_range_too() -> None:
    normalization = probe_of(np.full((1, 1, 2, 2), -3, np.float32)).normalization
    assert normalization.high > normalization.low
