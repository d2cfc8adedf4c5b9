"""`vizframe plugins`: the list, one plugin in full, and broken ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vizframe.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "contrast.py"


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["plugins", *arguments])
    printed = capsys.readouterr()
    return left.value.code, printed.out, printed.err


def test_every_plugin_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capsys, "--plugins", str(EXAMPLE))
    assert code == 0
    for name in ("activation", "gradient_ascent", "deconvolution", "weights", "saliency"):
        assert any(line.startswith(f"{name} ") and "vizframe" in line for line in out.split("\n"))
    assert "contrast" in out


def test_the_list_says_whole_sentences(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = ran(capsys)
    assert all(line.rstrip().endswith(".") for line in out.splitlines()[1:])


def test_a_long_path_is_folded_not_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = ran(capsys, "--plugins", str(EXAMPLE))
    assert "…" not in out


def test_one_plugin_is_shown_with_parameters_limits_and_sentences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = ran(capsys, "contrast", "--plugins", str(EXAMPLE))
    assert "How much each unit's answer varies" in out
    assert "  contrast (probe, unit)\n      Spread of the map." in out
    assert "  power = 1.0  (number, > 0, ≤ 4)\n      Exponent of the spread." in out


def test_a_broken_plugin_is_listed_with_its_reason_beside_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    code, out, _ = ran(capsys, "--json", "--plugins", str(tmp_path))
    faults = {each["name"]: each["fault"] for each in json.loads(out)}
    assert code == 0
    assert faults["activation"] is None
    assert faults["broken"] == (
        f"plugin 'broken' from {tmp_path / 'broken.py'} cannot be loaded: "
        "ZeroDivisionError: division by zero"
    )


def test_asking_for_a_broken_plugin_fails_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    code, _, err = ran(capsys, "broken", "--plugins", str(tmp_path))
    assert (code, err.count("\n")) == (1, 1)
    assert "ZeroDivisionError: division by zero" in err


def test_an_unknown_plugin_is_named_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "wieghts")
    assert code == 2
    assert err.startswith("vizframe: plugin 'wieghts' is not known; it can be 'weights', ")
