"""A script sees none of our threads, and its own have the names that they have alone."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from vizframe.background import Background


def test_it_is_in_no_list_of_threads(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.enumerate()
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        logging.getLogger("vizframe").warning("a word")

    background = Background(work)
    background.start()
    begun.wait()
    assert threading.enumerate() == before
    go_on.set()
    background.join()
    assert threading.enumerate() == before
    assert caplog.messages == ["a word"]


def test_the_next_thread_of_the_script_has_its_own_number() -> None:
    first = threading.Thread().name
    Background(lambda: None).start()
    second = threading.Thread().name
    assert int(second.rpartition("-")[2]) == int(first.rpartition("-")[2]) + 1


def test_a_fork_does_not_wait_for_it() -> None:
    ended = threading.Event()
    background = Background(ended.wait)
    background.start()
    child = os.fork()
    if not child:
        background.join()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    ended.set()
    background.join()
