"""Whatever a plugin yields, raises or leaves behind, the training goes on as it was."""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import vizframe.store
from tests.core import toy
from tests.core.toy import IMAGES, Doubled, ToyModel
from tests.store.small import spare_hdf5
from vizframe.errors import PluginError, UsageError
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.network import adapter
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture
from vizframe.recording import commit, overdue
from vizframe.recording.recorder import Recorder
from vizframe.store.write.writer import StoreWriter

ROOT = Path(__file__).parents[2]

VALUES = np.ones((2, 4, 3, 3), np.float32)


def toys() -> AbstractContextManager[None]:
    """Inside, the models of `tests.core.toy` are known as a framework's."""
    return adapter.registered(ToyModel.__module__.partition(".")[0], toy.__name__)


@pytest.fixture(autouse=True)
def _toys_are_a_framework(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    spare_hdf5(monkeypatch)
    with toys():
        yield


def rogue(work: Callable[[Scene], object]) -> type[Plugin]:
    """A plugin that yields what the function gives, once."""

    class Rogue(Plugin):
        """Does what it should not."""

        name: ClassVar[str] = "rogue"
        makes: ClassVar = (Picture(axes=("probe", "unit", "y", "x"), help="Maps."),)

        def visualize(self, scene: Scene) -> Iterator[Frame]:
            yield work(scene)  # type: ignore[misc]  # what it yields is what is tried

    return Rogue


def train(run: Path, plugins: list[type[Plugin]], **options: Any) -> tuple[float, vizframe.History]:
    """Record three steps; a number that the training drew last, and what was recorded."""
    random.seed(3)
    np.random.seed(3)
    given: dict[str, Any] = {"every": 1, "plugins": plugins, "probe": IMAGES, **options}
    with Recorder(ToyModel(), run, **given) as recorder:
        for _ in range(2):
            recorder.step(loss=0.5)
    return random.random() + np.random.random(), vizframe.store.open(run)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> float:
    """What the training draws last beside a plugin that does as it should."""
    with toys():
        return train(tmp_path_factory.mktemp("plain") / "run", [Doubled])[0]


def raising(error: BaseException) -> Callable[[Scene], object]:
    def work(_scene: Scene) -> object:
        raise error

    return work


def yielding(**parts: Any) -> Callable[[Scene], object]:
    return lambda _scene: Frame(**{"layer": "conv0", "values": VALUES, **parts})


class Mute(Exception):
    """Breaks when it is asked what it says."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Array:
    """A framework's own array."""

    shape = (2, 4, 3, 3)


def huge() -> np.ndarray[Any, Any]:
    return np.broadcast_to(np.float32(1), (2, 4, 25_000, 25_000))


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (raising(SystemExit("bye")), "SystemExit: bye"),
        (raising(MemoryError()), "MemoryError"),
        (raising(GeneratorExit()), "GeneratorExit"),
        (raising(Mute()), "Mute"),
        (raising(ValueError("\ud800 \x1b[31m" + "x" * 9999)), r"ValueError: \ud800  [31mxxx"),
        (lambda _scene: None, "rogue yielded a NoneType; it can yield Frame"),
        (yielding(values=Array()), "rogue made values that are a Array; it can be a NumPy array"),
        (yielding(values=np.array([[["a"]]])), "rogue made values of type <U1; it can be numbers"),
        (yielding(values=np.array([None])), "rogue made values of type object"),
        (yielding(values=VALUES * 1j), "rogue made values of type complex"),
        (yielding(values=[[1.0], [2.0, 3.0]]), "rogue made values that are no array"),
        (yielding(values=huge()), "20.0 GB as float32; it can be 1.1 GB"),
        (yielding(columns={"a": np.full((2, 4), "x")}), "column 'a' of type <U1"),
        (yielding(columns={"a": np.full((2, 4), None)}), "column 'a' of type object"),
        (yielding(columns={"a": Array()}), "column 'a' that are a Array"),
        (yielding(columns={f"c{n}": VALUES[..., 0, 0] for n in range(4000)}), "4000 columns"),
        (yielding(columns={3: VALUES[..., 0, 0]}), "a column's name that is a int"),
        (yielding(columns={"a\0": VALUES[..., 0, 0]}), "a column's name that cannot be printed"),
        (yielding(columns=[1, 2]), "rogue made columns that are a list; it can be a dict"),
        (yielding(scalars={"a": None}), "the scalar 'a', None; it can be one number"),
        (yielding(scalars={"a": "1"}), "the scalar 'a', '1'; it can be one number"),
        (yielding(scalars={"a": 10**400}), "the scalar 'a', which no float holds"),
        (yielding(scalars={5: 1.0}), "a scalar's name that is a int"),
        (yielding(notes=(b"bytes",)), "a note that is a bytes; it can be a sentence"),
        (yielding(notes=7), "a note that is a int"),
        (yielding(layer=None), "a layer's name that is a NoneType"),
        (yielding(layer="no\ud800"), "a layer's name that cannot be printed"),
        (yielding(layer="nowhere"), "'nowhere' is not known"),
    ],
)
def test_what_is_wrong_is_said_once_and_all_else_is_recorded(
    tmp_path: Path,
    work: Callable[[Scene], object],
    said: str,
    plain: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    drawn, history = train(tmp_path / "run", [rogue(work), Doubled])
    assert drawn == plain
    assert list(history.steps) == [0, 1, 2]
    assert {key.label for key in history.declarations} == {"doubled"}
    assert [failure.label for failure in history.failures()] == ["rogue"] * 3
    assert said in history.failures()[0].sentence
    assert len(history.failures()[0].sentence) < 600
    assert len(caplog.messages) == 1
    assert vizframe.store.check(tmp_path / "run").sound


def test_strict_raises_whatever_it_was(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="plugin 'rogue' failed at step 0: SystemExit: bye"):
        train(tmp_path / "run", [rogue(raising(SystemExit("bye")))], strict=True)


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ({"values": VALUES.astype(np.float64) * 1e300}, np.inf),
        ({"values": VALUES.astype(bool)}, 1.0),
        ({"values": VALUES.tolist()}, 1.0),
        ({"values": np.ma.MaskedArray(VALUES, mask=True)}, np.inf),  # type: ignore[no-untyped-call]
        ({"notes": "one sentence"}, 1.0),
        ({"scalars": {"a": np.float64(2), "b": np.array(3), "c": True}}, 1.0),
        ({"columns": {"a": [[1, 2, 3, 4]] * 2}}, 1.0),
    ],
    ids=str,
)
def test_what_can_be_understood_is_recorded(
    tmp_path: Path, parts: dict[str, Any], kept: float
) -> None:
    _, history = train(tmp_path / "run", [rogue(yielding(**parts))])
    assert not history.failures()
    key = SeriesKey(label="rogue", layer="conv0")
    tiles = history.tiles(key, 2)
    assert float(tiles.high.max()) == kept or int(tiles.nonfinite.sum()) == VALUES.size


