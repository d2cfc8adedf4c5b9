"""The page as it is sent: its frame, which the viewer fills at once, and Dash, which comes after.

┌ topbar ─ brand · run · pages ······················ live · copy link · keys · theme ┐
├ side ────────┬ stage ───────────────────────────────────────────┬ unit ─────────────┤
│ what  layers │ title, help                                      │ picture, strip,   │
│ axes  scale  │ gallery (canvas)                                 │ curves, numbers   │
├──────────────┴──────────────────────────────────────────────────┴───────────────────┤
└ transport ── play · curves over the slider · step ──────────────────────────────────┘

The first gallery waits for the frame, one script, one style sheet and its own data, which the page
asks for all at the same time. Dash's scripts, ten times as many bytes, lie in a template until it
is painted (assets/viewer/dash.js); then what Dash makes (`layout`) moves into its places here.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

PAGES = {
    "gallery": "Gallery",
    "unit": "Unit",
    "sheet": "Film",
    "compare": "Compare",
    "image": "Image",
    "training": "Training",
    "network": "Network",
    "live": "Live",
    "whatif": "What if",
    "runs": "Runs",
}

FRAME = """<div id="frame">
<header id="topbar">
<div class="brand"><span class="mark" aria-hidden="true"></span>vizframe</div>
<div id="run-choice"></div>
<nav id="pages" aria-label="Pages">{links}</nav>
<div id="live" role="status"></div>
<div id="tools"></div>
</header>
<div id="banner" role="status" hidden></div>
<div id="middle">
<aside id="side" aria-label="Choose what to see">
<section><h2>What</h2><div data-made="kinds"></div></section>
<section><h2>Layer</h2><div id="find"></div><div data-made="layers"></div></section>
<section id="axes"></section>
<section id="order" hidden></section>
<section id="scale"></section>
<section id="about-panel">
<details><summary>About this picture</summary><div data-made="about"></div></details>
</section>
</aside>
<main id="main">
<div id="stage" class="page"></div>
<div id="unit-page" class="page" hidden></div>
<div id="zoom-page" class="page" hidden></div>
<div id="sheet-page" class="page" hidden></div>
<div id="compare-page" class="page" hidden></div>
<div id="image-page" class="page scrolls" tabindex="0" role="region" aria-label="Image" hidden>
</div>
<div data-made="training-page"></div>
<div data-made="network-page"></div>
<div id="live-page" class="page" hidden></div>
<div id="whatif-page" class="page" hidden></div>
<div data-made="runs-page"></div>
</main>
<aside id="unit" aria-label="The chosen unit"></aside>
</div>
<footer id="transport" aria-label="Training steps"></footer>
</div>"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>vizframe</title>
<script src="{static}theme.js"></script>
<link rel="stylesheet" href="{static}style.css">
<link rel="modulepreload" href="{static}viewer.js">
{preloads}
<link rel="icon" type="image/svg+xml" href="{static}icon.svg">
</head>
<body data-base="{base}">
<a class="skip" href="#main">Skip to the pictures</a>
<noscript>vizframe paints with JavaScript, which is switched off in this browser.</noscript>
{frame}
<script type="module" async src="{static}viewer.js"></script>
<div id="dash">{app_entry}</div>
{config}
<template id="dash-scripts">
{scripts}
{renderer}
</template>
</body>
</html>
"""


def page(base: str, digest: str, asked: Mapping[str, str], dash: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        base: the path that the app lives under, with a slash at its end.
        digest: of what the page loads, as `Bundles` has it.
        asked: the query, which says what is shown first.
        dash: what Dash puts into a page: ``app_entry``, ``config``, ``scripts``, ``renderer``.
    """
    links = "".join(
        f'<a href="?page={name}" data-page="{name}">{title}</a>' for name, title in PAGES.items()
    )
    return PAGE.format(
        base=base,
        static=f"{base}static/{digest}/",
        frame=FRAME.format(links=links),
        preloads="\n".join(_preload(base, each) for each in _first(asked)),
        **{name: dash[name] for name in ("app_entry", "config", "scripts", "renderer")},
    )


def _first(asked: Mapping[str, str]) -> list[str]:
    """What the viewer asks for before all else (assets/viewer/main.js), in its very words."""
    run = f"run?{urlencode({'run': asked['run']})}" if asked.get("run") else "run?"
    return ["runs?", "colours?", run]


def _preload(base: str, address: str) -> str:
    where = escape(f"{base}api/v1/{address}")
    return f'<link rel="preload" as="fetch" crossorigin href="{where}">'
