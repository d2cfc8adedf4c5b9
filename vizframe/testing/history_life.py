"""A history grows soundly: readers while it is written, several writers, resuming, failing."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import pytest

from vizframe.errors import HistoryWriteError
from vizframe.history import Failure, History, HistoryWriter, SeriesKey, StepRecord
from vizframe.history.aside import aside_of
from vizframe.history.encoding import stored_frame
from vizframe.plugin.frame import Encoding, Frame
from vizframe.testing.history_place import (
    MAPS,
    HistoryPlace,
    PlaceContract,
    assert_same,
    commit,
    maps,
    noise,
    write_step,
)
from vizframe.testing.runs import declare

KERNELS = SeriesKey(label="weights", layer="conv0")
LONG = 150
"""Steps of the long run: a store that merges has merged by then."""


class LifeContract(PlaceContract):
    """What is committed is there from then on, whole, and what was not leaves no trace."""

    def test_a_reader_sees_new_steps_when_it_refreshes(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            history = place.history()
            assert list(history.steps) == []
            for step in (1, 5, 9):
                commit(writer, step, (maps(), noise(maps(), step)))
                before = history.version
                assert history.refresh()
                assert history.version > before
                assert history.steps[-1] == step
                assert_same(history, maps(), noise(maps(), step), step)
        history.refresh()
        assert list(history.steps) == [1, 5, 9]

    def test_nothing_new_changes_no_version(self, place: HistoryPlace) -> None:
        history = write_step(place, (maps(), noise(maps(), 1)))
        history.refresh()
        before = history.version
        assert not history.refresh()
        assert history.version == before

    def test_a_strip_is_the_same_tile_of_every_step(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            for step in range(LONG):
                commit(writer, step, (maps(), noise(maps(), step)))
        history = place.history()
        assert list(history.steps) == list(range(LONG))
        for steps in (range(LONG), range(0, LONG, 7), [LONG - 1, 3, 3, 64], []):
            assert_strip(history, 2, steps)

    def test_a_series_may_skip_steps(self, place: HistoryPlace) -> None:
        kernels = declare(KERNELS, ("unit", "input", "y", "x"), (2, 3, 5, 5), signed=True)
        with place.writer() as writer:
            for step in range(10):
                frames = [(maps(), noise(maps(), step))]
                if step % 3 == 1:
                    frames.append((kernels, noise(kernels, step)))
                commit(writer, step, *frames)
        history = place.history()
        assert list(history.declarations) == [MAPS, KERNELS]
        assert list(history.series_steps(KERNELS)) == [1, 4, 7]
        assert_same(history, kernels, noise(kernels, 7), 7)

    def test_two_writers_make_one_history(self, place: HistoryPlace) -> None:
        kernels = declare(KERNELS, ("unit", "input", "y", "x"), (2, 3, 5, 5))
        with place.writer("rank0") as one, place.writer("rank1") as two:
            for step in range(0, 12, 2):
                commit(two, step + 1, (kernels, noise(kernels, step)), scalars={"b": step})
                commit(one, step, (maps(), noise(maps(), step)), scalars={"a": step})
            commit(one, 20, scalars={"a": 1.0})
            commit(two, 20, scalars={"b": 2.0})
        history = place.history()
        assert list(history.steps) == [*range(12), 20]
        assert list(history.series_steps(MAPS)) == list(range(0, 12, 2))
        assert list(history.series_steps(KERNELS)) == list(range(1, 12, 2))
        assert_same(history, kernels, noise(kernels, 4), 5)
        scalars = history.scalars()
        assert scalars.steps.tolist() == list(history.steps)
        assert (scalars.values["a"][-1], scalars.values["b"][-1]) == (1, 2)

    def test_two_frames_of_one_series_and_step_give_one_of_them(self, place: HistoryPlace) -> None:
        with place.writer("rank0") as one, place.writer("rank1") as two:
            commit(one, 1, (maps(), noise(maps(), 1)))
            commit(two, 1, (maps(), noise(maps(), 2)))
        history = place.history()
        assert list(history.series_steps(MAPS)) == [1]
        given = history.tiles(MAPS, 1).values()
        errors = [np.abs(given - noise(maps(), seed).values).max() for seed in (1, 2)]
        assert min(errors) < 0.05

    def test_a_declaration_may_change(self, place: HistoryPlace) -> None:
        small, large = maps((4, 6, 6)), maps((5, 8, 8))
        more = declare(MAPS, ("unit", "y", "x"), (7, 8, 8), version=2)
        with place.writer() as writer:
            for step, declaration in enumerate((small, large, more)):
                commit(writer, step, (declaration, noise(declaration, step)))
        history = place.history()
        assert history.declarations == {MAPS: more}
        for step, declaration in enumerate((small, large, more)):
            assert_same(history, declaration, noise(declaration, step), step)
        shared = history.strip(MAPS, (4,), [0, 1, 2])
        assert shared.stored.shape == (3, 8, 8)
        assert shared.missing.tolist() == [True, False, False]
        assert history.strip(MAPS, (6,), [0, 1, 2]).missing.tolist() == [True, True, False]

    def test_an_encoding_may_change(self, place: HistoryPlace) -> None:
        encodings: tuple[Encoding, ...] = ("uint8", "float32")
        for step, encoding in enumerate(encodings):
            declaration = declare(MAPS, ("unit", "y", "x"), (4, 6, 6), encoding=encoding)
            with place.writer() as writer:
                commit(writer, step, (declaration, noise(declaration, step)))
        history = place.history()
        assert history.tiles(MAPS, 0).stored.dtype == np.uint8
        assert history.tiles(MAPS, 1).stored.dtype == np.float32

    def test_a_resumed_run_goes_on(self, place: HistoryPlace) -> None:
        for first in (0, 3, 6):
            with place.writer() as writer:
                for step in range(first, first + 3):
                    commit(writer, step, (maps(), noise(maps(), step)))
        assert_strip(place.history(), 1, range(9))

    def test_a_run_resumed_at_an_earlier_step_forgets_what_came_after(
        self, place: HistoryPlace
    ) -> None:
        with place.writer() as writer:
            for step in range(6):
                commit(writer, step, (maps(), noise(maps(), step)), scalars={"loss": 1.0})
        with place.writer() as writer:
            commit(writer, 3, (maps(), noise(maps(), 33)), scalars={"loss": 2.0})
        history = place.history()
        assert list(history.steps) == [0, 1, 2, 3]
        assert_same(history, maps(), noise(maps(), 33), 3)
        assert history.scalars().values["loss"].tolist() == [1, 1, 1, 2]

    def test_a_resumed_run_keeps_what_was_known_of_the_step_that_it_goes_on_from(
        self, place: HistoryPlace
    ) -> None:
        kernels = declare(KERNELS, ("unit", "input", "y", "x"), (2, 3, 5, 5))
        with place.writer() as writer:
            for step in range(4):
                commit(writer, step, (maps(), noise(maps(), step)), scalars={"loss": 0.5})
        with place.writer() as writer:
            commit(writer, 3, (kernels, noise(kernels, 3)), scalars={"weights": 7.0})
            commit(writer, 4, (maps(), noise(maps(), 4)), scalars={"loss": 0.25})
        history = place.history()
        assert_strip(history, 1, range(5))
        assert_same(history, kernels, noise(kernels, 3), 3)
        assert history.scalars().values["loss"].tolist() == [0.5, 0.5, 0.5, 0.5, 0.25]
        assert history.scalars().values["weights"][3] == 7

    def test_a_run_begun_anew_at_step_0_keeps_nothing_of_before(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            for step in range(4):
                commit(writer, step, (maps(), noise(maps(), step)), scalars={"loss": 0.5})
        with place.writer() as writer:
            commit(writer, 0, scalars={"accuracy": 0.1})
        history = place.history()
        assert list(history.steps) == [0]
        assert not history.declarations
        assert list(history.scalars().values) == ["accuracy"]

    @pytest.mark.parametrize("wrong", [5, 4, 0, -1])
    def test_a_step_that_does_not_grow_is_refused(self, place: HistoryPlace, wrong: int) -> None:
        with place.writer() as writer:
            commit(writer, 5, (maps(), noise(maps(), 5)))
            with pytest.raises(HistoryWriteError, match=f"the step is {wrong}; it can be 6 "):
                commit(writer, wrong, (maps(), noise(maps(), 6)))
            commit(writer, 6, (maps(), noise(maps(), 6)))
        assert_strip(place.history(), 0, [5, 6])

    def test_a_commit_that_fails_leaves_no_trace(self, place: HistoryPlace) -> None:
        wrong = Frame("conv0", np.zeros((9, 9, 9), np.float32))
        kernels = declare(KERNELS, ("unit", "y", "x"), (2, 5, 5))
        with place.writer() as writer:
            commit(writer, 1, (maps(), noise(maps(), 1)), scalars={"loss": 1.0})
            with pytest.raises(HistoryWriteError, match=r"weights of conv0 has shape \(9, 9, 9\)"):
                writer.commit(
                    StepRecord(
                        step=2,
                        frames=[(maps(), noise(maps(), 2)), (kernels, wrong)],
                        scalars={"loss": 2.0},
                        failures=[Failure(step=2, label="x", sentence="x")],
                    )
                )
            history = place.history()
            assert list(history.steps) == [1]
            assert list(history.declarations) == [MAPS]
            assert not history.failures()
            commit(writer, 2, (maps(), noise(maps(), 2)))
        assert_strip(place.history(), 0, [1, 2])

    def test_a_series_twice_in_one_step_is_refused(self, place: HistoryPlace) -> None:
        twice = [(maps(), noise(maps(), seed)) for seed in (1, 2)]
        with place.writer() as writer:
            with pytest.raises(HistoryWriteError, match="step 1 has activation of conv0 twice"):
                commit(writer, 1, *twice)
            assert list(place.history().steps) == []

    def test_what_the_caller_does_to_its_arrays_later_changes_nothing(
        self, place: HistoryPlace
    ) -> None:
        declaration = declare(MAPS, ("unit", "y", "x"), (4, 6, 6), encoding="float32")
        frame = noise(declaration, 1)
        with place.writer() as writer:
            commit(writer, 1, (declaration, frame))
            frame.values[...] = 7
        assert_same(place.history(), declaration, noise(declaration, 1), 1)

    def test_closing_twice_is_closing_once(self, place: HistoryPlace) -> None:
        writer = place.writer()
        commit(writer, 1, (maps(), noise(maps(), 1)))
        writer.close()
        writer.close()
        with pytest.raises(HistoryWriteError, match="closed"):
            commit(writer, 2)
        history = place.history()
        assert list(history.steps) == [1]
        history.close()
        history.close()

    def test_a_reader_beside_a_writer_never_loses_a_step(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            history = place.history()
            thread = threading.Thread(target=_write, args=(place.writer("other"), LONG))
            thread.start()
            seen = 0
            while thread.is_alive() or history.refresh():
                history.refresh()
                steps = list(history.steps)
                assert steps == list(range(len(steps)))
                assert len(steps) >= seen
                seen = len(steps)
                if steps:
                    assert_strip(history, 3, steps[-3:])
            thread.join()
            commit(writer, LONG, (maps(), noise(maps(), LONG)))
        history.refresh()
        assert list(history.steps) == list(range(LONG + 1))
        assert not history.faults()

    def test_frames_that_wait_aside_are_those_that_were_given(self, place: HistoryPlace) -> None:
        large = maps((8, 64, 64), KERNELS)
        with place.writer() as writer:
            room, frames = aside_of(writer), []
            for declared in (maps(), large):
                waits = room.frame(declared, stored_frame(declared, noise(declared, 7)))
                frames.append((declared, waits))
            again = room.array(noise(large, 7).values)
            assert np.array_equal(again(), noise(large, 7).values)
            commit(writer, 7, *frames)
        history = place.history()
        for declared in (maps(), large):
            assert_same(history, declared, noise(declared, 7), 7)

    def test_a_sound_run_has_no_fault(self, place: HistoryPlace) -> None:
        history = write_step(place, (maps(), noise(maps(), 1)))
        assert list(history.faults()) == []


def _write(writer: HistoryWriter, steps: int) -> None:
    """Commit that many steps, as fast as it goes."""
    with writer:
        for step in range(steps):
            commit(writer, step, (maps(), noise(maps(), step)))


def assert_strip(history: History, unit: int, steps: Iterable[int]) -> None:
    """See that a film strip is that unit's tile of each step, as written by `noise`."""
    wanted = list(steps)
    strip = history.strip(MAPS, (unit,), wanted)
    assert strip.stored.shape == (len(wanted), 6, 6)
    assert not strip.missing.any()
    for number, step in enumerate(wanted):
        tiles = history.tiles(MAPS, step, (unit,))
        np.testing.assert_array_equal(strip.stored[number], tiles.stored)
        assert (strip.low[number], strip.high[number]) == (tiles.low, tiles.high)
        error = np.abs(strip.values()[number] - noise(maps(), step).values[unit]).max()
        assert error <= (tiles.high - tiles.low) / 255
