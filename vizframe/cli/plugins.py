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
) -> None:
    """List the visualizations, where they come from, and their parameters.

    A plugin that cannot be loaded is listed with the reason; the others work.

    Example: vizframe plugins gradient_ascent --plugins my_plugins/
    """
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


def _parameters(described: Description) -> Iterator[str]:
    for each in described.parameters:
        limits = f", {each.limits}" if each.limits else ""
        default = f" = {each.default}" if each.default else ""
        yield f"  {each.name}{default}  ({each.type}{limits})\n      {each.help}"
