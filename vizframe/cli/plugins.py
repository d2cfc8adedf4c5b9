"""`vizframe plugins`: the visualizations that there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vizframe.plugin.description import Description


def plugins(
    name: Annotated[str | None, typer.Argument(help="Say all about this one.")] = None,
    plugins: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="A folder or file of your own plugins; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
    new: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write NAME.py, a plugin to begin from.")
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Run the contract tests on a plugin of yours."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PARAMETER=VALUE", help="For --check; repeatable."),
    ] = None,
) -> None:
    """List the visualizations, where they come from, and their parameters.

    A plugin that cannot be loaded is listed with the reason; the others work.

    Example: vizframe plugins gradient_ascent --plugins my_plugins/
    """
    if new is not None or check is not None:
        raise typer.Exit(_own_file(new, check, settings or []))
    from vizframe.plugin.description import describe
    from vizframe.plugin.registry import Registry

    registry = Registry.discover(plugins or ())
    chosen = list(registry) if name is None else [registry.load(name).name]
    described = [describe(registry, each) for each in chosen]
    if as_json:
        _print_json(described)
    elif name is None:
        _print_list(described)
    else:
        _print_one(described[0])


def _print_json(described: list[Description]) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps([asdict(each) for each in described], indent=2, ensure_ascii=False))


def _print_list(described: list[Description]) -> None:
    from rich.console import Console
    from rich.table import Table

    from vizframe.wording import first_sentence

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("plugin", no_wrap=True)
    table.add_column("from", overflow="fold")  # a path that is cut cannot be copied
    table.add_column("what it makes")
    for each in described:
        table.add_row(each.name, each.source, each.fault or first_sentence(each.help))
    Console(highlight=False, markup=False).print(table)


def _print_one(described: Description) -> None:
    print(f"{described.name}  (from {described.source})\n\n{described.help}\n\nmakes")
    for line in _pictures(described):
        print(line)
    print("\nparameters, as in --set " + f"{described.name}.NAME=VALUE")
    for line in _parameters(described):
        print(line)


def _pictures(described: Description) -> Iterator[str]:
    for each in described.makes:
        label = f"{described.name}.{each.part}" if each.part else described.name
        yield f"  {label} ({', '.join(each.axes)})\n      {each.help}"


def _own_file(new: str | None, check: Path | None, settings: list[str]) -> int:
    """Write a plugin or examine one; the exit code."""
    from vizframe.cli.plugin_files import examine, write_new
    from vizframe.recording.jobs import parse_option

    if new is not None:
        path = write_new(new, Path())
        print(f"{path} written. Examine it: vizframe plugins --check {path}")
        return 0
    assert check is not None
    options = [parse_option(f"{check.stem}.{each}") for each in settings]
    return examine(check, {name: value for _, name, value in options})


def _parameters(described: Description) -> Iterator[str]:
    for each in described.parameters:
        limits = f", {each.limits}" if each.limits else ""
        default = f" = {each.default}" if each.default else ""
        yield f"  {each.name}{default}  ({each.type}{limits})\n      {each.help}"
