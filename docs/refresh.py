"""Write the declared part of every plugin's page: `python docs/refresh.py`.

A page is written by hand but for what stands between two marks: the parameters and pictures, as
the plugin declares them. `tests/core/test_docs.py` fails where that part is stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vizframe.plugin.description import Description, Parameter, describe
from vizframe.plugin.frame import Picture
from vizframe.plugin.registry import Registry

DOCS = Path(__file__).parent
BEGIN = "<!-- declared: written by `python docs/refresh.py` -->"
END = "<!-- end of declared -->"


def built_in() -> list[Description]:
    """The plugins that vizframe brings."""
    registry = Registry.discover()
    return [describe(registry, name) for name in registry if registry.source(name) == "vizframe"]


def page(name: str) -> Path:
    return DOCS / f"{name}.md"


def refresh_page(text: str, description: Description) -> str:
    """The page with its declared part as the plugin now declares it.

    Raises:
        ValueError: the page has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page of {description.name} lacks {BEGIN} or {END}; add both")
    return before + BEGIN + "\n" + "\n".join(describe_declared(description)) + "\n" + END + after


def describe_declared(description: Description) -> Iterator[str]:
    """What the plugin declares, as lines of Markdown."""
    yield ""
    if description.parameters:
        yield "| parameter | type | default | can be | |"
        yield "| --- | --- | --- | --- | --- |"
        yield from map(_parameter, description.parameters)
    else:
        yield "It has no parameters."
    yield ""
    yield "| picture | axes | drawn as | |"
    yield "| --- | --- | --- | --- |"
    yield from (_picture(description.name, picture) for picture in description.makes)
    yield ""


def _parameter(parameter: Parameter) -> str:
    default = f"`{parameter.default}`" if parameter.default else "must be given"
    return _row([f"`{parameter.name}`", parameter.type, default, parameter.limits, parameter.help])


def _picture(name: str, picture: Picture) -> str:
    kind = f"{name}.{picture.part}" if picture.part else name
    drawn = f"signed {picture.draw}" if picture.signed else picture.draw
    return _row([f"`{kind}`", ", ".join(picture.axes), drawn, picture.help])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    for description in built_in():
        path = page(description.name)
        if not path.exists():
            print(f"{path.name} is missing: write it, with {BEGIN} and {END} in it")
            continue
        old = path.read_text()
        new = refresh_page(old, description)
        if new != old:
            path.write_text(new)
            print(f"{path.name} refreshed")


if __name__ == "__main__":
    main()
