"""An app over a run in memory, asked without a browser."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from vizframe.history import History
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.webapp import create_app


@pytest.fixture(scope="session")
def catalog() -> MemoryCatalog:
    """One run of twenty steps. Never changed."""
    return MemoryCatalog({"fake": fake_run()})


@pytest.fixture(scope="session")
def history(catalog: MemoryCatalog) -> History:
    return catalog.open("fake")


@pytest.fixture(scope="session")
def client(catalog: MemoryCatalog) -> FlaskClient:
    found: FlaskClient = create_app(catalog, where="the catalog").server.test_client()
    return found
