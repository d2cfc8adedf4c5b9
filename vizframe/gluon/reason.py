"""What MXNet's error says, without its stack of C++ frames."""

from __future__ import annotations


def reason(error: Exception) -> str:
    """The check that failed, or else the last line.

    >>> reason(ValueError("MXNetError: Error in operator x: [12:00] a.cc:1: Check failed: 1 == 2"))
    '1 == 2'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    checks = [line.partition("Check failed: ")[2] for line in lines if "Check failed: " in line]
    told = (checks or lines or [type(error).__name__])[-1]
    return told.rstrip(". ")
