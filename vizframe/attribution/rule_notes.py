"""What is to be said of pictures by another ReLU rule, of networks with few ReLUs or none."""

from __future__ import annotations

from vizframe.network import Network
from vizframe.wording import count_noun


def rule_notes(network: Network) -> tuple[str, ...]:
    """A note where the rule changed nothing, or holds for some of the activations alone."""
    ruled = [layer for layer in network.layers if layer.rectifies]
    others = [
        layer for layer in network.layers if layer.kind == "activation" and not layer.rectifies
    ]
    if not ruled:
        return ("The network has no ReLU, so the rule changed nothing: this is the gradient",)
    if others:
        told = count_noun(len(ruled), "ReLU")
        rest = count_noun(len(others), "other activation")
        return (f"The rule holds for {told}; {rest} passed the gradient as it is",)
    return ()
