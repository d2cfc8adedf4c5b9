"""What tests of plugins share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.toy import ToyModel
from vizframe.network import adapter


@pytest.fixture
def toys_are_a_framework() -> Iterator[None]:
    """The toy network is one of a framework whose adapter is registered."""
    with adapter.registered(ToyModel.__module__.partition(".")[0], "tests.core.toy"):
        yield
