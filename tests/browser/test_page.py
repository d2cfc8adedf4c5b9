"""The page around the gallery: links, live runs, keys, themes, states, strangers."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.canvas import pixels
from tests.browser.conftest import Show, Visitor, visiting
from tests.browser.pages import live_records, replaced, step_of
from vizframe.history import SeriesKey
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.store import RunCatalog
from vizframe.testing.runs import fake_probe

pytestmark = pytest.mark.browser


def test_a_link_restores_what_was_shown(chromium: Browser, visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0")
    page.locator("#kinds [data-kind=weights]").click()
    page.locator("#layers [data-layer='features.conv1']").click()
    page.locator("#slider").fill("4")
    page.locator("#scale [value=step]").check()
    page.locator("#axes select").select_option("3")
    page.locator("#stage .gallery").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#stage")).to_have_attribute("data-url", re.compile("at=[*]%2C3"))
    page.wait_for_url(re.compile("step=40.*unit=1(&|$)"))  # the last change, so all of them
    with visiting(chromium) as friend:
        other = friend.open(page.url)
        expect(other.locator("#stage h1")).to_have_text(
            "features.conv1 · Weights · 16 units of 3×3"
        )
        expect(other.locator("#stage")).to_have_attribute("data-step", "40")
        expect(other.locator("#scale [value=step]")).to_be_checked()
        expect(other.locator("#axes select")).to_have_value("3")
        expect(other.locator("#unit h2")).to_have_text("features.conv1 · unit 1")


def test_back_goes_to_the_layer_before(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=40")
    page.locator("#layers [data-layer='features.conv1']").click()
    expect(page.locator("#stage h1")).to_contain_text("features.conv1")
    page.go_back()
    expect(page.locator("#stage h1")).to_contain_text("conv0 · Weights")
    assert step_of(page) == 40


def test_back_goes_to_the_run_before_however_long_runs_take(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=40")
    page.locator("#slider").fill("6")  # the address says so a little later, of this run alone
    page.evaluate("""() => {
        const fetched = window.fetch;
        window.fetch = async (...asked) => {
            if (String(asked[0]).includes("run?")) {
                await new Promise((done) => setTimeout(done, 600));
            }
            return fetched(...asked);
        };
    }""")
    page.select_option("#run", "other")
    page.wait_for_url("**run=other*")
    expect(page.locator("#stage")).to_have_attribute("data-step", "270")
    page.go_back()
    expect(page.locator("#run")).to_have_value("fake")
    expect(page.locator("#stage")).to_have_attribute("data-step", "60")
    page.wait_for_timeout(300)  # nothing that waited is written into the address that was gone to
    assert "run=fake" in page.url
    assert "step=60" in page.url
    page.go_forward()
    expect(page.locator("#run")).to_have_value("other")


def test_of_two_runs_the_newest_wish_is_shown(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=weights&layer=conv0")
    page.evaluate("""() => {
        const choice = document.querySelector("#run");
        const fetched = window.fetch;
        let first = true;
        window.fetch = async (...asked) => {
            const late = first && String(asked[0]).includes("run?");
            first = false;
            if (late) await new Promise((done) => setTimeout(done, 500));
            return fetched(...asked);
        };
        for (const name of ["other", "fake"]) {
            choice.value = name;
            choice.dispatchEvent(new Event("change"));
        }
    }""")
    page.wait_for_timeout(800)
    expect(page.locator("#run")).to_have_value("fake")
    assert "run=fake" in page.url


WRITER = """
import sys, time
from pathlib import Path
from vizframe.store import create
from vizframe.testing.runs import fake_info, fake_probe, records
with create(sys.argv[1], fake_info("live"), fake_probe()) as writer:
    for number, record in enumerate(records(range(0, 60, 10))):
        if number >= 3:
            sys.stdin.readline()
        writer.commit(record)
        print(record.step, flush=True)
