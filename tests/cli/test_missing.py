"""Without the extra that records, one sentence says what to install."""

from __future__ import annotations

import pytest

from tests.cli.calling import call
from vizframe.network import adapter


@pytest.mark.parametrize(
    ("command", "what"),
    [(("record", "--", "train.py"), "recording"), (("demo", "--port", "0"), "the demo")],
)
def test_what_trains_asks_for_its_extra_before_anything_else(
    command: tuple[str, ...], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "find_spec", lambda _: None)
    called = call(*command)
    assert (called.code, called.out) == (1, "")
    assert called.err == (
        f"vizframe: {what} needs the extra 'torch' or 'mxnet': pip install 'vizframe[torch]'\n"
    )
