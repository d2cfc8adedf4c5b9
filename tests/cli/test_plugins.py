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
    assert "How much each unit's activation varies" in out
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


def test_a_new_plugin_passes_the_exam(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["plugins", "--new", "loud_units"])
    assert left.value.code == 0
    assert capfd.readouterr().out.startswith("loud_units.py written.")
    with pytest.raises(SystemExit) as left:
        main(["plugins", "--check", "loud_units.py", "--set", "power=2"])
    assert left.value.code == 0
    assert " passed" in capfd.readouterr().out


def test_a_plugin_that_is_not_what_it_declares_fails_the_exam(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.py"
    file.write_text(
        "from vizframe.plugin import plugin\n"
        "@plugin(axes=('unit',), draw='bar')\n"
        "def odd(maps):\n"
        "    'One number too many.'\n"
        "    return maps.mean(axis=(0, 2, 3)).repeat(2)\n"
    )
    with pytest.raises(SystemExit) as left:
        main(["plugins", "--check", str(file)])
    assert left.value.code == 1
    assert "along 'unit' for conv0, which has" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--new", "Loud Units"], "name is 'Loud Units'; it can be small letters, digits and _"),
        (["--check", "absent.py"], "check is 'absent.py'; it can be a Python file"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = ran(capsys, *arguments)
    assert (code, sentence in err) == (2, True)
