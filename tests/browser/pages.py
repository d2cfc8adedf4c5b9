"""The pages by name, the step that one stands on, and steps that arrive while it is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from playwright.sync_api import Page

from vizframe.history import RunInfo, StepRecord
from vizframe.testing.runs import fake_info, records

PAGES = (
    "gallery",
    "unit",
    "zoom",
    "sheet",
    "compare",
    "image",
    "training",
    "network",
    "live",
    "whatif",
    "runs",
)


def step_of(page: Page) -> int:
    return int(page.get_attribute("#stage", "data-step") or -1)


def replaced(created: float) -> RunInfo:
    return fake_info("now").model_copy(update={"created": created})


def live_records(now: float) -> Iterator[StepRecord]:
    for number, record in enumerate(records(range(0, 60, 10))):
        yield replace(record, time=now - 1 + 0.1 * number)
