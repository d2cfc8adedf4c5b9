"""The viewer's modules, joined into one file, so that a page asks for one instead of sixty.

Each module becomes a function that is called once, in the order in which they need one another:

    import { decode } from "./tiles.js";        const { decode } = m_tiles;
    import * as place from "./place.js";        const place = m_place;
    export function ago(seconds) {…}            function ago(seconds) {…}   return { ago };

The entry is not wrapped, so that it may await. Nothing is parsed: the forms above, each from the
first column on, are all that the viewer is written in, and any other is an error that says so.
The map that goes with the file leads a debugger back to the module and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from vizframe.errors import VizframeError

IMPORT = re.compile(r'^import (\* as \w+|\{[^}]*\}) from "\./([\w-]+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) ([\w$]+))", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b.*|\bimport(?:\(|\.meta).*", re.MULTILINE)

FORMS = 'import { a, b as c } from "./x.js", import * as a from "./x.js", or export before a name'

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Joined(NamedTuple):
    """One file, and its source map."""

    script: str
    map: str


def join(modules: Mapping[str, str], entry: str = "main.js") -> Joined:
    """The entry with all that it imports, directly or not, what is needed first coming first.

    Raises:
        VizframeError: a module imports one that is not there, or needs itself, or has another form.
    """
    lines: list[str] = []
    places: list[tuple[int, int] | None] = []
    names = _in_order(modules, entry)
    for number, name in enumerate(names):
        body = _body(name, modules[name]).split("\n")
        exported = ", ".join(EXPORT.findall(modules[name]))
        if name == entry:
            before, after = [f"// {name}"], []
        else:
            before = [f"const {_variable(name)} = (() => {{ // {name}"]
            after = [f"return {{ {exported} }};", "})();"]
        lines += [*before, *body, *after]
        places += [None for _ in before]
        places += [(number, line) for line in range(len(body))]
        places += [None for _ in after]
    return Joined("\n".join(lines) + "\n", _map(names, places))


def _in_order(modules: Mapping[str, str], entry: str) -> list[str]:
    """All that the entry needs, each module after those that it imports."""
    found: dict[str, None] = {}

    def visit(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise VizframeError(f"{' imports '.join([*importers, name])}: they cannot be joined")
        if name not in modules:
            raise VizframeError(f"{importers[-1]} imports {name}, which is not there")
        for _, needed in IMPORT.findall(modules[name]):
            if needed not in found:
                visit(needed, (*importers, name))
        found[name] = None

    visit(entry, ())
    return list(found)


def _variable(name: str) -> str:
    return "m_" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _body(name: str, text: str) -> str:
    """A module without imports and exports; every line stays on its line."""
    body = EXPORT.sub("", IMPORT.sub(_taken, text))
    other = OTHER.search(body)
    if other is not None:
        line = body.count("\n", 0, other.start()) + 1
        raise VizframeError(f"{name}, line {line}, is {other[0]!r}; it can be {FORMS}")
    return body


def _taken(found: re.Match[str]) -> str:
    """The code that an import becomes."""
    names, variable = found[1], _variable(found[2])
    if names.startswith("*"):
        return f"const {names.removeprefix('* as ')} = {variable};"
    renamed = re.sub(r"(\w+) as (\w+)", r"\1: \2", names)
    return f"const {renamed} = {variable};"


def _map(names: list[str], places: list[tuple[int, int] | None]) -> str:
    """Which line of which module each line is (Source Map revision 3)."""
    mappings, before = [], (0, 0)
    for place in places:
        if place is None:
            mappings.append("")
            continue
        steps = (0, place[0] - before[0], place[1] - before[1], 0)
        mappings.append("".join(map(_digits, steps)))
        before = place
    sources = [f"../../assets/viewer/{name}" for name in names]  # as the page's server has them
    return json.dumps(
        {"version": 3, "sources": sources, "names": [], "mappings": ";".join(mappings)}
    )


def _digits(number: int) -> str:
    """A number in base 64, five bits a digit, its sign in the lowest bit."""
    rest = -number << 1 | 1 if number < 0 else number << 1
    found = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        found += DIGITS[digit | 32 if rest else digit]
        if not rest:
            return found
