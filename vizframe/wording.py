"""Numbers as people say them, and names from files as a terminal may show them."""

from __future__ import annotations

import time
from collections.abc import Sequence

_ABBREVIATIONS = {"al.", "e.g.", "i.e.", "cf.", "vs.", "Eq.", "Fig.", "(e.g.", "(i.e.", "(cf."}

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Bytes, in powers of 1000.

    >>> size(999), size(1234), size(20_000_000)
    ('999 bytes', '1.2 kB', '20 MB')
    """
    number, unit = float(count), 0
    while number >= 999.5 and unit < len(UNITS) - 1:
        number, unit = number / 1000, unit + 1
    digits = 1 if unit and number < 9.95 else 0
    return f"{number:.{digits}f} {UNITS[unit]}"


def ago(seconds: float) -> str:
    """How long since; the future (another machine's clock) counts as now.

    >>> ago(2), ago(200), ago(9_000), ago(400_000)
    ('now', '3 min ago', '2 h ago', '4 days ago')
    """
    if not abs(seconds) < 1e12:
        return "–"
    for length, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {'day' if (unit, number) == ('days', 1) else unit} ago"
    return "now" if seconds < 10 else f"{int(seconds)} s ago"


def date(seconds: float) -> str:
    """A day and a time of it, of this machine's; a dash for what is none.

    >>> date(float("nan")), date(1e300)
    ('–', '–')
    """
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "–"


def count_noun(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count_noun(1, "step"), count_noun(2, "step"), count_noun(0, "series")
    ('1 step', '2 steps', '0 series')
    """
    return f"{number} {noun}" if number == 1 or noun.endswith("s") else f"{number} {noun}s"


def listed(noun: str, numbers: Sequence[int], most: int = 8) -> str:
    """A noun with its numbers, the first few of them.

    >>> listed("unit", [3]), listed("image", [0, 2]), listed("unit", range(10), most=2)
    ('unit 3', 'images 0, 2', 'units 0, 1 and 8 more')
    """
    shown = ", ".join(map(str, numbers[:most]))
    rest = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"{noun if len(numbers) == 1 else f'{noun}s'} {shown}{rest}"


def first_sentence(text: str) -> str:
    """What a docstring says first, on however many lines.

    >>> first_sentence("Maps, one\\nper unit. Negative ones, too.")
    'Maps, one per unit.'
    """
    words = text.split()
    for end, word in enumerate(words, start=1):
        if word.endswith(".") and word not in _ABBREVIATIONS:
            return " ".join(words[:end])
    return " ".join(words)


def plain(text: str) -> str:
    r"""Text from a file, with what would steer a terminal made visible.

    >>> plain("conv0\x1b[2J")
    'conv0\\x1b[2J'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def short(value: object, most: int = 40) -> str:
    """How a value is written, in one line and cut where it is long.

    >>> short([1, 2]), short("x" * 99, most=5)
    ('[1, 2]', "'xxx…")
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
