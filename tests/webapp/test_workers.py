"""The workers of a training in words, and their curves side by side."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.history.memory import MemoryRun, new_info
from vizframe.history.ranks import RankWriter, local_gradients, spread_of
from vizframe.plugin.frame import Frame
from vizframe.webapp import menus
from vizframe.webapp.pages.training import _line, groups
from vizframe.webapp.workers import sentences, with_drift


def told(run: MemoryRun) -> str:
    return " ".join(sentences(run.history()))


def run_of(numbers: dict[int, list[dict[str, float]]], kind: str = "dist_sync") -> MemoryRun:
    """Of each rank what it reports at steps 0, 10, …"""
    run = MemoryRun(new_info("ranks").model_copy(update={"hyper_parameters": {"kvstore": kind}}))
    for rank, steps in numbers.items():
        with RankWriter(run.writer(f"rank{rank}"), rank) as writer:
            for number, scalars in enumerate(steps):
                writer.commit(StepRecord(step=10 * number, scalars=scalars, time=number))
    return run


def test_a_training_of_one_process_has_no_workers() -> None:
    assert sentences(run_of({0: [{"loss": 1.0}] * 3}).history()) == []


def test_who_is_missing_is_said() -> None:
    run = run_of({0: [{"loss": 1.0}] * 9, 1: [{"loss": 1.0}] * 9, 2: [{"loss": 1.0}] * 3})
    assert "3 workers recorded this run: ranks 0 to 2." in told(run)
    assert "Rank 2 is missing: it recorded nothing after step 20, and others are at step 80." in (
        told(run)
    )


def test_whose_weights_differ_is_said_and_when() -> None:
    same = [{"weight_fingerprint": float(at)} for at in range(5)]
    other = [*same[:3], {"weight_fingerprint": -1.0}, {"weight_fingerprint": -2.0}]
    assert "the same weights, bit for bit" in told(run_of({0: same, 1: same}))
    assert "At 2 steps, 30 to 40, rank 2 had other weights" in told(
        run_of({0: same, 1: same, 2: other}, "dist_async")
    )
    late = run_of({0: same, 1: [*same[:4], other[4]]}, "dist_async")
    assert "At step 40, rank 1 had" in told(late)
    assert "weights" not in told(run_of({0: same, 1: other}))  # that is a finding


def test_how_far_weights_lie_apart_is_a_curve_in_the_place_of_sketches() -> None:
    first, second = ([{"weight_sketch/00": 3.0, "weight_sketch/01": each}] for each in (4.0, 4.5))
    shown = with_drift(run_of({0: first, 1: second}).history().scalars())
    (name,) = shown.values
    assert name == "distance of weights from the lowest rank (rank 1)"
    assert shown.values[name].tolist() == [0.1]


def test_the_worker_that_the_others_wait_for_waits_least() -> None:
    fast, slow = [{"exchange_seconds": 0.05}] * 12, [{"exchange_seconds": 0.002}] * 12
    assert "Exchanges take 50 ms (median), but 2 ms on rank 1: the others wait for it." in (
        told(run_of({0: fast, 1: slow, 2: fast}))
    )
    assert "none is waited for" in told(run_of({0: fast, 1: fast}))
    assert "xchanges" not in told(run_of({0: fast[:9], 1: slow[:9]}))


def test_how_far_gradients_lie_apart_is_said() -> None:
    one = [{"local_gradient_norm/a": 3.0, "local_gradient_norm/b": 4.0, "update_cosine": 0.9}]
    two = [{"local_gradient_norm/a": 6.0, "local_gradient_norm/b": 8.0, "update_cosine": 0.1}]
    run = run_of({0: one, 1: two})
    norms = local_gradients(run.history().scalars())
    assert {rank: each.tolist() for rank, each in norms.items()} == {0: [5.0], 1: [10.0]}
    assert "lie 67 % of their mean apart" in told(run)
    assert "follows rank 1's own gradient least: cosine 0.10 (median), hardly at all." in told(run)


def test_what_one_rank_alone_said_has_no_spread() -> None:
    spread = spread_of({0: np.array([1.0, 2.0, math.nan]), 1: np.array([math.nan, 4.0, math.nan])})
    np.testing.assert_allclose(spread, [math.nan, 2 / 3, math.nan])


def test_a_number_of_several_ranks_is_one_figure_with_a_line_each() -> None:
    numbers = {"loss": 1.0, "norm/a": 1.0, "norm/b": 2.0, "seconds": 1.0, "seconds/x": 1.0}
    scalars = run_of({3: [numbers], 0: [numbers]}).history().scalars()  # rank 3 was there first
    found = groups(scalars)
    assert found["loss"] == ["loss", "loss (rank 3)"]
    assert found["norm"] == ["norm/a", "norm/b"]
    assert found["norm (rank 3)"] == ["norm/a (rank 3)", "norm/b (rank 3)"]
    assert found["seconds (rank 3)"] == ["seconds (rank 3)", "seconds/x (rank 3)"]
    lines = {group: [_line(group, names, name) for name in names] for group, names in found.items()}
    assert lines["loss"] == ["rank 0", "rank 3"]
    assert lines["norm (rank 3)"] == ["a", "b"]
    assert lines["seconds"] == ["all", "x"]


@pytest.mark.parametrize("chosen", ["saliency.gradient", "saliency.guided@2"])
def test_the_menu_chooses_a_picture_and_a_worker(chosen: str) -> None:
    run = MemoryRun(new_info("ranks"))
    for rank in (0, 2):
        with RankWriter(run.writer(f"rank{rank}"), rank) as writer:
            frames = [
                (declared(part), Frame("conv0", np.zeros((2, 3, 3), np.float32)))
                for part in ("gradient", "guided")
            ]
            writer.commit(StepRecord(step=0, frames=frames, time=0.0))
    shown = str(menus.kinds(run.history(), chosen))
    part, rank = ("gradient", 0) if "gradient" in chosen else ("guided", 2)
    for other in ("gradient", "guided"):
        assert f"'{'saliency.' + other + ('@2' if rank else '')}'" in shown
    for worker in (0, 2):
        assert f"rank {worker}" in shown
        assert f"'saliency.{part}{'@2' if worker else ''}'" in shown


def declared(part: str) -> Declaration:
    return Declaration(
        key=SeriesKey(label="saliency", part=part, layer="conv0"),
        plugin="saliency",
        axes=("unit", "y", "x"),
        tile_shape=(2,),
        picture_shape=(3, 3),
    )
