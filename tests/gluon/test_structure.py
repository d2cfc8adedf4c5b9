"""A net that gets other blocks while it trains cannot be asked as the one that it was."""

from __future__ import annotations

from typing import Any

import pytest

from vizframe.errors import NetworkChanged
from vizframe.gluon.compat import mx
from vizframe.gluon.module import module_network
from vizframe.gluon.view import view
from vizframe.network.network import MayChange

nn = mx.gluon.nn


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(3)

    def forward(self, x: Any) -> Any:
        assert x.shape
        return self.first(x)


@pytest.mark.parametrize("base", [nn.HybridSequential, nn.Sequential, Plain])
def test_blocks_that_are_put_in_are_seen(base: type[Any]) -> None:
    net = base()
    if base is not Plain:
        net.add(nn.Dense(3))
    net.initialize()
    net(mx.nd.ones((2, 4)))
    seen = view(net, (4,))
    assert isinstance(seen, MayChange)
    net.initialize(force_reinit=True)
    seen.refuse_changed()
    net.register_child(nn.Dense(2))
    with pytest.raises(NetworkChanged, match="has other blocks than when its recording began"):
        seen.refuse_changed()


def test_a_module_stays_what_it_is() -> None:
    symbol = mx.sym.SoftmaxOutput(
        mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3), name="softmax"
    )
    module = mx.mod.Module(symbol)
    module.bind([("data", (2, 4))], [("softmax_label", (2,))])
    module.init_params()
    module_network(module, (4,)).refuse_changed()
