"""The Blocks of a net, by which one is known that gets others while it trains."""

from __future__ import annotations

from typing import Any

from vizframe.errors import NetworkChanged
from vizframe.gluon.graph.hooks import paths


class Structure:
    """What a net was made of."""

    def __init__(self, net: Any) -> None:
        self._net, self._parts = net, _parts(net)

    def refuse_changed(self) -> None:
        """Raises NetworkChanged where Blocks were put in or taken out since."""
        if _parts(self._net) != self._parts:
            raise NetworkChanged(
                f"the network {type(self._net).__name__!r} has other blocks than when its "
                "recording began; start a new recording of it"
            )


def _parts(net: Any) -> list[tuple[str, str]]:
    return [(path, type(block).__qualname__) for path, block in paths(net)]
