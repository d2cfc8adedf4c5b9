"""What vizframe says goes to standard error, whatever a script has made of that."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from vizframe.recording.voice import Voice, is_terminal, say, speak


class Deaf:
    """A stream that takes nothing and cannot tell what it is."""

    def write(self, text: str) -> None:
        raise OSError(f"no room for {text!r}")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, Deaf(), closed()])
def test_where_nobody_hears_nothing_is_said(
    stream: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    say("a word")
    assert not is_terminal()
    assert capsys.readouterr().out == ""


def test_a_line_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("vizframe", logging.WARNING, "", 0, "of %s", ("conv1",), None)
    Voice().emit(record)
    assert capsys.readouterr().err == "vizframe: of conv1\n"


def test_a_sentence_that_does_not_fit_its_words_is_said_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = logging.LogRecord("vizframe", logging.WARNING, "", 0, "of %d", ("conv1",), None)
    Voice().emit(record)
    assert capsys.readouterr().err == "vizframe: of %d\n"


def test_a_stream_that_a_script_puts_there_hears_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own log, or standard output, has what the script says alone."""
    voice = Voice()
    monkeypatch.setattr(sys, "stderr", own := io.StringIO())
    voice.emit(logging.LogRecord("vizframe", logging.WARNING, "", 0, "a word", (), None))
    assert own.getvalue() == ""
    assert capsys.readouterr().err == "vizframe: a word\n"


def test_a_voice_whose_stream_was_closed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    log = logging.getLogger("vizframe")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(sys, "stderr", first := io.StringIO())
    speak()
    first.close()
    monkeypatch.setattr(sys, "stderr", second := io.StringIO())
    speak()
    log.warning("a word")
    assert second.getvalue() == "vizframe: a word\n"
