"""What a canvas shows, and what it should show, worked out in NumPy."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page

from tests.browser.conftest import PATIENCE
from vizframe.history import Tiles

Rgb = npt.NDArray[np.uint8]

READ = """(selector) => {
  const canvas = document.querySelector(selector);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) {
    text += String.fromCharCode(...data.subarray(i, i + 32768));
  }
  return [width, height, btoa(text)];
}"""


def pixels(page: Page, selector: str) -> Rgb:
    """A canvas as (height, width, 4)."""
    width, height, text = page.evaluate(READ, selector)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


@dataclass(frozen=True)
class Grid:
    """Where the tiles of the gallery are, in CSS pixels (one device pixel each here)."""

    columns: int
    cell: float
    tall: float
    pitchX: float
    pitchY: float

    @classmethod
    def of(cls, page: Page) -> Grid:
        return cls(**json.loads(page.get_attribute("#stage .gallery", "data-grid") or ""))

    def centres(self, index: int, height: int, width: int) -> tuple[npt.NDArray[np.intp], ...]:
        """Canvas (y, x) of the middle of every pixel of a tile, each (height, width)."""
        row, column = divmod(index, self.columns)
        y = row * self.pitchY + (np.arange(height) + 0.5) * self.tall / height
        x = column * self.pitchX + (np.arange(width) + 0.5) * self.cell / width
        return tuple(np.meshgrid(y.astype(int), x.astype(int), indexing="ij"))


def gallery(page: Page, count: int, height: int, width: int) -> Rgb:
    """The tiles that the gallery shows, at their own size: (count, height, width, 3)."""
    painted, grid = pixels(page, "#stage .gallery canvas"), Grid.of(page)
    return np.stack([painted[grid.centres(i, height, width)][..., :3] for i in range(count)])


def expect_gallery(page: Page, wanted: Rgb, units: npt.NDArray[np.bool_] | None = None) -> None:
    """Wait until the gallery shows these tiles, (tiles, height, width, 3), or those marked."""
    count, height, width = wanted.shape[:3]
    some = np.ones(count, bool) if units is None else units
    _expect(lambda: gallery(page, count, height, width)[some], wanted[some])


def expect_pixels(page: Page, selector: str, wanted: Rgb) -> None:
    """Wait until a canvas shows exactly these."""
    _expect(lambda: pixels(page, selector), wanted)


def expect_other_pixels(page: Page, selector: str, before: Rgb) -> Rgb:
    """Wait until a canvas shows anything else; what it shows then."""
    end = time.monotonic() + PATIENCE / 1000
    while np.array_equal(found := pixels(page, selector), before):
        assert time.monotonic() < end, f"{selector} shows what it showed"
        page.wait_for_timeout(20)
    return found


def _expect(read: Callable[[], Rgb], wanted: Rgb) -> None:
    """As Playwright's `expect` waits for words: a page paints when it comes to it."""
    end = time.monotonic() + PATIENCE / 1000
    while not np.array_equal(read(), wanted) and time.monotonic() < end:
        time.sleep(0.02)
    np.testing.assert_array_equal(read(), wanted)


def painted_with(tiles: Tiles, low: float, high: float, table: Rgb, *, signed: bool) -> Rgb:
    """Tiles through one pair of limits and a colour map, in float64, halves rounded up."""
    start, end = tiles.low.astype(np.float64), tiles.high.astype(np.float64)
    inner = (...,) + (None,) * (tiles.stored.ndim - tiles.low.ndim)
    values = start[inner] + tiles.stored * ((end - start) / 255)[inner]
    place = np.clip((values - low) / (high - low), 0, 1)
    if low == high:
        place = np.full(values.shape, 0.5 if signed else 0.0)
    found: Rgb = table[np.floor(place * 255 + 0.5).astype(int)]
    return found
