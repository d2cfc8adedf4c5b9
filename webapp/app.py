"""The Dash app: the page, the callbacks that fill its words and tables, and the addresses.

browser: choice (run, kind, layer, step, page) ──► callbacks ──► menus, about, pages
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypedDict

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from flask import request

from vizframe.history import Catalog, Scalars
from vizframe.network.live import Live
from vizframe.webapp import api, index, menus, packing, security, start
from vizframe.webapp.bundles import Bundles
from vizframe.webapp.faults import answer_all, in_words
from vizframe.webapp.gate import Gate
from vizframe.webapp.layout import layout
from vizframe.webapp.open_runs import OpenRun, OpenRuns
from vizframe.webapp.pages import network, overlay, runs, training
from vizframe.webapp.prefix import base_path
from vizframe.webapp.request import declaration
from vizframe.webapp.workers import with_drift

ASSETS = Path(__file__).parent / "assets"


class App(Dash):
    """Dash, whose page is ours."""

    def interpolate_index(self, **dash: str) -> str:  # type: ignore[override]
        """The page with what Dash needs in it; Dash calls it for every page that is opened."""
        base = self.config.requests_pathname_prefix
        return index.page(base, self.bundles.newest().digest, request.args.to_dict(), dash)

    @cached_property
    def bundles(self) -> Bundles:
        """What the page loads."""
        return Bundles(Path(self.config.assets_folder))


class Choice(TypedDict, total=False):
    """What the viewer says it shows. It comes from a browser: nothing in it is to be trusted."""

    run: str
    kind: str
    layer: str


class Page(TypedDict, total=False):
    """Which page the viewer shows, likewise."""

    run: str
    page: str
    dark: bool
    overlay: list[str]
    """Runs whose curves are laid over one another."""
    x: str
    smooth: str


def _choice(said: object) -> Choice:
    """The choice, as far as the browser says it in the right types."""
    given = said if isinstance(said, dict) else {}
    texts = {name: each for name, each in given.items() if isinstance(each, str)}
    return Choice(
        run=texts.get("run", ""), kind=texts.get("kind", ""), layer=texts.get("layer", "")
    )


def _page(said: object) -> Page:
    """The page, likewise."""
    given = said if isinstance(said, dict) else {}
    texts = {name: each for name, each in given.items() if isinstance(each, str)}
    page = Page(
        run=texts.get("run", ""),
        page=texts.get("page", ""),
        dark=given.get("dark") is True,
        x=texts.get("x", ""),
        smooth=texts.get("smooth", ""),
    )
    overlay = given.get("overlay")
    if isinstance(overlay, list):
        page["overlay"] = [each for each in overlay if isinstance(each, str)]
    return page


MakePage = Callable[[OpenRun, Page], Component]


def create_app(
    catalog: Catalog,
    *,
    prefix: str = "/",
    gate: Gate | None = None,
    where: str = "",
    live: Live | None = None,
    images: Path | None = None,
    framed: bool = False,
) -> Dash:
    """The app over a catalog of runs.

    Args:
        prefix: the path that the app lives under, ``/viz/`` say, behind a proxy.
        gate: who may ask; None for this machine alone.
        where: the runs directory in words, for the sentence that says it is empty.
        live: a network that the Live page and What if ask.
        images: a folder of pictures in a folder per class, which What if measures accuracy on.
        framed: whether notebooks may embed the page.

    Raises:
        UsageError: the prefix is no path.
    """
    base = base_path(prefix)
    open_runs = OpenRuns(catalog)
    app = App(
        "vizframe",
        title="vizframe",
        update_title="",
        assets_folder=str(ASSETS),
        assets_ignore=".*",  # the page names its own files
        url_base_pathname=base,
        suppress_callback_exceptions=True,
        enable_mcp=False,
    )
    app.layout = layout
    app.server.register_blueprint(start.blueprint(app.bundles), url_prefix=f"{base}static")
    app.server.register_blueprint(api.blueprint(open_runs, live, images), url_prefix=f"{base}api")
    _add_menus(app, open_runs)
    _add_page(app, open_runs, "training", partial(_training, open_runs), told="page")
    _add_page(app, open_runs, "network", network.page, told="graphed")
    _add_graph_colours(app)
    _add_runs(app, open_runs, where)
    _add_clicks(app)
    security.protect(app, gate or Gate(), framed=framed)
    packing.pack_texts(app.server)
    answer_all(app)
    return app


def _add_menus(app: Dash, open_runs: OpenRuns) -> None:
    @app.callback(
        Output("kinds", "children"),
        Output("layers", "children"),
        Output("about", "children"),
        Input("choice", "data"),
        prevent_initial_call=True,
    )
    @in_words(lambda sentence: (no_update, no_update, sentence))
    def show_menus(said: object) -> tuple[Any, Any, Any]:
        choice = _choice(said)
        if not choice.get("run"):
            return [], [], []
        with open_runs.run(choice["run"]) as found:
            return _menus(found, choice)


def _menus(found: OpenRun, choice: Choice) -> tuple[Any, Any, Any]:
    history, kind, layer = found.history, choice.get("kind") or "", choice.get("layer") or ""
    if not kind:
        return [], [], []
    return (
        menus.kinds(history, kind),
        menus.layers(history, kind, layer),
        menus.about(history, declaration(history, kind, layer)),
    )


def _add_page(app: Dash, open_runs: OpenRuns, name: str, make: MakePage, *, told: str) -> None:
    """A page that is made when it is looked at, and made anew when the store ``told`` changes."""

    @app.callback(
        Output(f"{name}-page", "children"), Input(told, "data"), prevent_initial_call=True
    )
    @in_words(str)
    def show_page(said: object) -> Any:
        page = _page(said)
        if page.get("page") != name or not page.get("run"):
            return no_update
        with open_runs.run(page["run"]) as found:
            return make(found, page)


def _training(open_runs: OpenRuns, found: OpenRun, shown: Page) -> Component:
    """The curves of the run, or of all that are laid over one another."""
    names = shown.get("overlay")
    if names is None or len(names) < 2:
        return training.page(found, shown)
    chosen: dict[str, Scalars] = {}
    for name in names[: overlay.MOST_RUNS]:
        with open_runs.run(name) as other:
            chosen[other.name] = with_drift(other.history.scalars())
    return overlay.page(chosen, shown)


def _add_graph_colours(app: Dash) -> None:
    @app.callback(
        Output("graph", "stylesheet"),
        Output({"colour": ALL}, "aria-pressed"),
        Input({"colour": ALL}, "n_clicks"),
        State("graphed", "data"),
        prevent_initial_call=True,
    )
    @in_words(lambda _sentence: no_update)
    def colour_graph(clicks: list[int], said: object) -> Any:
        if not any(clicks):  # the buttons appear: nothing was chosen yet
            return no_update
        names = [each["id"]["colour"] for each in ctx.inputs_list[0]]
        chosen = ctx.triggered_id["colour"]
        dark = bool(_page(said).get("dark"))
        return network.style(dark, chosen), [str(each == chosen).lower() for each in names]


def _add_runs(app: Dash, open_runs: OpenRuns, where: str) -> None:
    @app.callback(Output("runs-page", "children"), Input("page", "data"), prevent_initial_call=True)
    @in_words(str)
    def show_runs(said: object) -> Any:
        page = _page(said)
        if page.get("page") != "runs":
            return no_update
        return runs.page(open_runs.catalog.runs(), page.get("run"), where)


def _add_clicks(app: Dash) -> None:
    """Clicks on Dash's own figures, answered in the browser (assets/viewer/main.js)."""
    # Dash does not type this method.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("vizframe", "openLayer"),
        Input("graph", "tapNodeData"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("vizframe", "goToStep"),
        Input({"curve": ALL}, "clickData"),
        prevent_initial_call=True,
    )
