"""The web app: filter galleries with a slider over the training steps.

    Catalog ──► OpenRuns (one reader at a time of each)
                │
                ├── api          the addresses under /api/v1, of raw bytes and JSON
                │     run_views, network_views  what is answered there, a method each
                │     request      what a URL asks for        tile_bytes   tiles as bytes
                │     manifest     what a run holds           value_range  of a whole history
                │     asked        which network is asked     caching      what a browser may keep
                │     live         a picture's activations    what_if      units changed
                │     change       what moved, and when       difference   what is new since
                │     events       epochs, spikes, findings, damaged steps
                │     results      what came of a run, for the list of runs
                │     texts        tokens, and what is predicted after one
                └── app          Dash: the page's layout, and what is words and tables
                      layout       the frame of all pages     menus        layers, plugins, notes
                      pages/       training, network, runs, and curves of several runs

    serving ── security, gate, connections: who may ask, and how long he may take
    faults, numbers, markup: sentences for what goes wrong, numbers and HTML for people

Python gives what a run holds; the step that the slider stands on is the browser's own
affair (`assets/viewer/`), because a round trip per slider move shows nothing while one drags.
"""

from vizframe.webapp.app import create_app
from vizframe.webapp.serving import serve, serving

__all__ = ["create_app", "serve", "serving"]
