"""Seconds of work, on a machine that is quiet or busy."""

from __future__ import annotations

from vizframe.recording.work_clock import WorkClock, machine_is_busy, work_time


class Machine:
    wall = 10.0
    processor = 3.0
    is_busy = False

    def passes(self, wall: float, processor: float) -> None:
        self.wall += wall
        self.processor += processor


def clock_of(machine: Machine) -> WorkClock:
    return WorkClock(lambda: machine.wall, lambda: machine.processor, lambda: machine.is_busy)


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
    machine.is_busy = True
    machine.passes(8.0, 1.0)
    assert clock() == 1.0
    machine.passes(1.0, 1.5)
    assert clock() == 2.0
    machine.is_busy = False
    machine.passes(1.0, 0.25)
    assert clock() == 3.0


def test_the_clock_only_moves_on() -> None:
    first = work_time()
    assert work_time() >= first
    assert machine_is_busy() in (True, False)
