"""The former address of `vizframe.probe.probe_from`, kept for scripts that use it."""

from vizframe.network.probe_images import probe_from

__all__ = ["probe_from"]
