"""An album: one HTML file with the galleries of a run and a slider over its steps.

It carries its pictures in itself and asks for nothing else, so it can be mailed, archived and
opened anywhere. Names from the run are text, never HTML.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

from vizframe.images.paint import Rgb
from vizframe.images.png import png

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
       color: #1d1d20; background: #fff }
h2 { font-size: 1.05rem; margin: 2rem 0 .3rem } p { margin: .2rem 0 .6rem; color: #555 }
label { display: flex; gap: 1rem; align-items: center; position: sticky; top: 0; padding: .6rem 0;
        background: inherit } input { flex: 1 } output { min-width: 8rem; text-align: right }
img { image-rendering: pixelated; max-width: 100% } img[hidden] { display: none }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #121214 } p { color: #aaa } }
"""

SCRIPT = """
const slider = document.querySelector('input'), shown = document.querySelector('output');
const steps = JSON.parse(slider.dataset.steps);
function show() {
  const step = steps[slider.value];
  shown.value = 'step ' + step;
  slider.setAttribute('aria-valuetext', 'step ' + step);
  document.querySelectorAll('section').forEach(section => {
    let last = null;
    section.querySelectorAll('img').forEach(image => {
      image.hidden = true;
      if (Number(image.dataset.step) <= step) last = image;
    });
    if (last) last.hidden = false;
  });
}
slider.addEventListener('input', show);
show();
"""


def section(title: str, about: str, pictures: Iterable[tuple[int, Rgb]]) -> str:
    """One series: its title, a sentence, and a picture per step."""
    images = "\n".join(
        f'<img data-step="{step}" hidden alt="{html.escape(f"{title} at step {step}")}" '
        f'src="data:image/png;base64,{base64.b64encode(png(picture)).decode()}">'
        for step, picture in pictures
    )
    return (
        f"<section><h2>{html.escape(title)}</h2><p>{html.escape(about)}</p>\n{images}\n</section>"
    )


def album(title: str, steps: Sequence[int], sections: Iterable[str]) -> str:
    """The whole page; ``sections`` as `section` makes them."""
    name = html.escape(title)
    last = max(0, len(steps) - 1)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{STYLE}</style></head><body><h1>{name}</h1>\n"
        f'<label>training step <input type="range" min="0" max="{last}" value="{last}" '
        f'data-steps="{list(steps)}"><output></output></label>\n'
        + "\n".join(sections)
        + f"\n<script>{SCRIPT}</script></body></html>\n"
    )
