"""A scheduler or server of MXNet's, as ``DMLC_ROLE`` says, until its workers have left."""

from __future__ import annotations

import importlib

from vizframe.gluon.compat import mx  # serves already while it is imported, in some versions

if __name__ == "__main__":
    importlib.import_module(f"{mx.__name__}.kvstore_server")
