"""The path that the app lives under: its own at ``/``, behind a proxy perhaps at ``/viz/``."""

from __future__ import annotations

import re

from vizframe.errors import UsageError
from vizframe.wording import short

_PART = re.compile(r"[A-Za-z0-9._~@:!$&'()*+,;=-]+")


def base_path(prefix: str) -> str:
    """The prefix between slashes.

    >>> base_path("viz"), base_path("/")
    ('/viz/', '/')

    Raises:
        UsageError: it is no path, or one that browsers change on their way.
    """
    inside = prefix.strip("/")
    parts = inside.split("/") if inside else []
    if any(part in (".", "..") or not _PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"the prefix is {short(prefix)}; it can be a path such as /viz/, of ASCII letters, "
            "digits and -._~ between slashes"
        )
    return "/".join(["", *parts, ""])
