"""`vizframe serve`: the app on a folder of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vizframe.webapp.serving import Address


def serve(
    runs: Annotated[
        str, typer.Argument(help="The folder of runs, or a compacted run's address.")
    ] = "runs",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 picks a free port.")
    ] = 8075,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    prefix: Annotated[
        str, typer.Option(help="The path the app lives under behind a proxy, such as /viz/.")
    ] = "/",
    trusted_host: Annotated[
        list[str] | None,
        typer.Option(help="A name, beyond localhost, that pages may ask for; repeatable."),
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines see the runs.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="VIZFRAME_TOKEN",
            help="What who asks must know; made up where other machines are let in.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A network for Live and What if: pkg.module:function, file.py:function."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Its parameters: a file, or 'ckpt-*.pt', the newest.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(help="Of one input of it: 3,224,224; else its function says.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Pictures in a folder per class, which What if measures accuracy on.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Open the app on a folder of runs, also while they are being recorded.

    Example: vizframe serve runs --port 8080 --open

    Or on a compacted run that lies elsewhere.

    Example: vizframe serve https://example.org/runs/mnist.h5
    """
    from vizframe.errors import UsageError
    from vizframe.network.live import Live, leave_a_core
    from vizframe.network.loadable import shape_of
    from vizframe.reading.remote import RemoteCatalog
    from vizframe.store import RunCatalog
    from vizframe.webapp import serve as serve_app

    if model is None and (weights or shape or images):
        raise UsageError("--weights, --shape and --images are for a --model, which is missing")
    leave_a_core()
    live = Live(model, weights, None if shape is None else shape_of(shape)) if model else None

    def ready(address: Address) -> None:
        print(f"vizframe shows {runs} at {address.invitation}  (Ctrl-C ends)", flush=True)
        if open_browser:
            typer.launch(address.invitation)

    try:
        serve_app(
            RemoteCatalog(runs) if "://" in runs else RunCatalog(runs),
            host=host,
            port=port,
            prefix=prefix,
            trusted_hosts=trusted_host or (),
            allow_remote=allow_remote,
            token=token or "",
            where=runs,
            live=live,
            images=images,
            ready=ready,
        )
    except KeyboardInterrupt:
        print()
