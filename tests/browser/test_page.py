"""The page around the gallery: links, live runs, keys, themes, states, strangers."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Show, Visitor, served, visiting
from vizframe.errors import HistoryError
from vizframe.history import History, RunInfo, SeriesKey, StepRecord, Tiles
from vizframe.history.memory import MemoryCatalog, MemoryHistory, MemoryRun
from vizframe.store import RunCatalog
from vizframe.testing.runs import LAYERS, fake_info, fake_probe, fake_run, records

pytestmark = pytest.mark.browser

PAGES = ("gallery", "unit", "compare", "image", "training", "network", "live", "runs")


def step_of(page: Page) -> int:
    return int(page.get_attribute("#stage", "data-step") or -1)


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


def replaced(created: float) -> RunInfo:
    return fake_info("now").model_copy(update={"created": created})


def live_records(now: float) -> Iterator[StepRecord]:
    for number, record in enumerate(records(range(0, 60, 10))):
        yield replace(record, time=now - 1 + 0.1 * number)


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
    expect(figure).to_have_attribute("data-shows", re.compile("log$"))
    assert "log" in graphs.evaluate_all(kind)
    page.reload()
    expect(page.get_by_label("Logarithmic")).to_be_checked()
    expect(figure).to_have_attribute("data-shows", re.compile("log$"))
    page.get_by_label("Linear").check()
    expect(figure).to_have_attribute("data-shows", re.compile("linear$"))
    assert set(graphs.evaluate_all(kind)) == {"linear"}


def test_the_epoch_is_said_beside_the_step_where_it_is_known(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=50")
    expect(page.locator("#epoch")).to_have_text("epoch 0.5")
    page.keyboard.press("End")
    expect(page.locator("#epoch")).to_have_text("epoch 1.9")


def test_a_click_on_a_layer_of_the_network_opens_its_gallery(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&page=network")
    page.locator("#network-page .table [data-open-layer='features.conv1']").click()
    expect(page.locator("#stage h1")).to_contain_text("features.conv1")
    page.locator("#pages [data-page=network]").click()
    graph = page.locator("#network-page .graph")
    expect(graph).to_be_visible()
    box = graph.bounding_box()
    assert box is not None
    page.wait_for_timeout(400)
    graph.click(position={"x": box["width"] / 2, "y": box["height"] * 0.87})
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


def test_two_steps_are_compared_on_one_slider(visitor: Visitor, url: str) -> None:
    page = visitor.open(
        url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare&beside=30"
    )
    expect(page.get_by_label("Step to compare with")).to_have_value("30")
    words = page.locator(".compared").nth(2).locator(".side-head")
    expect(words).to_contain_text("from −")
    before = words.text_content()
    page.locator("#slider").fill("15")
    expect(page.locator(".compared").nth(0)).to_contain_text("step 150")
    expect(words).not_to_have_text(before or "")


def test_two_runs_are_compared(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Run to compare with").select_option("other")
    expect(page.get_by_label("Which step of it")).to_have_value("same")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 90 · run other")


def test_two_images_are_compared_and_not_subtracted(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Probe image to compare with").select_option("2")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 100 · probe image 2")
    expect(page.locator(".compared").nth(2)).to_contain_text("Not subtracted")
    expect(page).to_have_url(re.compile(r"besideat\.probe=2"))


def test_b_can_stay_some_steps_behind(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.get_by_label("Which step of it").select_option("offset")
    page.get_by_label("Step to compare with").fill("-3")
    page.get_by_label("Step to compare with").press("Enter")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 70")
    page.locator("#slider").fill("15")
    expect(page.locator(".compared").nth(1)).to_contain_text("step 120")


@pytest.mark.parametrize("view", ["Swipe", "Blink"])
def test_b_can_lie_over_a(view: str, visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100&page=compare")
    page.locator(".views label", has_text=view).click()
    expect(page.locator(".compared.d")).to_be_hidden()
    a, b = (page.locator(f".compared.{side} .gallery").bounding_box() for side in "ab")
    assert a == b


def test_another_run_is_chosen_above(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
    page.locator("#run").select_option("other")
    expect(page.locator("#step-count")).to_have_text("10 of 10")
    expect(page.locator("#stage")).to_have_attribute("data-step", "270")


def test_no_runs_at_all_say_how_to_record_one(visitor: Visitor, show: Show) -> None:
    page = visitor.open(show(MemoryCatalog({})))
    expect(page.locator("#runs-page")).to_contain_text("There are no runs in the catalog yet")
    expect(page.locator("#runs-page pre").first).to_have_text("vizframe record -- train.py")


def test_a_run_still_empty_says_so_and_fills_itself(visitor: Visitor, show: Show) -> None:
    run = MemoryRun(fake_info(), fake_probe())
    page = visitor.open(show(MemoryCatalog({"new": run})))
    expect(page.locator("#stage .message")).to_contain_text("This run is still empty")
    for panel in ("#side", "#unit", "#transport"):
        expect(page.locator(panel)).to_be_hidden()
    with run.writer() as writer:
        writer.commit(next(live_records(time.time())))
    expect(page.locator("#stage")).to_have_attribute("data-step", "0")
    expect(page.locator("#stage .message")).to_be_hidden()
    for panel in ("#side", "#unit", "#transport"):
        expect(page.locator(panel)).to_be_visible()


def test_an_unknown_run_is_named_with_the_known_ones(chromium: Browser, url: str) -> None:
    with visiting(chromium) as visitor:
        visitor.expected = "status of 404"
        page = visitor.open(url, "?run=fakee")
        expect(page.locator("#banner")).to_contain_text("run 'fakee' is not known; it can be")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kind=gradcam", "This run has no plugin “gradcam”; it shows activation of conv0."),
        ("kind=deconvolution.pach", "no plugin “deconvolution.pach”; it shows deconvolution of"),
        ("kind=weights&layer=conv7", "This run has no layer “conv7”; it shows weights of conv0."),
    ],
)
def test_a_link_to_what_the_run_has_not_says_what_is_shown_instead(
    visitor: Visitor, url: str, query: str, words: str
) -> None:
    page = visitor.open(url, f"?run=fake&{query}")
    expect(page.locator("#banner")).to_contain_text(words)
    page.locator("#banner button").click()
    expect(page.locator("#stage")).to_have_attribute("data-step", "190")


class BrokenHistory(MemoryHistory):
    """Step 30 cannot be read."""

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        if step == 30:
            raise HistoryError("main.s30.h5 is cut short; `vizframe check` says what is sound")
        return super().tiles(key, step, where)

    def faults(self) -> Sequence[str]:
        return ("main.s30.h5 is cut short",)


class BrokenShelf(MemoryCatalog):
    def __init__(self, run: MemoryRun) -> None:
        super().__init__({"broken": run})
        self._broken = BrokenHistory(run)

    def open(self, name: str) -> History:
        return self._broken


def test_a_broken_step_keeps_the_last_good_frame_and_says_why(
    chromium: Browser, run: MemoryRun
) -> None:
    with served(BrokenShelf(run)) as url, visiting(chromium) as visitor:
        visitor.expected = "status of 503"
        page = visitor.open(url, "?kind=activation&layer=conv0&step=100")
        expect(page.locator("#banner")).to_contain_text("Part of this run is not sound")
        page.locator("#slider").fill("3")
        expect(page.locator("#banner")).to_contain_text("Step 30 cannot be shown: main.s30.h5")
        assert step_of(page) == 100
        page.locator("#slider").fill("4")
        expect(page.locator("#stage")).to_have_attribute("data-step", "40")


def test_names_from_a_run_are_text_and_never_markup(visitor: Visitor, show: Show) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"
    layer = LAYERS[0].model_copy(update={"name": evil})
    run = fake_run(range(0, 50, 10), layers=(layer,), name=evil)
    page = visitor.open(show(MemoryCatalog({evil: run})))
    expect(page.locator("#layers .name")).to_have_text(evil)
    for name in PAGES:
        page.locator(f"#pages [data-page={name}]").click()
        page.wait_for_timeout(250)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "owned"


def test_the_app_works_under_a_path_prefix(chromium: Browser, run: MemoryRun) -> None:
    with (
        served(MemoryCatalog({"fake": run}), prefix="/viz") as url,
        visiting(chromium) as visitor,
    ):
        assert url.endswith("/viz/")
        page = visitor.open(url, "?kind=weights&layer=conv0")
        expect(page.locator("#stage")).to_have_attribute("data-step", "190")
        page.locator("#kinds [data-kind=activation]").click()
        expect(page.locator("#stage h1")).to_contain_text("Activation")


def test_a_narrow_screen_shows_everything_without_scrolling_sideways(
    chromium: Browser, url: str
) -> None:
    with visiting(chromium, viewport={"width": 390, "height": 800}) as visitor:
        page = visitor.open(url, "?run=fake&kind=activation&layer=conv0&step=100")
        expect(page.locator("#slider")).to_be_in_viewport()
        expect(page.locator("#play")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#menu").click()
        page.locator("#kinds [data-kind=weights]").click()
        expect(page.locator("#stage h1")).to_contain_text("Weights")


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


def test_a_page_that_is_not_there_is_said(visitor: Visitor, url: str) -> None:
    page = visitor.open(url, "?run=fake&page=zzz")
    expect(page.locator("#stage")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("There is no page “zzz”")


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
