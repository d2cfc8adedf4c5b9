"""Every built-in plugin has a page, and its declared part is what the plugin declares."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vizframe.recording.config import Config

DOCS = Path(__file__).parents[2] / "docs"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_refresh", DOCS / "refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_refresh"] = module
    spec.loader.exec_module(module)
    return module


refresh = _load()
DESCRIPTIONS = {each.name: each for each in refresh.built_in()}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_declared_part_of_the_page_is_fresh(name: str) -> None:
    text = refresh.page(name).read_text()
    assert refresh.refresh_page(text, DESCRIPTIONS[name]) == text, "run: python docs/refresh.py"


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_page_says_how_to_read_it_and_where_it_comes_from(name: str) -> None:
    text = refresh.page(name).read_text()
    for heading in (f"# {name}", "## How to read it", "## Parameters", "## Source"):
        assert f"{heading}\n" in text


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_page_shows_pictures_that_are_there(name: str) -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", refresh.page(name).read_text())
    assert pictures
    for picture in pictures:
        assert (DOCS / picture).read_bytes().startswith(b"\x89PNG")


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = (DOCS / "README.md").read_text()
    for name in DESCRIPTIONS:
        assert f"({name}.md)" in contents


def test_the_keys_are_those_that_the_page_explains() -> None:
    script = (DOCS.parent / "webapp/assets/viewer/keys.js").read_text()
    explained = re.findall(r'^  \["(.+)", "(.+)"\],$', script, re.MULTILINE)
    rows = re.findall(r"^\| (`.+) \| (.+) \|$", (DOCS / "page.md").read_text(), re.MULTILINE)
    assert [(keys.replace("`", ""), words) for keys, words in rows] == explained
    assert explained


def test_the_options_of_a_recording_are_those_of_its_configuration() -> None:
    text = (DOCS / "recording.md").read_text().partition("## Options")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert rows == [(name, each.description) for name, each in Config.model_fields.items()]


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the page of activation lacks <!-- declared"):
        refresh.refresh_page("# activation\n", DESCRIPTIONS["activation"])
