"""What is answered by asking a network, one method for each address: see `vizframe.webapp.api`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from vizframe.webapp import live
from vizframe.webapp.request import query
from vizframe.webapp.what_if import WhatIf


@dataclass(frozen=True, slots=True, eq=False)
class NetworkViews:
    """The views of Live and What if. Each answers the request that is being handled.

    Attributes:
        what_if: has the networks that can be asked, the runs, and a folder of pictures.

    Raises:
        UnknownName, UsageError, NetworkError: what is asked for is not there, is not what it can
            be, or cannot be asked.
    """

    what_if: WhatIf

    def live(self) -> Response:
        return live.describe(self.what_if.networks, query(), self.what_if.images)

    def ask(self) -> Response:
        return live.respond(self.what_if.networks, self.what_if.open_runs, query())

    def whatif(self) -> Response:
        return self.what_if.respond(query())

    def judged(self) -> Response:
        return self.what_if.judge(query())

    def masked(self) -> Response:
        return self.what_if.checkpoint(query())