"""


def test_a_step_that_another_process_writes_appears_by_itself(
    visitor: Visitor, show: Show, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "live")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as training:
        assert training.stdin is not None
        assert training.stdout is not None
        for _ in range(3):
            training.stdout.readline()
        page = visitor.open(show(RunCatalog(tmp_path)))
        expect(page.locator("#stage")).to_have_attribute("data-step", "20")
        training.stdin.write("\n")
        training.stdin.flush()
        expect(page.locator("#stage")).to_have_attribute("data-step", "30")
        page.locator("#slider").fill("1")
        expect(page.locator("#stage")).to_have_attribute("data-step", "10")
        training.stdin.write("\n\n")
        training.stdin.flush()
        expect(page.locator("#step-count")).to_have_text("2 of 6")
        assert step_of(page) == 10, "a pinned step stays"
        page.keyboard.press("End")
        expect(page.locator("#stage")).to_have_attribute("data-step", "50")


def test_while_training_writes_the_newer_steps_are_counted_and_followed(
    visitor: Visitor, show: Show
) -> None:
    run = MemoryRun(replaced(time.time()), fake_probe())
    coming = list(live_records(time.time()))
    with run.writer() as writer:
        for record in coming[:4]:
            writer.commit(record)
        page = visitor.open(show(MemoryCatalog({"now": run})), "?step=10")
        expect(page.locator("#live")).to_contain_text("recording")
        expect(page.locator("#newer")).to_have_text("+2 steps")
        writer.commit(coming[4])
        expect(page.locator("#newer")).to_have_text("+3 steps")
        page.locator("#newer").click()
        expect(page.locator("#stage")).to_have_attribute("data-step", "40")
        expect(page.locator("#newer")).to_have_text("following")
        writer.commit(coming[5])
        expect(page.locator("#stage")).to_have_attribute("data-step", "50")


def test_every_key_does_what_the_help_says(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    stage, press = page.locator("#stage"), page.keyboard.press
    for key, step in ((".", 110), (",", 100), ("<", 0), (">", 100), ("Home", 0), ("End", 190)):
        press(key)
        expect(stage).to_have_attribute("data-step", str(step))
    press("ArrowRight")
    press("l")
    expect(page.locator("#unit h2")).to_have_text("conv0 · unit 2")
    press("]")
    expect(page.locator("#stage h1")).to_contain_text("features.conv1")
    press("[")
    expect(page.locator("#stage h1")).to_contain_text("conv0 · Activation")
    press("p")
    expect(page.locator("#stage h1")).to_contain_text("Weights")
    press("P")
    press("i")
    expect(stage).to_have_attribute("data-url", re.compile("at=1%2C"))
    press("r")
    expect(page.locator("#scale [value=unit]")).to_be_checked()
    press("t")
    expect(page.locator("#gamma")).to_have_value("2")
    press("Enter")
    expect(page.locator("#unit-page h1")).to_contain_text("conv0 · unit 2")
    press("Escape")
    expect(stage).to_be_visible()
    press("c")
    expect(page.locator("#compare-page")).to_be_visible()
    press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help kbd").first).to_be_in_viewport()
    press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_single_keys_can_be_switched_off(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.locator("#help button").click()
    page.keyboard.press(".")
    page.keyboard.press("Home")
    expect(page.locator("#stage")).to_have_attribute("data-step", "0")


def test_the_slider_is_a_slider_for_those_who_hear_the_page(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    slider = page.get_by_role("slider", name="Training step")
    expect(slider).to_have_attribute("aria-valuetext", "step 100, epoch 1")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "step 110, epoch 1.1")
    expect(page.get_by_role("listbox", name="Units").get_by_role("option")).to_have_count(8)
    expect(page.get_by_role("option", name="unit 3", exact=True)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_can_be_turned(
    chromium: Browser, url: str, scheme: str
) -> None:
    with visiting(chromium, color_scheme=scheme) as visitor:
        page = visitor.open(url, "?run=fake&kind=weights&layer=conv0&step=100")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.keyboard.press("d")
        other = {"light": "dark", "dark": "light"}[scheme]
        expect(page.locator("html")).to_have_attribute("data-bs-theme", other)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        page.reload()
        page.wait_for_selector("body[data-ready]")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", other)


def test_every_page_opens_without_a_complaint_and_asks_no_stranger(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    marks = {
        "unit": "#unit-page .card canvas",
        "compare": "#compare-page .compared canvas",
        "image": "#image-page .image-list canvas",
        "training": "#training-page .js-plotly-plot .main-svg",
        "network": "#network-page .graph canvas",
        "runs": "#runs-page .runs [data-run=other]",
        "gallery": "#stage .gallery canvas",
    }
    for name, mark in marks.items():
        page.locator(f"#pages [data-page={name}]").click()
        expect(page.locator(mark).first).to_be_visible()
        expect(page.locator(f"#pages [data-page={name}]")).to_have_attribute("aria-current", "page")


def test_a_click_on_a_curve_of_the_training_page_moves_the_slider(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=0&page=training")
    graph = page.locator("#training-page .js-plotly-plot .nsewdrag").first
    graph.wait_for()
    box = graph.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.wait_for_timeout(200)
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#slider")).to_have_attribute(
        "aria-valuetext", re.compile("step (90|100), epoch (0.9|1)$")
    )


def test_curves_can_be_drawn_logarithmically_and_the_link_says_so(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&page=training")
    graphs = page.locator("#training-page .js-plotly-plot")
    figure = graphs.first
    figure.wait_for()
    kind = "graphs => graphs.map(graph => graph.layout.yaxis.type)"
    page.get_by_label("Logarithmic").check()
    page.wait_for_url("**axis=log**")
    expect(figure).to_have_attribute("data-shows", re.compile(r"\blog\b"))
    assert "log" in graphs.evaluate_all(kind)
    page.reload()
    expect(page.get_by_label("Logarithmic")).to_be_checked()
    expect(figure).to_have_attribute("data-shows", re.compile(r"\blog\b"))
    page.get_by_label("Linear").check()
    expect(figure).to_have_attribute("data-shows", re.compile(r"\blinear\b"))
    assert set(graphs.evaluate_all(kind)) == {"linear"}


def test_the_epoch_is_said_beside_the_step_where_it_is_known(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    expect(page.locator("#epoch")).to_have_text("epoch 0.5")
    page.keyboard.press("End")
    expect(page.locator("#epoch")).to_have_text("epoch 1.9")


def test_another_run_is_chosen_above(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    page.locator("#run").select_option("other")
    expect(page.locator("#step-count")).to_have_text("10 of 10")
    expect(page.locator("#stage")).to_have_attribute("data-step", "270")


def test_help_parameters_notes_and_failures_of_a_plugin_are_shown(
    visitor: Visitor, url: str
) -> None:
    page = visitor.open(url, "?run=fake&kind=gradient_ascent&layer=conv0&step=100")
    expect(page.locator("#stage .caption")).to_have_text("What gradient_ascent shows.")
    expect(page.locator("#stage .notes summary")).to_have_text("unit 3 did not start")
    page.locator("#about-panel summary").click()
    expect(page.locator("#about .parameters")).to_contain_text("iterations")
    words = "The unit's activation on its picture."
    expect(page.locator("#about dl")).to_have_text(f"Objective{words}")
    expect(page.locator("#unit .number", has_text="Objective")).to_have_attribute("title", words)
    page.locator("#kinds [data-kind=deconvolution]").click()
    expect(page.locator("#about .failure")).to_contain_text("step 20: dense0 has no spatial axes")


def test_a_key_that_changes_nothing_leaves_no_history(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    before = page.evaluate("history.length")
    for _ in range(3):
        page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.press("c")
    assert page.evaluate("history.length") == before + 1


def test_the_probe_images_are_one_stop_of_the_tabulator(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    thumbs = page.locator(".thumb")
    expect(thumbs.first).to_be_visible()
    stops = page.evaluate("document.querySelectorAll('.thumb[tabindex=\"0\"]').length")
    thumbs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(thumbs.nth(1)).to_be_focused()
    assert stops == 1


def test_the_first_tab_stop_skips_to_the_pictures(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()


def test_an_image_says_what_the_network_takes_it_for(
    visitor: Visitor, url: str, run: MemoryRun
) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=image&at.probe=1")
    scores = run.history().tiles(SeriesKey(label="activation", layer="dense0"), 100).values()
    expect(page.locator(".verdict")).to_contain_text(f"taken for class {int(scores[1].argmax())}")
    expect(page.locator("#image-page .image-list .thumb")).to_have_count(len(scores))
    maps = run.history().tiles(SeriesKey(label="activation", layer="conv0"), 100).values()[1]
    strongest = int(maps.reshape(len(maps), -1).max(axis=1).argmax())
    first = page.locator("#image-page .unit-button").first
    expect(first).to_contain_text(f"unit {strongest} ")
    first.click()
    expect(page.locator("#unit-page")).to_be_visible()
    expect(page).to_have_url(re.compile(f"unit={strongest}(&|$)"))


def test_runs_are_sorted_searched_and_laid_over_one_another(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&page=runs")
    rows = page.locator("#runs-page tbody tr")
    expect(rows).to_have_count(2)
    expect(page.locator("tr[data-name=other] [data-cell=loss]")).not_to_be_empty()
    page.get_by_role("button", name="Steps", exact=True).click()
    expect(rows.first).to_have_attribute("data-name", "other")
    page.get_by_label("Find a run").fill("other")
    expect(page.locator("tr[data-name=fake]")).to_be_hidden()
    page.get_by_label("Find a run").fill("")
    for name in ("fake", "other"):
        page.get_by_label(f"Lay {name} over others").check()
    page.get_by_role("button", name="Curves of 2 runs").click()
    expect(page.locator("#training-page h1")).to_have_text("Training: 2 runs")
    page.locator("#overlay-controls label", has_text="Minutes").click()
    expect(page).to_have_url(re.compile("x=time"))
    page.get_by_role("button", name="Only this run").click()
    expect(page.locator("#training-page h1")).to_have_text("Training")


def test_the_gallery_is_there_before_dash_which_changes_nothing_of_it(
    visitor: Visitor, url: str
) -> None:
    held: list[Route] = []
    visitor.page.route("**/_dash-component-suites/**", lambda route: held.append(route))
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&unit=2", ready=False)
    page.wait_for_selector("#stage[data-step]")
    page.locator("#step").fill("100")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_have_attribute("data-step", "100")
    page.locator("#slider").focus()
    before = pixels(page, "#stage .gallery canvas")
    expect(page.locator("#layers")).to_have_count(0)
    assert page.locator("body[data-ready]").count() == 0
    assert held
    page.unroute("**/_dash-component-suites/**")  # what is held goes on
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#layers [aria-pressed=true]")).to_contain_text("conv0")
    assert np.array_equal(pixels(page, "#stage .gallery canvas"), before)
    assert page.evaluate("document.activeElement.id") == "slider"
    page.keyboard.press(".")
    expect(page.locator("#stage")).to_have_attribute("data-step", "110")
