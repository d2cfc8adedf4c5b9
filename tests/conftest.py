"""What all tests share."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

# Of two threads on a busy core one waits, spinning, for the other: a convolution of a few numbers
# takes 14 ms then. Tests and what they start have one each, before PyTorch or MXNet counts them;
# those that need more say so.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A failing example may take five minutes to become a small one, and fails as well when it is large:
# `pytest --hypothesis-profile=shrink PATH` makes it small.
_FOUND = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target)
# And no example has a deadline: on a busy machine any of them takes a second now and then.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", phases=_FOUND, **_PATIENT)
settings.register_profile("shrink", phases=tuple(Phase), **_PATIENT)
# A build server draws the same examples each time; everywhere else each run draws new ones.
settings.register_profile("ci", derandomize=True, phases=_FOUND, **_PATIENT)
settings.load_profile("ci" if os.environ.get("CI") else "suite")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and what they start too,
# which tests of Ctrl-C would wait for.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A program that gives vizframe's logger a handler keeps it; so pytest sees what is said.
logging.getLogger("vizframe").addHandler(logging.NullHandler())


@pytest.fixture(scope="session")
def tiny_vgg() -> Path:
    """The folder of a real trained colour network, where it lies beside the checkout."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "tiny_vgg"
    if not folder.is_dir():
        pytest.skip("shared/data/tiny_vgg is not beside this checkout")
    return folder
