"""What is wrapped behaves, to a script, as what it wraps."""

from __future__ import annotations

import math
import operator
import pickle
import random
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest

from tests.graph.failing import Failing
from vizframe.graph.patches import Patches, Switch


@pytest.fixture
def patches() -> Iterator[Patches]:
    patches = Patches()
    yield patches
    patches.remove()


def nothing(*_: object, **__: object) -> None: ...


def printed() -> str:
    try:
        Failing().call("x")
    except ValueError:
        return traceback.format_exc()
    raise AssertionError("it did not fail")


def test_a_traceback_that_a_script_prints_has_no_frame_of_ours(patches: Patches) -> None:
    plain = printed()
    patches.see(Failing, "call", before=nothing, after=nothing, failed=nothing)
    patches.change(Failing, "call", nothing)
    patches.wrap(Failing, "call", operator.call)
    assert printed() == plain


@pytest.mark.parametrize("seed", [lambda: random.seed, lambda: np.random.seed, lambda: math.sqrt])
def test_a_function_is_pickled_as_ever(
    seed: Callable[[], Callable[[int], object]], patches: Patches
) -> None:
    """`DataLoader(worker_init_fn=np.random.seed)` sends it to workers that are spawned."""
    for owner, name in ((random, "seed"), (np.random, "seed"), (math, "sqrt")):
        patches.see(owner, name, after=nothing)
    assert pickle.loads(pickle.dumps(seed()))(4) == seed()(4)


@pytest.mark.parametrize("way", ["see", "change", "wrap"])
def test_what_a_script_puts_around_stays_and_nothing_is_seen_any_more(
    way: str, patches: Patches, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def changed(made: float, x: float) -> float:
        seen.append(x)
        return made

    def around(own: Callable[[float], float], x: float) -> float:
        seen.append(x)
        return own(x)

    ways: dict[str, Callable[[], None]] = {
        "see": lambda: patches.see(math, "sqrt", before=seen.append, after=lambda *_: seen.append),
        "change": lambda: patches.change(math, "sqrt", changed),
        "wrap": lambda: patches.wrap(math, "sqrt", around),
    }
    ways[way]()
    below = math.sqrt
    monkeypatch.setattr(math, "sqrt", mine := lambda x: below(x) + 1)
    assert math.sqrt(4) == 3
    patches.remove()
    assert math.sqrt is mine
    assert math.sqrt(9) == 4
    assert seen == [4]


@pytest.mark.parametrize("way", ["see", "change", "wrap", "put"])
def test_a_script_that_puts_ours_back_again_and_again_has_none_in_its_way(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def square(x: float) -> float:
        return math.sqrt(x)

    roots = ModuleType("roots")
    vars(roots)["square"] = own = square
    seen: list[float] = []

    def around(own: Callable[[float], float], x: float) -> float:
        seen.append(x)
        return own(x)

    def changed(made: float, x: float) -> float:
        seen.append(x)
        return made

    def make(original: Callable[[float], float], switch: Switch) -> Callable[[float], float]:
        return lambda x: around(original, x) if switch.is_on else original(x)

    ways: dict[str, Callable[[Patches], None]] = {
        "see": lambda patches: patches.see(roots, "square", before=seen.append),
        "change": lambda patches: patches.change(roots, "square", changed),
        "wrap": lambda patches: patches.wrap(roots, "square", around),
        "put": lambda patches: patches.put(roots, "square", make),
    }
    for _ in range(3):
        patches = Patches()
        ways[way](patches)
        with monkeypatch.context() as script:
            ours: Callable[[float], float] = vars(roots)["square"]
            script.setattr(roots, "square", lambda x, ours=ours: ours(x))
            assert roots.square(9.0) == 3.0
            patches.remove()
            assert roots.square(4.0) == 2.0
    assert seen == [9.0] * 3
    last = Patches()
    ways[way](last)
    last.remove()
    assert vars(roots)["square"] is own