def leave_a_mess(scene: Scene) -> object:
    random.seed(0)
    np.random.seed(0)
    np.seterr(all="raise")
    os.chdir("/")
    sys.setrecursionlimit(4321)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with pytest.raises(ValueError, match="read-only"):
        scene.activations(scene.layers[0])[...] = 0
    return Frame("conv0", VALUES)


def test_what_a_plugin_leaves_behind_is_put_back(tmp_path: Path) -> None:
    before = Path.cwd(), np.geterr(), sys.getrecursionlimit(), signal.getsignal(signal.SIGTERM)
    plain, _ = train(tmp_path / "plain", [Doubled])
    drawn, history = train(tmp_path / "run", [rogue(leave_a_mess)])
    assert drawn == plain
    after = Path.cwd(), np.geterr(), sys.getrecursionlimit(), signal.getsignal(signal.SIGTERM)
    assert after == before
    assert not history.failures()


def test_an_error_that_cannot_say_what_it_is_ends_nothing(tmp_path: Path) -> None:
    def loss() -> float:
        raise Mute

    with Recorder(ToyModel(), tmp_path, every=1, plugins=[Doubled], probe=IMAGES) as recorder:
        recorder.step(loss=loss)
        recorder.step(val_loss=10**400)  # which no float holds
        recorder.step(loss=0.5)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 1, 2, 3]
    assert len(history.series_steps(SeriesKey(label="doubled", layer="conv0"))) == 4
    assert history.scalars().values["loss"][-1] == 0.5


