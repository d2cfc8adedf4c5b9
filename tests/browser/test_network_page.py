"""The graph of layers, and finding a layer by name."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Position, expect

from tests.browser.conftest import Show, Visitor
from tests.browser.pages import live_records, replaced
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.runs import LAYERS, fake_probe, fake_run

pytestmark = pytest.mark.browser


PLACE = """(name) => {
  const graph = document.getElementById("graph");
  const found = graph?._cyreg?.cy.getElementById(name);
  if (!found?.length || !graph.clientWidth) return null;
  const { x, y } = found.renderedPosition();
  const told = JSON.stringify([x, y]);
  const stays = graph.dataset.place === told;
  graph.dataset.place = told;
  return stays && x > 0 && x < graph.clientWidth && y > 0 && y < graph.clientHeight && { x, y };
}"""
"""Where a layer is drawn, once the graph has stayed as it is from one look to the next."""


def place_in_graph(page: Page, layer: str) -> Position:
    found: Position = page.wait_for_function(PLACE, arg=layer, polling=100).json_value()
    return found


def test_a_click_on_a_layer_of_the_network_opens_its_gallery(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&page=network")
    page.locator("#network-page .table [data-open-layer='features.conv1']").click()
    expect(page.locator("#stage h1")).to_contain_text("features.conv1")
    page.locator("#pages [data-page=network]").click()
    at = place_in_graph(page, "dense0")
    page.locator("#graph").click(position=at)
    expect(page.locator("#stage h1")).to_contain_text("dense0")


def test_a_click_reaches_the_layer_under_it_when_the_page_has_grown_above(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&page=network")
    place = place_in_graph(page, "dense0")
    page.evaluate("""() => {
        const more = document.createElement("div");
        more.style.height = "70px";
        document.querySelector("#network-page").prepend(more);
    }""")
    page.locator("#graph").click(position=place)
    expect(page.locator("#stage h1")).to_contain_text("dense0")


def test_the_graph_of_the_network_stays_while_steps_arrive(visitor: Visitor, show: Show) -> None:
    run = MemoryRun(replaced(time.time()), fake_probe())
    coming = live_records(time.time())
    with run.writer() as writer:
        writer.commit(next(coming))
        page = visitor.open(show(MemoryCatalog({"now": run})), "?page=network")
        graph = page.locator("#network-page .graph").element_handle()
        writer.commit(next(coming))
        expect(page.locator("#live")).to_contain_text("2 steps")
        page.locator("#pages [data-page=training]").click()
        expect(page.locator("#training-page .js-plotly-plot").first).to_be_visible()
        page.locator("#pages [data-page=network]").click()
        expect(page.locator("#network-page .graph")).to_be_visible()
        assert page.evaluate("(graph) => graph.isConnected", graph)


def test_a_layer_of_many_is_found_by_its_name(visitor: Visitor, show: Show) -> None:
    names = [f"stage{stage}.{block}.conv" for stage in (1, 2, 3) for block in range(8)]
    layers = [LAYERS[0].model_copy(update={"name": name}) for name in names]
    page = visitor.open(show(MemoryCatalog({"deep": fake_run(range(0, 20, 10), layers)})))
    seen = page.locator("#layers .entry:visible")
    expect(seen).to_have_count(24)
    page.keyboard.press("/")
    page.keyboard.type("STAGE3.5")
    expect(seen).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#stage h1")).to_contain_text("stage3.5.conv")
    expect(seen).to_have_count(24)
    expect(page.locator("#layers [data-layer='stage3.5.conv']")).to_be_in_viewport()
    page.keyboard.press("/")
    page.keyboard.type("stage9")
    expect(page.locator("#side")).to_contain_text("No layer has this in its name.")
    page.keyboard.press("Escape")
    expect(seen).to_have_count(24)


def test_a_few_layers_need_no_finding(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake")
    expect(page.locator("#layers .entry").first).to_be_visible()
    expect(page.locator("#find input")).to_be_hidden()
