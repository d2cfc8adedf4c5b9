"""`vizframe show RUN`: what a run holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vizframe.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from vizframe.reading.summary import Content, ProbeContent


def show(
    run: Annotated[str, typer.Argument(help="A run's folder, file or address, or its name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
) -> None:
    """Say what a run holds: steps, series, sizes, parameters, numbers, failures.

    Example: vizframe show runs/mnist-lenet
    """
    from rich.console import Console

    from vizframe.reading.run import open
    from vizframe.reading.runs_folder import find_run
    from vizframe.reading.summary import Content

    path = None if "://" in run else find_run(run)
    with open(path or run) as opened:
        found = Content.of(opened.history, path)
    if as_json:
        print(found.model_dump_json(indent=2))
        return
    console = Console(highlight=False, markup=False)
    for part in _parts(found):
        console.print(part, soft_wrap=isinstance(part, str))


def _parts(found: Content) -> Iterator[RenderableType]:
    yield plain(found.info.name)
    for name, value in _facts(found):
        yield f"  {name:9} {plain(value)}"
    if found.series:
        yield ""
        yield _series(found)
        yield from _parameters(found)
    if found.scalars:
        yield ""
        yield _scalars(found)
    for title, sentences in (
        ("failures", [_failure(*each) for each in _failure_lines(found)]),
        ("not sound", list(found.faults)),
    ):
        if sentences:
            yield f"\n{title}"
            yield from (f"  {plain(sentence)}" for sentence in sentences)


def _facts(found: Content) -> Iterator[tuple[str, str]]:
    import time

    from vizframe import wording
    from vizframe.reading.series import span

    info = found.info
    if found.beside:
        yield "group", f"trained beside it: {', '.join(found.beside)}"
    if info.network:
        yield "network", f"{info.network}, {wording.count_noun(len(info.layers), 'layer')}"
    ends = [step for step in (found.first, found.last) if step is not None]
    recorded = "no step yet"
    if found.newest is not None and found.seconds is not None:
        recorded = f"{found.steps} steps, {span(ends).partition(', ')[2]}"
        recorded += f", in {found.seconds:.0f} s, {wording.ago(time.time() - found.newest)}"
    yield "recorded", recorded
    tiles = f"{wording.size(sum(each.bytes for each in found.series))} of tiles"
    if info.hyper_parameters:
        facts = (f"{name}={value}" for name, value in info.hyper_parameters.items())
        yield "trained", ", ".join(facts)
    yield "size", tiles if found.bytes is None else f"{wording.size(found.bytes)}, {tiles}"
    if found.probe:
        yield "probe", _probe(found.probe)
        if found.probe.others:
            told = ", ".join(f"{name}: {each}" for name, each in found.probe.others.items())
            yield "beside it", f"{told}; the same for every {found.probe.noun}"
    if info.command:
        yield "command", " ".join(info.command)
    if info.host:
        yield "host", info.host
    if info.versions:
        yield "with", ", ".join(f"{name} {version}" for name, version in info.versions.items())


def _series(found: Content) -> RenderableType:
    from rich.table import Table

    from vizframe import wording

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("plugin", "layer", "shape"):
        table.add_column(heading, overflow="fold")  # a name that is cut cannot be copied
    for heading in ("steps", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found.series:
        sizes = zip(each.axes, each.shape, strict=True)
        shape = " ".join(f"{axis}={length}" for axis, length in sizes)
        table.add_row(
            plain(each.plugin), plain(each.layer), shape, str(each.steps), wording.size(each.bytes)
        )
    return table


def _parameters(found: Content) -> Iterator[str]:
    """Once per plugin: its layers share them."""
    said: dict[str, str] = {}
    for each in found.series:
        if each.parameters:
            values = ", ".join(f"{name}={value}" for name, value in each.parameters.items())
            said.setdefault(each.plugin.split(".")[0], f"{values}, seed={each.seed}")
    if said:
        yield "\nparameters"
        yield from (f"  {plain(plugin)}: {plain(values)}" for plugin, values in said.items())


def _scalars(found: Content) -> RenderableType:
    from rich.table import Table

    table = Table("number", box=None, padding=(0, 2, 0, 0))
    for heading in ("reports", "first", "last", "least", "most"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in found.scalars:
        numbers = (each.first, each.last, each.least, each.most)
        shown = ("" if number is None else f"{number:.5g}" for number in numbers)
        table.add_row(plain(each.name), str(each.reports), *shown)
    return table


def _failure_lines(found: Content) -> Iterator[tuple[str, list[int]]]:
    """Each failure once, with its steps."""
    steps: dict[str, list[int]] = {}
    for each in found.failures:
        where = f"{each.label} of {each.layer}" if each.layer else each.label
        steps.setdefault(f"{where}: {each.sentence}", []).append(each.step)
    return iter(steps.items())


def _failure(sentence: str, steps: list[int]) -> str:
    most = 5
    shown = ", ".join(map(str, steps[:most])) + (", …" if len(steps) > most else "")
    return f"{sentence} (at step {shown})"


def _probe(found: ProbeContent) -> str:
    """Such as ``16 images of 1 × 28 × 28, labelled``, ``1 text of 400 tokens``."""
    from vizframe import wording

    counted = wording.count_noun(found.images, found.noun)
    if found.tokens:
        return f"{counted} of {wording.count_noun(found.tokens, 'token')}"
    shape = " × ".join(map(str, found.shape))
    if found.noun == "sequence":
        return f"{counted} of {shape}"
    return f"{counted} of {shape}, {'labelled' if found.labelled else 'without labels'}"
