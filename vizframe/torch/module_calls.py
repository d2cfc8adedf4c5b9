"""The calls of modules that are seen: of all until the nets are known, then of these alone.

    nn.Module.__call__      any module of the process: so it is found out which the nets are
    type(net).__call__      once they are known: what a net calls inside costs nothing from then on
    type(net).forward       of one that the script calls as net.forward(x)

Nothing is set on a net itself, so that one that is copied or pickled has nothing of ours in it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Protocol

import torch

from vizframe.graph.patches import Method, Patches, Switch, leave_no_frame


class CalledNet(Protocol):
    """A net that is known.

    Attributes:
        called: the module that the script calls.
        is_plain: whether it does so by its forward.
        wanted: whether its next call is to be seen.
    """

    called: Any
    is_plain: bool
    wanted: bool


class ModuleCalls:
    """What is wrapped of the calls of modules.

    Args:
        around: called with the method and its arguments, in place of it. It guards itself.
    """

    def __init__(self, around: Method) -> None:
        self._around = around
        self._patches = Patches()
        self._known: dict[int, CalledNet] = {}
        self.sees_all = False

    def see_all(self) -> None:
        """See every module from now on."""
        if not self.sees_all:
            self._patches.remove()
            self._known.clear()
            self.sees_all = True
            self._patches.put(torch.nn.Module, "__call__", self._of_any)

    def see(self, nets: Iterable[CalledNet]) -> None:
        """See these alone. Nothing that was compiled before has to be compiled again."""
        self._known = {id(each.called): each for each in nets}
        self.sees_all = False
        self._patches.remove()
        try:
            places = (_place(each.called, each.is_plain) for each in self._known.values())
            for kind, name in dict.fromkeys(places):
                self._patches.put(kind, name, functools.partial(self._of_known, kind, name))
        except TypeError:  # a class that lets nothing be set on it
            self.see_all()

    def end(self) -> None:
        """Put everything back."""
        self._patches.remove()
        self.sees_all = False
        self._known.clear()

    def _of_any(self, original: Method, switch: Switch) -> Method:
        @functools.wraps(original)
        def watched(module: Any, *args: Any, **kwargs: Any) -> Any:
            # What a script has kept of this wrap, as `torch.compile` does, outlives it.
            if torch.compiler.is_compiling():
                return original(module, *args, **kwargs)
            try:
                if not switch.is_on:
                    return original(module, *args, **kwargs)
                return self._around(original, module, *args, **kwargs)
            except BaseException as error:
                leave_no_frame(error)
                raise

        return watched

    def _of_known(self, kind: type, name: str, original: Method, switch: Switch) -> Method:
        known, inherits = self._known, name == "__call__" and kind is not torch.nn.Module
        above: Any = super

        @functools.wraps(original)
        def watched(module: Any, *args: Any, **kwargs: Any) -> Any:
            if torch.compiler.is_compiling():
                return original(module, *args, **kwargs)
            net = known.get(id(module))
            # What all modules have by now: a script may put something of its own there.
            call = above(kind, type(module)).__call__ if inherits else original
            try:
                if net is None or not net.wanted or not switch.is_on:
                    return call(module, *args, **kwargs)
                return self._around(call, module, *args, **kwargs)
            except BaseException as error:
                leave_no_frame(error)
                raise

        return watched


def _place(module: Any, is_plain: bool) -> tuple[type, str]:
    """The class and method at which calls of a module are seen: its own, or, where that gives
    other arguments on to what it calls, all modules'."""
    kind = type(module)
    if is_plain:
        return kind, "forward"
    every: type = torch.nn.Module
    return (kind if kind.__call__ is torch.nn.Module.__call__ else every), "__call__"
