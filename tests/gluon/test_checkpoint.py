"""Parameter files of every make fit the Block that they were made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError
from vizframe.gluon.checkpoint import load_checkpoint
from vizframe.gluon.compat import mx

nn = mx.gluon.nn


def net_of(units: int = 3, *, layers: int = 1, **options: Any) -> Any:
    net = nn.HybridSequential(**options)
    with net.name_scope():
        net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Conv2D(4, 3), nn.Activation("relu"))
        net.add(*(nn.Dense(units) for _ in range(layers)))
    return net


def made(units: int = 3, **options: Any) -> Any:
    net = net_of(units, **options)
    net.initialize(mx.init.Normal(1))
    net.hybridize()
    net(mx.nd.ones((1, 1, 8, 8)))
    return net


def exported(net: Any, path: Path) -> Path:
    net.export(str(path.with_suffix("")))
    return path.with_name(f"{path.stem}-0000.params")


def saved(net: Any, path: Path) -> Path:
    net.save_parameters(str(path))
    return path


def saved_by_name(net: Any, path: Path) -> Path:
    net.collect_params().save(str(path))
    return path


def saved_without_prefix(net: Any, path: Path) -> Path:
    net.collect_params().save(str(path), strip_prefix=net.prefix)
    return path


@pytest.mark.parametrize("save", [exported, saved, saved_by_name, saved_without_prefix])
@pytest.mark.parametrize("is_fresh", [False, True])
def test_a_file_of_another_net_of_this_structure_fits(
    save: Callable[[Any, Path], Path], is_fresh: bool, tmp_path: Path
) -> None:
    source = made()
    path = save(source, tmp_path / "net.params")
    target = net_of() if is_fresh else made(prefix="other_")
    load_checkpoint(target, path)
    images = mx.nd.random.uniform(shape=(2, 1, 8, 8))
    np.testing.assert_array_equal(target(images).asnumpy(), source(images).asnumpy())


@pytest.mark.parametrize("save", [exported, saved, saved_by_name])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"units": 5}, "is of shape (5, "),
        ({"layers": 2}, "does not fit the model: it has no"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_what_differs_and_changes_nothing(
    save: Callable[[Any, Path], Path], options: dict[str, int], sentence: str, tmp_path: Path
) -> None:
    path = save(made(), tmp_path / "net.params")
    target = made(**options)
    before = [each.data().asnumpy() for each in target.collect_params().values()]
    with pytest.raises(NetworkError) as raised:
        load_checkpoint(target, path)
    assert sentence in str(raised.value)
    after = [each.data().asnumpy() for each in target.collect_params().values()]
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.params").write_bytes(b"torn")
    with pytest.raises(NetworkError, match=r"net\.params' cannot be loaded into the model: "):
        load_checkpoint(made(), tmp_path / "net.params")
