"""The shorthand ``layer:unit``."""

from __future__ import annotations

import pytest

from vizframe.ascent.choice import units_of
from vizframe.errors import UnknownName, UsageError
from vizframe.network.layer import Layer

CONV0 = Layer("conv0", "Convolution", (4, 8, 8), 4)
CONV1 = Layer("conv1", "Convolution", (6, 4, 4), 6)
DENSE = Layer("head:fc", "FullyConnected", (3,), 3)
KNOWN = (CONV0, CONV1, DENSE)


def test_without_a_shorthand_all_units_of_the_layers_are_drawn() -> None:
    assert units_of((CONV1,), KNOWN, ()) == [(CONV1, (0, 1, 2, 3, 4, 5))]


def test_a_shorthand_names_exactly_what_is_drawn_whatever_layers_are_recorded() -> None:
    assert units_of((CONV1,), KNOWN, ("conv0:2",)) == [(CONV0, (2,))]


def test_shorthands_add_up_in_forward_order_without_doubles() -> None:
    given = ("conv1:5", "conv0:1-2", "conv0:2-3")
    assert units_of((), KNOWN, given) == [(CONV0, (1, 2, 3)), (CONV1, (5,))]


def test_a_pattern_names_every_layer_that_fits() -> None:
    assert units_of((), KNOWN, ("conv*:3",)) == [(CONV0, (3,)), (CONV1, (3,))]


def test_a_layer_without_a_unit_means_all_of_them() -> None:
    assert units_of((), KNOWN, ("conv0:",)) == [(CONV0, (0, 1, 2, 3))]


def test_a_layer_name_may_hold_a_colon() -> None:
    assert units_of((), KNOWN, ("head:fc:1",)) == [(DENSE, (1,))]


def test_an_unknown_layer_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="layer 'conv9' is not known; it can be 'conv0', 'conv1'"):
        units_of((), KNOWN, ("conv9:0",))


@pytest.mark.parametrize("given", ["conv0:4", "conv0:2-4", "conv0:3-2"])
def test_a_unit_that_the_layer_does_not_have_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match=f"the unit is '{given}'; it can be 0 … 3 of 'conv0'"):
        units_of((), KNOWN, (given,))


@pytest.mark.parametrize("given", ["conv0", ":3", "conv0:x", "conv0:-1", "conv0:1-"])
def test_what_is_no_shorthand_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="it can be 'layer:unit', 'layer:first-last' or 'layer:'"):
        units_of((), KNOWN, (given,))
