"""Seconds of work, on a machine that is quiet or busy."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vizframe.recording.work_clock import ReadyThreads, WorkClock, fair_share, work_time


class Machine:
    wall = 10.0
    processor = 3.0
    share = 1.0
    waited: float | None = None

    def passes(self, wall: float, processor: float, waited: float = 0.0) -> None:
        self.wall += wall
        self.processor += processor
        self.waited = None if self.waited is None else self.waited + waited


def clock_of(machine: Machine) -> WorkClock:
    return WorkClock(
        lambda: machine.wall,
        lambda: machine.processor,
        lambda: machine.waited,
        lambda: machine.share,
    )


def test_on_a_quiet_machine_the_wall_counts_also_while_the_training_waits() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.passes(4.0, 0.5)
    assert clock() == 4.0
    machine.passes(2.0, 3.5)  # two threads
    assert clock() == 6.0


def test_on_a_busy_machine_the_processor_counts_but_never_more_than_the_wall() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.share = 0.125
    machine.passes(8.0, 2.0)
    assert clock() == 2.0
    machine.passes(1.0, 1.5)
    assert clock() == 3.0
    machine.share = 1.0
    machine.passes(1.0, 0.25)
    assert clock() == 4.0


def test_who_waits_on_a_busy_machine_is_charged_a_fair_share() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.share = 0.25
    machine.passes(8.0, 0.0)
    assert clock() == 2.0


@pytest.mark.parametrize(
    ("passed", "worked", "waited", "charged"),
    [
        (8.0, 1.0, 7.0, 1.0),  # one thread on a busy machine
        (8.0, 1.0, 4.0, 4.0),  # which also waited 3 s for a disk
        (8.0, 4.0, 12.0, 2.0),  # two threads side by side, each a quarter of the time
        (8.0, 8.0, 0.0, 8.0),  # a quiet machine
        (8.0, 0.0, 0.0, 8.0),  # asleep
        (8.0, 0.0, 8.0, 0.0),  # never had a turn
    ],
)
def test_what_threads_waited_for_a_processor_is_not_charged(
    passed: float, worked: float, waited: float, charged: float
) -> None:
    machine = Machine()
    machine.waited = 3.0
    clock = clock_of(machine)
    machine.passes(passed, worked, waited)
    assert clock() == pytest.approx(charged)


def test_a_clock_that_is_asked_often_looks_at_threads_seldom_and_is_right_in_the_end() -> None:
    machine, asked = Machine(), 0
    machine.waited = 0.0

    def waited() -> float | None:
        nonlocal asked
        asked += 1
        return machine.waited

    clock = WorkClock(lambda: machine.wall, lambda: machine.processor, waited)
    shown = [clock()]
    for _ in range(1000):
        machine.passes(0.001, 0.00025, 0.00075)
        shown.append(clock())
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(0.25, abs=0.05)
    assert asked < 60


def test_what_ended_threads_waited_stays_counted(tmp_path: Path) -> None:
    tasks = ReadyThreads(tmp_path)
    assert tasks() is None
    for name, waited in (("1", 2_000_000_000), ("2", 500_000_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "schedstat").write_text(f"7 {waited} 9\n")
    assert tasks() == 2.5
    (tmp_path / "2" / "schedstat").unlink()
    assert tasks() == 2.5
    (tmp_path / "1" / "schedstat").write_text("off\n")
    assert tasks() is None


def test_threads_that_come_and_go_do_not_turn_the_clock_back() -> None:
    before = work_time()
    for _ in range(3):
        thread = threading.Thread(target=sum, args=(range(1000),))
        thread.start()
        thread.join()
        after = work_time()
        assert after >= before
        before = after


def test_the_clock_only_moves_on() -> None:
    first = work_time()
    assert work_time() >= first
    assert 0 < fair_share() <= 1


def test_a_signal_may_come_while_it_is_read() -> None:
    machine, told = Machine(), []

    def processor() -> float:
        if machine.wall > 10.0:
            told.append(clock())  # as the handler of a signal asks
        return machine.processor

    clock = WorkClock(lambda: machine.wall, processor, lambda: 0.0)
    machine.passes(2.0, 2.0)
    assert clock() == 2.0
    assert told == [0.0]
