"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A build server draws the same examples each time; everywhere else each run draws new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def tiny_vgg() -> Path:
    """The folder of a real trained colour network, where it lies beside the checkout."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "tiny_vgg"
    if not folder.is_dir():
        pytest.skip("shared/data/tiny_vgg is not beside this checkout")
    return folder
