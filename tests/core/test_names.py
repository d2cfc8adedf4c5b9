"""The public names: known at import, loaded on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vizframe


@pytest.mark.parametrize("name", vizframe.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(vizframe, name).__name__ == name
    assert name in dir(vizframe)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'vizframe' has no attribute 'Recoder'"):
        vizframe.Recoder  # type: ignore[attr-defined]  # noqa: B018  # the mistake itself


def test_importing_vizframe_imports_nothing_heavy() -> None:
    program = "import sys, vizframe; print({'numpy', 'pydantic', 'mxnet'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("set()\n", "")
