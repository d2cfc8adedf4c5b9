"""A run remembers how its network is called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

import vizframe.store
from vizframe.network.call import Call, Other
from vizframe.testing.runs import fake_info, fake_probe

CALL = Call(
    names=("x", "state.0", "scale", "mode", "how"),
    input="x",
    axis=1,
    others={
        "state.0": Other(np.arange(6, dtype=np.float16).reshape(2, 3), 1),
        "scale": Other(np.array(7), None),
        "mode": Other(None, None),
        "how": Other(print, None),
    },
    size=4,
    dtype="int32",
)


def test_all_but_what_has_no_text_comes_back(tmp_path: Path) -> None:
    vizframe.store.create(
        tmp_path / "r", fake_info(), replace(fake_probe(), call=CALL), writer="w"
    ).close()
    probe = vizframe.store.open(tmp_path / "r").probe
    assert probe is not None
    call = probe.call
    assert (call.names, call.input, call.axis) == (CALL.names, "x", 1)
    assert (call.size, call.dtype) == (4, "int32")
    assert list(call.others) == ["state.0", "scale", "mode"]
    state = call.others["state.0"].value
    assert isinstance(state, np.ndarray)
    assert state.dtype == np.float16
    assert np.array_equal(state, np.asarray(CALL.others["state.0"].value))
    assert call.others["state.0"].axis == 1
    assert np.asarray(call.others["scale"].value) == 7
    assert call.others["mode"].value is None


def test_a_plain_call_leaves_no_trace(tmp_path: Path) -> None:
    vizframe.store.create(tmp_path / "r", fake_info(), fake_probe(), writer="w").close()
    probe = vizframe.store.open(tmp_path / "r").probe
    assert probe is not None
    assert probe.call.names == ()
