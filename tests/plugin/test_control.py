"""A control is drawn by shuffled weights, and says how much it is like what was learned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from scipy import stats

from vizframe.plugin import Scene
from vizframe.plugin.control import NOTE, draw_or_control, rank_correlation
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.registry import Registry
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of

MAKES = (Picture(axes=("unit", "y", "x"), help="Kernels."),)


def draw(scene: Scene) -> Iterator[Frame]:
    """The first convolution's kernels, and a picture that no weight changes."""
    yield Frame("conv0", scene.network.weights("conv0")["weight"][:, 0])
    yield Frame("same", np.arange(18, dtype=np.float32).reshape(2, 3, 3))


@settings(deadline=None)
@given(hnp.arrays(np.int8, (2, 12)))
def test_the_rank_correlation_is_scipys(pair: npt.NDArray[np.int8]) -> None:
    found = rank_correlation(*pair)
    if (pair == pair[:, :1]).all(axis=1).any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(*pair).statistic, abs=1e-12)


def test_what_is_no_number_has_no_rank() -> None:
    assert np.isnan(rank_correlation(np.array([1.0, np.nan]), np.array([1.0, 2.0])))


def test_a_control_says_what_it_is_and_how_like() -> None:
    kernels, same = draw_or_control(scene_of(ordinary()), draw, MAKES, control=True)
    assert kernels.notes == same.notes == (NOTE,)
    assert same.columns["likeness"].tolist() == [1, 1]
    assert kernels.columns["likeness"].shape == (4,)
    assert (abs(kernels.columns["likeness"]) < 0.99).all()


def test_what_is_no_control_is_left_as_it_is() -> None:
    for frame in draw_or_control(scene_of(ordinary()), draw, MAKES, control=False):
        assert not frame.notes
        assert not frame.columns


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("saliency", {}),
        ("deconvolution", {}),
        ("gradient_ascent", {"iterations": 3}),
        ("gradient_ascent", {"iterations": 3, "warm_start": True}),
        ("class_visualization", {"iterations": 3}),
    ],
)
def test_every_control_has_the_number(name: str, options: dict[str, object]) -> None:
    plugin = Registry.discover().load(name).configured({**options, "control": True})
    for _ in range(2):
        for frame in plugin.visualize(scene_of(ordinary())):
            likeness = frame.columns["likeness"]
            assert likeness.dtype == np.float32
            assert (np.isnan(likeness) | (abs(likeness) <= 1.000001)).all()
