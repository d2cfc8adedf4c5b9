"""Seconds of work, on a machine that is quiet or busy."""

from __future__ import annotations

from vizframe.recording.work_clock import WorkClock, fair_share, work_time


class Machine:
    wall = 10.0
    processor = 3.0
    share = 1.0

    def passes(self, wall: float, processor: float) -> None:
        self.wall += wall
        self.processor += processor


def clock_of(machine: Machine) -> WorkClock:
    return WorkClock(lambda: machine.wall, lambda: machine.processor, lambda: machine.share)


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


def test_the_clock_only_moves_on() -> None:
    first = work_time()
    assert work_time() >= first
    assert 0 < fair_share() <= 1
