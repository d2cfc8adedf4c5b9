"""axe finds nothing, of any level, on any page, light or dark."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor, served, visiting
from tests.browser.pages import PAGES
from tests.browser.test_distribution import widening_run
from tests.browser.test_findings import sick_run
from vizframe.history.memory import MemoryCatalog
from vizframe.testing.runs import fake_run
from vizframe.testing.text_runs import text_run

pytestmark = pytest.mark.browser

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")

FOUND = """async () => (await axe.run({resultTypes: ["violations"]})).violations.flatMap(
    each => each.nodes.map(node => [each.id, each.impact, node.html.slice(0, 160)].join(" · ")
        + "\\n" + node.failureSummary.slice(0, 300)))"""

DRAWINGS = (
    "?run=text&kind=recurrent.cell&layer=rnn&time=3",
    "?run=text&kind=recurrent.cell&layer=rnn&time=3&page=unit",
    "?run=text&kind=recurrent.cell&layer=rnn&time=3&page=sheet",
    "?run=text&kind=recurrent.cell&layer=rnn&time=3&page=compare",
    "?run=text&kind=recurrent.cell&layer=rnn&i=0&time=3",
    "?run=text&kind=attention&layer=attend&time=3",
    "?run=sick&page=network",
    "?page=training&runs=fake,other",
)
"""What the pages draw for texts and numbers of layers, and several runs."""


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Visitor]:
    """Who wants nothing to move, else colours between two themes are found."""
    with visiting(chromium, color_scheme="light", reduced_motion="reduce") as found:
        yield found


@pytest.fixture(scope="module")
def runs() -> Iterator[str]:
    catalog = {
        "fake": fake_run(),
        "other": fake_run(range(0, 300, 30)),
        "text": text_run([list("def f(x):\n    return (x + 1)\n"), list("Short (one).")], heads=2),
        "sick": sick_run(),
        "wide": widening_run(range(0, 101, 20)),
    }
    with served(MemoryCatalog(catalog)) as address:
        yield address


def test_nothing_keeps_people_off_the_arcs(reader: Visitor, runs: str) -> None:
    page = reader.open(runs, "?run=text&kind=attention&layer=attend&time=3")
    page.get_by_label("Arcs", exact=True).check()
    expect(page.locator(".attention .arcs")).to_have_attribute("data-arcs", re.compile("[1-9]"))
    assert findings(page) == []


def findings(page: Page) -> list[str]:
    """What axe finds on the page in both themes, once its figures are drawn."""
    found: list[str] = []
    expect(page.locator("#main h1:visible").first).to_be_visible()  # its words have come
    page.wait_for_load_state("networkidle")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    for theme in ("light", "dark"):
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        found += page.evaluate(FOUND)
        page.keyboard.press("d")
    return found


def test_nothing_keeps_people_off_a_page(reader: Visitor, runs: str) -> None:
    page = reader.open(runs, "?run=fake")  # once: to open it anew takes longer than to look at it
    for name in PAGES:
        page.evaluate("page => window.vizframe.choose({ page })", name)
        expect(page.locator("body")).to_have_attribute("data-showing", name)
        assert (name, findings(page)) == (name, [])


def test_nothing_keeps_people_off_a_distribution(reader: Visitor, runs: str) -> None:
    page = reader.open(runs, "?run=wide&kind=histograms&layer=conv0&step=20")
    for name in ("gallery", "unit", "zoom", "sheet", "compare"):
        page.evaluate("page => window.vizframe.choose({ page })", name)
        expect(page.locator("body")).to_have_attribute("data-showing", name)
        assert (name, findings(page)) == (name, [])


@pytest.mark.parametrize("query", DRAWINGS)
def test_nothing_keeps_people_off_a_drawing(reader: Visitor, runs: str, query: str) -> None:
    page = reader.open(runs, query)
    name = parse_qs(query[1:]).get("page", ["gallery"])[0]
    expect(page.locator("body")).to_have_attribute("data-showing", name)
    assert findings(page) == []


@pytest.mark.parametrize("name", ["live", "whatif"])
def test_nothing_keeps_people_off_the_pages_that_ask_a_network(
    reader: Visitor, what_if_url: str, name: str
) -> None:
    page = reader.open(what_if_url, f"?page={name}&changes=dense:0:%3D100")
    assert findings(page) == []
