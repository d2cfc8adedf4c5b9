"""Units that are off, scaled or held, and the network computed with them."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import UnknownName, UsageError
from vizframe.network.layer import Layer
from vizframe.network.unit_change import (
    UnitChange,
    activations_with,
    apply_changes,
    changes_of,
)
from vizframe.testing.networks import ordinary, probe_for


@pytest.mark.parametrize(
    "change",
    [
        UnitChange("conv0", 3),
        UnitChange("a:b,c%", 0, "*", 0.5),
        UnitChange("features.0", 12, "<", -1.5),
        UnitChange("höhe", 1, "=", 2e-05),
    ],
)
def test_what_is_written_is_read_again(change: UnitChange) -> None:
    assert changes_of(f"{change},x:1:off") == (change, UnitChange("x", 1))


def test_the_last_word_about_a_unit_counts() -> None:
    assert changes_of("a:1:off,a:1:*2") == (UnitChange("a", 1, "*", 2.0),)
    assert changes_of("") == ()


@pytest.mark.parametrize(
    "word",
    ["a", "a:1", "a:x:off", "a:-1:off", "a:1:on", ":1:off", "a:1:*", "a:1:=nan", "a:1:<inf",
     "a:1:=1e31", "a:1:off:off", "a:99999999999:off"],
)  # fmt: skip
def test_what_is_no_change_is_refused_in_a_sentence(word: str) -> None:
    with pytest.raises(UsageError, match="it can be LAYER:UNIT:off"):
        changes_of(word)


def test_too_many_are_refused() -> None:
    with pytest.raises(UsageError, match="it can be up to"):
        changes_of(",".join(["a:1:off"] * 10_001))


def test_only_the_unit_that_is_named_changes() -> None:
    layer = Layer("steps", "LSTM", (2, 3), 3, axes=("time", "unit"))
    outputs = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    outputs[0, 0, 1] = np.nan
    found = apply_changes(
        layer, outputs, [UnitChange("steps", 1), UnitChange("steps", 2, "<", 4.0)]
    )
    np.testing.assert_array_equal(found[..., 0], outputs[..., 0])
    assert not found[..., 1].any()
    np.testing.assert_array_equal(found[..., 2], [[2, 4], [4, 4]])
    with pytest.raises(UsageError, match=r"unit of layer 'steps' is 3; it can be 0 to 2"):
        apply_changes(layer, outputs, [UnitChange("steps", 3)])


def test_a_later_layer_sees_what_an_earlier_one_has_become() -> None:
    network = ordinary()
    images = probe_for(network).images
    names = [layer.name for layer in network.layers]
    kernels = [layer.name for layer in network.layers if layer.has_kernel]
    first, last = kernels[0], kernels[-1]
    changes = [UnitChange(last, 1, "*", -2.0), UnitChange(first, 0, "=", 3.0)]
    found = activations_with(network, images, changes, names)
    assert (found[first][:, 0] == 3).all()
    alone = activations_with(network, images, changes[1:], names)
    np.testing.assert_allclose(found[last][:, 1], -2 * alone[last][:, 1], rtol=1e-6)
    assert not np.allclose(alone[last], network.activations(images, [last])[last])
    np.testing.assert_array_equal(
        activations_with(network, images, [], names)[last], network.scores(images)
    )


def test_a_layer_that_is_not_there_is_named() -> None:
    network = ordinary()
    with pytest.raises(UnknownName, match="layer 'nowhere' is not known"):
        activations_with(network, probe_for(network).images, [UnitChange("nowhere", 0)], [])
