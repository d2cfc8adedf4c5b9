"""Layer-wise relevance propagation: the rules, and what a network does that can be asked by them.

A class score S is propagated back through the network, layer by layer; each unit j gets its share
of what the units k behind it have (Bach et al. 2015; Montavon et al. 2019):

              a_j ρ(w_jk)
    R_j = Σ_k ─────────────── R_k        stab(z) = z + ε · sign(z)
              stab(Σ_j a_j ρ(w_jk))

    epsilon    ρ(w) = w                     what spoke for and against, as it is
    gamma      ρ(w) = w + γ · max(0, w)     favours what spoke for; less noise
    zplus      ρ(w) = max(0, w)             only what spoke for
    box        a ρ(w) = a w − l w⁺ − h w⁻   for pixels between l and h, zero being nothing special
    flat       a ρ(w) = 1                   all alike: for the first layer, whose shares are coarse

Inputs below zero take the other sign's part, as zennit has it (Anders et al. 2021). Sums and mean
poolings share by contribution, maxima give all to the winner, activations pass on. A BatchNorm
right behind a convolution counts as part of it; any other passes relevance on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from vizframe.network.network import FloatArray, Gradient, Objective

RelevanceRule = Literal["epsilon", "gamma", "zplus"]
FirstRule = Literal["box", "flat"]


@dataclass(frozen=True, slots=True)
class RelevanceRules:
    """By which rule each kind of layer propagates relevance.

    Attributes:
        convolution, dense: the rule of these layers.
        first: the rule of the first convolution, where it reads the network's input itself; None
            for the one of the others.
        epsilon: ε of all rules.
        gamma: γ of the gamma rule.
        low, high: the box: the least and greatest input of each channel.
    """

    convolution: RelevanceRule = "epsilon"
    dense: RelevanceRule = "epsilon"
    first: FirstRule | None = None
    epsilon: float = 1e-6
    gamma: float = 0.25
    low: tuple[float, ...] = (0.0,)
    high: tuple[float, ...] = (1.0,)


COMPOSITES: Mapping[str, RelevanceRules] = {
    "epsilon": RelevanceRules(),
    "epsilon_plus": RelevanceRules("zplus", "epsilon"),
    "epsilon_plus_flat": RelevanceRules("zplus", "epsilon", first="flat"),
    "epsilon_gamma_box": RelevanceRules("gamma", "epsilon", first="box"),
}
"""zennit's composites of these names, and ε everywhere."""


@runtime_checkable
class RelevanceNetwork(Protocol):
    """A network that can propagate relevance; not every framework's adapter is one."""

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        """Value of the objective, and the relevance of every input, of the images' shape."""
        ...
