"""Two networks of one model, the adapter's and the reference: what a subclass must give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Network, Objective, Place, ReluRule
from vizframe.network.layer import Layer
from vizframe.testing.networks import NETWORKS, WITH_UNITS
from vizframe.testing.reference import ReferenceNetwork

RULES: tuple[ReluRule, ...] = ("plain", "deconvnet", "guided", "redirected")
ASKED: tuple[tuple[str, ReluRule], ...] = (
    *(("centre", rule) for rule in RULES),
    ("mean", "plain"),
    ("places", "guided"),
)
"""Places with rules: each of both at least once."""
SOUND = ("ordinary", "strided", "dead", "one_unit", "colour", "seven_channels", "tiny_maps", "flat")
"""All sound networks."""
FEW = ("strided", "flat")
"""Enough for another form of a model whose adapter has been asked about all of them."""


class Pair:
    """The same model twice; layers go by the reference's names, and are translated."""

    def __init__(self, network: Network, reference: ReferenceNetwork, names: Sequence[str]) -> None:
        self.network = network
        self.reference = reference
        self._names = dict(zip((each.name for each in reference.layers), names, strict=True))

    def name(self, layer: str) -> str:
        """What the adapter calls the reference's layer."""
        return self._names[layer]

    def translate(self, objective: Objective) -> Objective:
        """The objective in the adapter's words."""
        return Objective(
            self.name(objective.layer), objective.units, objective.place, objective.output_gradients
        )


class PairContract:
    """The base of the contract classes.

    Attributes:
        follows_rules: whether the adapter can give ReLUs another rule; one that cannot refuses each
            with a sentence.
        has_fields: whether it knows receptive fields.
        crops: whether it asks units on their fields alone; one that does not asks whole images.
        sound: the networks of `vizframe.testing.networks` on which every question is asked.
        units: how many the first convolution of the others has.
    """

    follows_rules: ClassVar[bool] = True
    has_fields: ClassVar[bool] = True
    crops: ClassVar[bool] = True
    sound: ClassVar[Sequence[str]] = SOUND
    units: ClassVar[int] = 4

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "pair" in metafunc.fixturenames:
            metafunc.parametrize("pair", self.sound, indirect=True)

    def net(self, build: Callable[..., ReferenceNetwork], **options: int) -> ReferenceNetwork:
        """One of `vizframe.testing.networks` with so many units."""
        return build(units=self.units, **options)

    def refuses(self, rule: ReluRule, ask: Callable[[], object]) -> bool:
        """Whether the rule is one that the adapter cannot follow, and that it then says so."""
        if self.follows_rules or rule == "plain":
            return False
        with pytest.raises(NetworkError, match=f"rule is '{rule}'; it can be 'plain'"):
            ask()
        return True

    def adapt(self, reference: ReferenceNetwork) -> Network:
        """Override: the same model, with the same weights, in the adapter's framework."""
        raise NotImplementedError("a contract test class gives the method `adapt`")

    def names_of(self, network: Network, reference: ReferenceNetwork) -> Sequence[str]:
        """What the adapter calls the reference's layers; by default its own, in their order."""
        return [layer.name for layer in network.layers]

    def pair_of(self, reference: ReferenceNetwork) -> Pair:
        network = self.adapt(reference)
        return Pair(network, reference, self.names_of(network, reference))

    @pytest.fixture
    def pair(self, request: pytest.FixtureRequest) -> Pair:
        """Each sound network in turn."""
        build = NETWORKS[request.param]
        return self.pair_of(self.net(build) if build in WITH_UNITS else build())


def assert_close(found: FloatArray, wanted: FloatArray) -> None:
    """Equal shapes, float32, NaN at the same places, and values within 1e-4 of the largest one."""
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    finite = np.isfinite(wanted)
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    largest = float(abs(wanted[finite]).max(initial=0)) or 1.0
    assert float(abs(found[finite] - wanted[finite]).max(initial=0)) <= 1e-4 * largest


def objective_of(layer: Layer, batch: int, place: str = "centre") -> Objective:
    """A different unit, and with ``places`` a different place, for each image."""
    units = np.arange(batch, dtype=np.int64) * 3 % layer.units
    if place == "places" and layer.is_spatial:
        number = np.arange(batch, dtype=np.int64)
        places: npt.NDArray[np.int64] = np.stack(
            [number * 2 % layer.shape[1], number * 5 % layer.shape[2]], axis=1
        )
        return Objective(layer.name, units, places)
    chosen: Place = "mean" if place == "mean" else "centre"
    return Objective(layer.name, units, chosen)


def central_box(layer: Layer) -> tuple[int, int, int, int]:
    """What the unit at the centre of the layer's map sees: (top, left, bottom, right)."""
    assert layer.receptive_field is not None
    return layer.receptive_field.box(layer.shape[1] // 2, layer.shape[2] // 2)
