"""In a notebook: the page, live, under the cell that asked for it.

    run.show() ──► one server per kernel ──► <iframe src=…>      while the kernel lives
                                         └─► a still picture     afterwards, and where frames are
                                                                 left out (GitHub)

The server listens on this machine alone and is started when something is first shown. Behind
JupyterHub its address goes through jupyter-server-proxy, as ``JUPYTERHUB_SERVICE_PREFIX`` says; for
other proxies, call `configure` before.
"""

from __future__ import annotations

import atexit
import html
import os
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from vizframe.errors import UnknownName, UsageError
from vizframe.history import Catalog, History, RunSummary
from vizframe.history.notes import HasNotes, MemoryNotes, Notes
from vizframe.store import RunCatalog
from vizframe.webapp import serving
from vizframe.webapp.serving import Serving

HUB = "JUPYTERHUB_SERVICE_PREFIX"


class KernelCatalog:
    """What this kernel has shown: runs of folders, and histories that are only in memory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Catalog, str] | History] = {}
        self._notes: dict[str, MemoryNotes] = {}

    def add(self, given: Path | History) -> str:
        """What it is called on the page; the same again where it was shown before."""
        entry = given if isinstance(given, History) else _one_run(given)
        for name, known in self._known.items():
            if known is entry or _is_same(known, entry):
                return name
        wanted = given.info.name if isinstance(given, History) else given.resolve().name
        name, count = wanted, 2
        while name in self._known:
            name, count = f"{wanted} ({count})", count + 1
        self._known[name] = entry
        return name

    def runs(self) -> Sequence[RunSummary]:
        found = []
        for name, known in reversed(self._known.items()):
            if isinstance(known, tuple):
                found += [replace(each, name=name) for each in known[0].runs()]
            else:
                steps = list(known.steps)
                last = max(steps, default=None)
                found.append(RunSummary(name, known.info, len(steps), last, None, 0))
        return found

    def open(self, name: str) -> History:
        if name not in self._known:
            raise UnknownName("run", name, self._known)
        known = self._known[name]
        return known[0].open(known[1]) if isinstance(known, tuple) else known

    def notes(self, name: str) -> Notes:
        known = self._known.get(name)
        if isinstance(known, tuple) and isinstance(known[0], HasNotes):
            return known[0].notes(known[1])
        return self._notes.setdefault(name, MemoryNotes())


def _one_run(path: Path) -> tuple[Catalog, str]:
    catalog = RunCatalog(path)
    return catalog, path.resolve().name


def _is_same(known: tuple[Catalog, str] | History, entry: tuple[Catalog, str] | History) -> bool:
    if not (isinstance(known, tuple) and isinstance(entry, tuple)):
        return False
    one, two = known[0], entry[0]
    if not (isinstance(one, RunCatalog) and isinstance(two, RunCatalog)):
        return False
    return one.runs_dir.resolve() == two.runs_dir.resolve()


def _free_port() -> int:
    """One that nobody listens at; the path that the page lives under may name it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass(slots=True, eq=False)
class _Kernel:
    """The server of this process."""

    catalog: KernelCatalog = field(default_factory=KernelCatalog)
    prefix: str | None = None
    trusted_hosts: Sequence[str] = ()
    server: Serving | None = None
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self) -> Serving:
        """The server, which listens."""
        with self.lock:
            if self.server is None:
                self.port = _free_port()
                self.server = serving(
                    self.catalog,
                    port=self.port,
                    prefix=self.path,
                    trusted_hosts=self.trusted_hosts,
                    where="this kernel",
                    framed=True,
                )
                self.server.__enter__()
                atexit.register(self.stop)
            return self.server

    @property
    def path(self) -> str:
        """That the page lives under."""
        if self.prefix is not None:
            return self.prefix.format(port=self.port)
        hub = os.environ.get(HUB)
        return "/" if hub is None else f"{hub.rstrip('/')}/proxy/absolute/{self.port}/"

    def address(self, place: Mapping[str, object]) -> str:
        """The address of a place of the page, as the notebook's browser reaches it."""
        url = self.started().address.url
        if self.path != "/":
            url = self.path  # through the proxy, on the notebook's own address
        elif "google.colab" in sys.modules:
            from google.colab.output import eval_js  # Colab's own

            url = str(eval_js(f"google.colab.kernel.proxyPort({self.port})"))
        return (
            f"{url}?{urlencode({name: each for name, each in place.items() if each is not None})}"
        )

    def stop(self) -> None:
        """What is shown stays as a picture."""
        with self.lock:
            if self.server is not None:
                self.server.__exit__()
                self.server = None


_kernel = _Kernel()


def configure(*, prefix: str | None = None, trusted_hosts: Sequence[str] = ()) -> None:
    """Say how the notebook's browser reaches this machine, before anything is shown.

    Args:
        prefix: the path under which a proxy hands requests to a port and leaves the path as it is,
            such as ``/proxy/absolute/{port}/``.
        trusted_hosts: names that the browser asks for, beyond localhost.

    Raises:
        UsageError: the server runs already.
    """
    if _kernel.server is not None:
        raise UsageError("the kernel's server runs already; call configure() before show()")
    _kernel.prefix, _kernel.trusted_hosts = prefix, tuple(trusted_hosts)


def stop() -> None:
    """End the kernel's server; it starts again when something is shown."""
    _kernel.stop()


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a cell shows: the page in a frame, and a picture that stays when it is gone.

    Attributes:
        url: of the page.
        still: HTML of the picture.
        height: of the frame, in pixels.
    """

    url: str
    still: str
    height: int

    def _repr_html_(self) -> str:
        url = html.escape(self.url)
        return (
            f'<iframe src="{url}" title="vizframe" width="100%" height="{self.height}" '
            f'style="border: 1px solid #8888" allow="camera; clipboard-write; fullscreen"></iframe>'
            f"<details><summary>as a still picture</summary>{self.still}</details>"
        )


def embed(
    given: Path | History, place: Mapping[str, object], still: str, height: int = 640
) -> Embedded:
    """The page at a place, in a frame; the kernel's server is started if it is not."""
    name = _kernel.catalog.add(given)
    return Embedded(_kernel.address({"run": name, **place}), still, height)
