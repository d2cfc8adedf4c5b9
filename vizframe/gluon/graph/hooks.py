"""Watching the blocks of a net for one call, and leaving no hook behind."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vizframe.gluon.graph.untouched import untouched

Before = Callable[[Any, tuple[Any, ...]], None]
After = Callable[[Any, tuple[Any, ...], Any], None]
Watch = Callable[[str, Any], tuple[Before, After]]
"""What is called before and after the block at a path."""


@contextmanager
def hook_blocks(net: Any, watch: Watch) -> Iterator[None]:
    """Inside, every block is watched, whatever hooks of the user's are there, which do not fire;
    all is put back, what the blocks keep of their calls too."""
    saved: list[tuple[Any, Any, Any]] = []
    blocks = [block for _, block in paths(net)]
    try:
        for path, block in paths(net):
            saved.append((block, block._forward_pre_hooks, block._forward_hooks))
            block._forward_pre_hooks, block._forward_hooks = OrderedDict(), OrderedDict()
            before, after = watch(path, block)
            block.register_forward_pre_hook(before)
            block.register_forward_hook(after)
        with untouched(blocks):
            yield
    finally:
        for block, pre_hooks, hooks in saved:
            block._forward_pre_hooks, block._forward_hooks = pre_hooks, hooks


def paths(net: Any) -> Iterator[tuple[str, Any]]:
    """Every block once, by the first path that leads to it."""
    seen: set[int] = set()
    waiting = [("", net)]
    while waiting:
        path, block = waiting.pop()
        if id(block) not in seen:
            seen.add(id(block))
            yield path, block
            children = [(f"{path}.{k}".lstrip("."), c) for k, c in block._children.items()]
            waiting.extend(reversed(children))


class Names:
    """Names in use; a name asked for again gets a number."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def unique(self, name: str) -> str:
        self._times[name] = times = self._times.get(name, 0) + 1
        return name if times == 1 else self.unique(f"{name}.call{times}")
