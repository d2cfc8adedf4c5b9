"""A recording shown in a notebook, while it goes on."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.core.toy import IMAGES, Doubled, ToyModel
from tests.recording.toy_training import Place
from vizframe import notebook
from vizframe.errors import UsageError
from vizframe.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("toys")


def test_a_recording_is_shown_after_its_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "_kernel", notebook._Kernel())
    model = ToyModel()
    try:
        with Recorder(model, tmp_path / "toy", every=1, plugins=[Doubled], vitals=0) as toy:
            with pytest.raises(UsageError, match="show it after the first step"):
                toy.show()
            assert toy._repr_html_() == "<p>nothing is recorded yet</p>"
            model(IMAGES)
            toy.step()
            shown = toy.show(layer="conv0")
            assert shown.url.endswith("run=toy&layer=conv0")
            with urlopen(f"{shown.url.split('?')[0]}api/v1/run?run=toy") as told:
                assert b"doubled" in told.read()
            assert "doubled of conv0" in toy._repr_html_()
    finally:
        notebook.stop()


def test_one_into_memory_says_how_it_is_shown() -> None:
    recorder = Recorder(ToyModel(), Place(), plugins=[Doubled], probe=IMAGES)
    with pytest.raises(UsageError, match="show what is read from there"):
        recorder.show()
