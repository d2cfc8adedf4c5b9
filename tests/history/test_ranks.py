"""What several workers recorded lies side by side, and each of them can be asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vizframe.history import Failure, Finding, SeriesKey, StepRecord
from vizframe.history.memory import MemoryRun, new_info
from vizframe.history.rank_names import ranked_scalar, split_rank
from vizframe.history.ranks import (
    FINGERPRINT,
    RankWriter,
    all_findings,
    differing_steps,
    last_step_of,
    missing_ranks,
    on_ranks,
    ranks_of,
    scalars_of,
    weights_apart,
)


def commit(run: MemoryRun, rank: int, **of_step: float) -> None:
    """One scalar per step, ``s5=0.1`` at step 5."""
    with RankWriter(run.writer(f"rank{rank}"), rank) as writer:
        for name, value in of_step.items():
            step = int(name[1:])
            failure = Failure(step=step, label="weights", sentence="broke")
            scalars = {FINGERPRINT: value, "recall@5": 1.0}
            writer.commit(StepRecord(step=step, scalars=scalars, failures=[failure]))


def test_a_metric_at_five_is_no_rank() -> None:
    assert split_rank("recall@5") == ("recall@5", 0)
    assert split_rank(ranked_scalar("recall@5", 3)) == ("recall@5", 3)
    assert ranked_scalar("loss", 0) == "loss"
    assert split_rank("loss (rank 0)") == ("loss (rank 0)", 0)


def test_pictures_of_ranks_have_names_of_their_own() -> None:
    assert SeriesKey(label="activation", layer="0").kind == "activation"
    key = SeriesKey(label="saliency", part="gradient", layer="0", rank=2)
    assert key.kind == "saliency.gradient@2"
    assert SeriesKey.model_validate_json(key.model_dump_json()) == key


def test_each_rank_s_numbers_and_failures_are_its_own() -> None:
    run = MemoryRun()
    commit(run, 0, s0=1, s5=2)
    commit(run, 3, s0=1, s7=2)
    history = run.history()
    assert ranks_of(history) == [0, 3]
    assert scalars_of(history, 3).steps.tolist() == [0, 7]
    assert scalars_of(history, 0).values[FINGERPRINT].tolist() == [1, 2]
    assert [last_step_of(history, rank) for rank in (0, 3, 4)] == [5, 7, None]
    assert {each.rank for each in history.failures()} == {0, 3}
    assert np.isnan(history.scalars().values["recall@5"]).tolist() == [False, False, True]


def test_workers_that_must_have_the_same_weights_and_have_not_are_a_finding() -> None:
    def diverged(kind: str) -> Finding | None:
        info = new_info("ranks").model_copy(update={"hyper_parameters": {"kvstore": kind}})
        run = MemoryRun(info)
        commit(run, 0, s0=1.0, s5=2.0, s10=3.0)
        commit(run, 1, s0=1.0, s5=7.0, s10=8.0)
        return weights_apart(run.history())

    found = diverged("dist_sync")
    assert found is not None
    assert (found.severity, found.since, found.rank) == ("alarm", 5, 1)
    assert "the weights of rank 1 are not those of the lowest rank at step 5" in found.sentence
    assert diverged("dist_async") is None


def test_what_a_rule_finds_on_several_ranks_is_told_once_with_all_of_them() -> None:
    run = MemoryRun()
    for rank, since in ((0, 7), (2, 5)):
        found = Finding(
            rule="dead_units",
            symptom="dead_relu",
            severity="alarm",
            since=since,
            step=9,
            sentence=f"from {since} on",
        )
        with RankWriter(run.writer(f"rank{rank}"), rank) as writer:
            writer.commit(StepRecord(step=9, findings=[found]))
    (one,) = all_findings(run.history())
    assert (one.since, one.rank, one.also) == (5, 2, (0,))
    assert on_ranks(one) == " on ranks 0, 2"


def test_weights_that_differ_between_workers_are_found_step_by_step() -> None:
    run = MemoryRun()
    commit(run, 0, s0=1, s5=2, s10=3)
    commit(run, 1, s0=1, s5=2, s10=4, s15=9)
    commit(run, 2, s0=1, s5=7, s10=3, s15=math.nan)
    assert differing_steps(run.history()) == {5: [2], 10: [1]}


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_who_has_fallen_silent_is_named(behind: int) -> None:
    run = MemoryRun()
    commit(run, 0, s0=1, s5=1, s10=1)
    commit(run, 1, s0=1)
    assert missing_ranks(run.history(), behind=behind) == ({1: 0} if behind < 3 else {})
    alone = MemoryRun()
    commit(alone, 0, s0=1, s5=1)
    assert missing_ranks(alone.history(), behind=1) == {}
