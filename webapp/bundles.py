"""What a page loads at its start: few files, each kept by browsers until it is another one.

    static/DIGEST/viewer.js      the viewer's modules, joined
                  viewer.js.map  for debuggers
                  style.css      all style sheets, in their order
                  theme.js, icon.svg

The digest is of all of them, so that an address never has two contents and may be kept for good.
They are made of the files in ``assets``, and made anew when one of those changes: who edits a
module or a style sheet loads the page again, and that is all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vizframe.webapp.modules import join

STYLES = (
    "vendor/bootstrap-5.3.8.min.css",
    "style.css",
    "pictures.css",
    "transport.css",
    "pages.css",
    "narrow.css",
)
"""In their order: narrow screens come last, over all others."""

TYPES = {
    "viewer.js": "text/javascript",
    "viewer.js.map": "application/json",
    "style.css": "text/css",
    "theme.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


class Bundle(NamedTuple):
    """All files of a page, and what tells them from those of another version."""

    files: Mapping[str, bytes]
    digest: str


@dataclass(eq=False)
class Bundles:
    """The newest bundle of a folder of assets."""

    folder: Path
    _state: tuple[tuple[str, int, int], ...] = ()
    _made: Bundle | None = None

    def newest(self) -> Bundle:
        """What the files are now.

        Raises:
            VizframeError: a module is written in a form that cannot be joined.
        """
        state = tuple(_state(each) for each in sorted(self.folder.rglob("*")) if each.is_file())
        if self._made is None or state != self._state:
            self._made, self._state = _bundle(self.folder), state
        return self._made


def _state(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def _bundle(folder: Path) -> Bundle:
    modules = {each.name: each.read_text("utf-8") for each in (folder / "viewer").glob("*.js")}
    script, source_map = join(modules)
    files = {
        "viewer.js": f"{script}//# sourceMappingURL=viewer.js.map\n".encode(),
        "viewer.js.map": source_map.encode(),
        "style.css": b"\n".join((folder / each).read_bytes() for each in STYLES),
        "theme.js": (folder / "theme.js").read_bytes(),
        "icon.svg": (folder / "icon.svg").read_bytes(),
    }
    digest = hashlib.blake2b(digest_size=8)
    for name, data in sorted(files.items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    return Bundle(files, digest.hexdigest())
