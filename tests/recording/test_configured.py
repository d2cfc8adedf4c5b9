"""What a configuration says reaches the recorder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vizframe.network.adapter import Batch
from vizframe.recording import configured
from vizframe.recording.config import Config

CHOSEN = Config.model_validate(
    {
        "every": 7,
        "plugins": "weights",
        "layers": "conv0",
        "budget": "5%",
        "strict": True,
        "keep": "log",
        "max_size": "2GB",
        "durable": True,
        "memory": "500MB",
        "seed": 3,
        "set": {"weights": {"inputs": 2}},
        "probe_images": 2,
    }
)

ELSEWHERE = {
    "ranks": "who records, which is decided before",
    "net": "which model is handed over",
    "run": "where the run is",
    "probe": "a folder of images, whose test needs some",
    "probe_images": "how many of the batch become the probe",
}
"""Options that become something else than an argument of the same name."""


def test_every_option_reaches_the_recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(configured, "Recorder", lambda _model, _path, **more: given.update(more))
    batch = Batch(np.zeros((5, 1, 4, 4), np.float32), np.arange(5))
    configured.make_recorder(object(), batch, tmp_path / "run", CHOSEN)
    probe = given.pop("probe")
    assert len(probe) == CHOSEN.probe_images  # type: ignore[arg-type]  # a Probe
    assert given.pop("start") is None
    assert (given.pop("rank"), given.pop("job")) == (None, "")
    options = given.pop("options")
    assert options == CHOSEN.set
    expected = CHOSEN.model_dump(exclude={*ELSEWHERE, "set"})
    assert given == expected
    unset = [name for name in expected if expected[name] == getattr(Config(), name)]
    assert not unset, "what is as by default shows nothing here; give it another value above"
