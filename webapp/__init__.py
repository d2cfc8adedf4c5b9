"""The web app: filter galleries with a slider over the training steps.

    Shelf ──► Desk (open runs, one reader at a time)
                │
                ├── api        raw bytes and JSON under /api/v1
                │     request   what a URL asks for        body       tiles as bytes
                │     manifest  what a run holds           extent     the range of a whole history
                │     asking    the network of the Live page  caching  what a browser may keep
                └── app        Dash: the page's frame, and what is words and tables
                      frame     the page                   menus      layers, plugins, notes
                      training  all curves                 network    the graph of layers
                      runs      the list of runs

Python answers with what a run holds; the step that the slider stands on is the browser's own
affair (`assets/viewer/`), because a round trip per slider move shows nothing while one drags.
"""

from vizframe.webapp.app import create_app
from vizframe.webapp.serving import serve, serving

__all__ = ["create_app", "serve", "serving"]