def test_the_user_s_own_interruptions_pass(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", [rogue(raising(KeyboardInterrupt()))])

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(143)

    def work(_scene: Scene) -> object:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(1)
        return Frame("conv0", VALUES)

    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(SystemExit, match="143"):
            train(tmp_path / "other", [rogue(work)])
    finally:
        signal.signal(signal.SIGUSR1, before)


def endless(catch: bool) -> Callable[[Scene | None], object]:
    def work(_scene: Scene | None) -> object:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                time.sleep(0.01)
            except Exception:
                if not catch:
                    raise
        return Frame("conv0", VALUES)

    return work


@pytest.mark.timeout(60, method="thread")  # the other one has the alarm
@pytest.mark.parametrize("where", ["main", "busy alarm", "thread"])
def test_a_plugin_that_does_not_end_is_interrupted_and_not_asked_again(
    tmp_path: Path, where: str
) -> None:
    found: list[vizframe.History] = []

    def work() -> None:
        plugins: list[type[Plugin]] = [rogue(endless(catch=True)), Doubled]
        found.append(train(tmp_path / "run", plugins, plugin_timeout=0.1)[1])

    if where == "thread":
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    elif where == "main":
        work()
    else:
        before = signal.signal(signal.SIGALRM, lambda *_: None)
        try:
            work()
        finally:
            signal.signal(signal.SIGALRM, before)
    (history,) = found
    assert list(history.steps) == [0, 1, 2]
    # On a busy machine any plugin may take so long: of the other nothing is said here.
    (failure,) = [each for each in history.failures() if each.label == "rogue"]
    assert re.match(
        r"it had not ended after [\d.]+ s and was interrupted, and is not asked again;",
        failure.sentence,
    )
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


class Listener(logging.Handler):
    """Knows whether something was said."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.set()


def test_what_cannot_be_interrupted_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "PATIENCE", 0.05)
    monkeypatch.setattr(overdue, "_alarm_is_free", lambda: False)
    listener, really = Listener(), overdue._raise_in

    def raise_in(thread: int, error: type[BaseException]) -> None:
        """An exception comes between instructions, not into a call: it does nothing until said."""
        if listener.heard.is_set():
            really(thread, error)

    monkeypatch.setattr(overdue, "_raise_in", raise_in)
    logging.getLogger("vizframe").addHandler(listener)
    try:
        with pytest.raises(overdue.Overdue), overdue.interrupted_after(0.05, "stone"):
            endless(catch=False)(None)
    finally:
        logging.getLogger("vizframe").removeHandler(listener)
    assert caplog.messages == [
        "plugin 'stone' has taken more than 0.05 s and cannot be interrupted: the training waits "
        "for it"
    ]


def _work_for(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.parametrize("is_free", [True, False], ids=["alarm", "thread"])
def test_a_plugin_has_not_used_what_others_took_of_a_busy_machine(
    is_free: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "_alarm_is_free", lambda: is_free)
    monkeypatch.setattr(overdue, "work_time", lambda: time.monotonic() / 4)
    started = time.monotonic()
    with pytest.raises(overdue.Overdue), overdue.interrupted_after(0.1, "slow"):
        _work_for(20)
    assert time.monotonic() - started >= 0.4
    assert caplog.messages == []


PROFILED = """
import sys, threading
from vizframe.recording import overdue

def record():
    with overdue.interrupted_after(60, "quick"):
        pass

def train():
    return "ended"

thread = threading.Thread(target=record)
thread.start()
thread.join()
sys.setprofile(lambda *_: None)
print(train())
"""


def test_a_profiler_goes_on_after_a_plugin_was_watched_in_another_thread() -> None:
    command = [sys.executable, "-c", PROFILED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "ended\n"


def test_how_long_a_plugin_may_take() -> None:
    assert overdue.timeout_of(5.0, 1.0, 3.0) == 5.0
    assert overdue.timeout_of(None, 1.0) == 60.0
    assert overdue.timeout_of(None, 30.0) == 300.0
    assert overdue.timeout_of(None, float("inf"), 20.0) == 200.0
    assert overdue.timeout_of(None, float("inf")) == 3600.0
    with pytest.raises(UsageError, match="plugin_timeout is 0"):
        Recorder(ToyModel(), "nowhere", plugin_timeout=0)


def test_frames_that_cannot_be_encoded_are_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StoreWriter.commit

    def refuse(declaration: Declaration, _frame: Frame) -> None:
        if declaration.key.label == "rogue":
            raise MemoryError

    def breaks(self: StoreWriter, record: StepRecord) -> None:
        for declaration, frame in record.frames:
            refuse(declaration, frame)
        real(self, record)

    monkeypatch.setattr(commit, "encode_frame", refuse)
    monkeypatch.setattr(StoreWriter, "commit", breaks)
    _, history = train(tmp_path / "run", [rogue(yielding()), Doubled])
    assert list(history.steps) == [0, 1, 2]
    assert {key.label for key in history.declarations} == {"doubled"}
    assert [each.sentence for each in history.failures()] == ["MemoryError"] * 3


def test_a_writer_that_breaks_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(_self: StoreWriter, _record: StepRecord) -> None:
        raise RuntimeError("no idea")

    monkeypatch.setattr(StoreWriter, "commit", breaks)
    _, history = train(tmp_path / "run", [Doubled])
    assert not list(history.steps)
    assert caplog.messages == [
        "step 0 was not written: RuntimeError: no idea; training goes on, recording when it can be "
        "written again"
    ]
