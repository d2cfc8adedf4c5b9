"""What is compressed on its way to a browser."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from flask import Flask

from vizframe.webapp.caching import SMALL, WORTH, body

RANDOM = np.random.default_rng(0).integers(0, 256, 1 << 16).astype(np.uint8).tobytes()


def encoding(data: bytes, address: str = "192.0.2.7") -> str | None:
    """How a reader at this address is sent the data."""
    with Flask(__name__).test_request_context(
        headers={"Accept-Encoding": "deflate"}, environ_base={"REMOTE_ADDR": address}
    ):
        sent = body(data, forever=True)
        found = sent.headers.get("Content-Encoding")
        assert (zlib.decompress(sent.get_data()) if found else sent.get_data()) == data
        return found


def mixture(share: float) -> bytes:
    """Bytes that deflate to about this share."""
    cut = int(share * len(RANDOM))
    return RANDOM[:cut] + bytes(len(RANDOM) - cut)


@pytest.mark.parametrize(("size", "sent"), [(SMALL - 1, None), (SMALL, "deflate")])
def test_what_fits_a_few_packets_is_sent_as_it_is(size: int, sent: str | None) -> None:
    assert encoding(bytes(size)) == sent


@pytest.mark.parametrize(("share", "sent"), [(WORTH - 0.02, "deflate"), (WORTH + 0.02, None)])
def test_what_hardly_shrinks_is_sent_as_it_is(share: float, sent: str | None) -> None:
    assert WORTH == 0.8
    assert encoding(mixture(share)) == sent


def test_a_reader_on_this_machine_is_sent_everything_as_it_is() -> None:
    assert encoding(bytes(1 << 16), "127.0.0.1") is None
