"""Read a run as a library: arrays with named axes.

    run = vizframe.open("runs/mnist")
    run["gradient_ascent", "conv0"].at(step=400)          every unit at one step
    run["gradient_ascent", "conv0"].unit(5)               one unit over the training
    run["activation", "conv0"].at(step=400, probe=3)      the maps of one probe image
    run.scalars()["loss"]                                 a number over the training

A run is a folder, a compacted file, or the address of one (``https://…``, ``s3://…``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from vizframe.errors import HistoryError, UnknownName, UsageError
from vizframe.history import Failure, Finding, History, RunInfo
from vizframe.history.lookup import find_series
from vizframe.history.ranks import ranks_of, scalars_of
from vizframe.network.probe import Probe
from vizframe.reading.named_array import Named, name_axes
from vizframe.reading.series import Series, axis_sizes, span
from vizframe.reading.showable import Showable, still_of_run


def open(target: str | Path, *, xarray: bool | None = None, **storage: object) -> Run:
    """A run to read from. It sees what is committed later after `Run.refresh`.

    Args:
        target: the run's folder, a compacted file, or its address.
        xarray: True insists on DataArrays, False on `vizframe.reading.named_array.NamedArray`; by
            default they are DataArrays where xarray is installed.
        storage: for an address: what fsspec's filesystem takes (``key``, ``secret``, …).

    Raises:
        UnknownName: nothing is there; the sentence names the nearest runs.
        HistoryError: what is there is no run.
        MissingExtra: what the address needs is not installed.
    """
    if "://" in str(target):
        from vizframe.reading.remote import open_remote

        return Run(open_remote(str(target), storage), xarray=xarray)
    from vizframe import store

    path = Path(target)
    if not path.exists():
        raise UnknownName("run", str(target), _neighbours(path))
    try:
        return Run(store.open(path), xarray=xarray, path=path)
    except HistoryError:
        found = store.RunCatalog(path).runs() if path.is_dir() else []
        inside = [run.name for run in found if (path / run.name).exists()]
        if not inside:  # it is one itself, which cannot be read, or nothing
            raise
    raise UnknownName("run", str(path), [str(path / name) for name in inside])


def _neighbours(path: Path) -> list[str]:
    """What there is instead: the runs beside it."""
    if not path.parent.is_dir():
        return []
    return [str(each.parent) for each in path.parent.glob("*/run.json")]


class Run(Showable):
    """The series of a run, by plugin and layer."""

    def __init__(
        self, history: History, *, xarray: bool | None = None, path: Path | None = None
    ) -> None:
        self.history = history
        self._xarray = xarray
        self._path = path  # the page reads it by itself: a history is for one thread

    def __getitem__(self, name: tuple[str, str] | str) -> Series:
        """The series of ``(plugin, layer)``; a second picture's is ``(plugin.part, layer)``.

        Raises:
            UnknownName: there is none; the sentence names the nearest.
        """
        if not isinstance(name, tuple) or len(name) != 2:
            raise UsageError(f"the series is {name!r}; it can be two names, as run[plugin, layer]")
        kind, layer = name
        key = find_series(self.history, kind, layer)[0]
        return Series(self.history, key, xarray=self._xarray, path=self._path)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The names that ``run[…]`` takes."""
        return ((key.kind, key.layer) for key in self.history.declarations)

    def __len__(self) -> int:
        return len(self.history.declarations)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    @property
    def info(self) -> RunInfo:
        return self.history.info

    @property
    def probe(self) -> Probe | None:
        return self.history.probe

    @property
    def tokens(self) -> list[list[str]]:
        """What each token of the probe's texts says, a list per text; empty where the probe is no
        text, as in runs of before there were any."""
        return [list(text) for text in self.probe.tokens] if self.probe else []

    @property
    def token_ids(self) -> list[list[int]]:
        """The numbers of these tokens, a list per text."""
        return self.probe.token_ids if self.probe else []

    @property
    def vocabulary(self) -> list[str]:
        """What every token's number stands for; empty where that is not known."""
        return list(self.probe.vocabulary) if self.probe else []

    @property
    def steps(self) -> Sequence[int]:
        """All committed steps."""
        return list(self.history.steps)

    @property
    def failures(self) -> Sequence[Failure]:
        """Plugins that broke while the run was recorded."""
        return list(self.history.failures())

    @property
    def findings(self) -> Sequence[Finding]:
        """What rules found wrong with the training while it was recorded."""
        return list(self.history.findings())

    @property
    def faults(self) -> Sequence[str]:
        """A sentence for each part of the run that is not sound."""
        return list(self.history.faults())

    @property
    def ranks(self) -> Sequence[int]:
        """The workers of a distributed training that have recorded; (0,) for one process. The
        series of rank 2 are ``run["activation@2", layer]``."""
        return list(ranks_of(self.history))

    def scalars(self, rank: int | None = None) -> dict[str, Named]:
        """Loss, metrics, …, each over all steps; NaN where not reported.

        Args:
            rank: one worker's alone, under their plain names; None for all, a rank's as
                ``loss (rank 2)``.
        """
        history = self.history
        scalars = history.scalars() if rank is None else scalars_of(history, rank)
        everything = {"time": scalars.time, "epoch": scalars.epoch, **scalars.values}
        return {
            name: name_axes(values, ("step",), {"step": scalars.steps}, {}, xarray=self._xarray)
            for name, values in everything.items()
        }

    def refresh(self) -> bool:
        """Look for new steps; whether there were any."""
        return self.history.refresh()

    def close(self) -> None:
        self.history.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _shown(self) -> tuple[Path | History, dict[str, object]]:
        return self._path or self.history, {}

    def _still(self) -> str:
        return still_of_run(self.history, repr(self))

    def __repr__(self) -> str:
        lines = [f"<run {self.info.name!r}: {span(self.steps)}>"]
        for declaration in self.history.declarations.values():
            key = declaration.key
            sizes = axis_sizes(declaration)
            shape = ", ".join(f"{axis}: {size}" for axis, size in sizes.items())
            lines.append(f"  [{key.kind!r}, {key.layer!r}]  ({shape})")
        lines += [f"  failure at step {each.step}: {each.sentence}" for each in self.failures]
        lines += [f"  not sound: {sentence}" for sentence in self.faults]
        return "\n".join(lines)
