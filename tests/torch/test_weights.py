"""Files of weights, as people's trainings write them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.cli.calling import call
from vizframe import store
from vizframe.errors import NetworkError, UsageError
from vizframe.network.factory import factory
from vizframe.network.live import Live
from vizframe.torch.weights import load_weights

MODEL = """
import torch
from torch import nn
def net():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(108, 2))
def with_batch():
    return net(), torch.zeros(4, 1, 8, 8)
"""


def net(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(108, 2))


def saved(kind: str, module: Any, path: Path) -> Path:
    """A file of the module's weights, as a kind of training writes it."""
    state = module.state_dict()
    match kind:
        case "state_dict":
            torch.save(state, path)
        case "data parallel":
            torch.save(nn.DataParallel(module).state_dict(), path)
        case "compiled":
            torch.save(torch.compile(module, backend="eager").state_dict(), path)
        case "lightning":
            own = {f"model.{name}": each for name, each in state.items()}
            own["loss.weight"] = torch.ones(2)
            torch.save({"epoch": 3, "state_dict": own, "hyper_parameters": {"lr": 0.1}}, path)
        case "with optimiser":
            optimizer = torch.optim.Adam(module.parameters())
            module(torch.rand(4, 1, 8, 8)).sum().backward()
            optimizer.step()
            torch.save({"optimizer": optimizer.state_dict(), "model": module.state_dict()}, path)
        case "compiled in parallel, in Lightning":
            own = {f"model.module._orig_mod.{name}": each for name, each in state.items()}
            torch.save({"state_dict": own}, path)
        case "safetensors":
            save_file(state, str(path))
    return path


KINDS = (
    "state_dict",
    "data parallel",
    "compiled",
    "lightning",
    "with optimiser",
    "compiled in parallel, in Lightning",
    "safetensors",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_weights_are_found_whatever_wrote_them(kind: str, wrapped: bool, tmp_path: Path) -> None:
    trained, other = net(1), net(2)
    ending = "safetensors" if kind == "safetensors" else "ckpt"
    path = saved(kind, trained, tmp_path / f"w.{ending}")
    load_weights(nn.DataParallel(other) if wrapped else other, path)
    for name, each in trained.state_dict().items():
        assert torch.equal(other.state_dict()[name], each)


def test_weights_that_do_not_fit_are_refused_and_nothing_is_loaded(tmp_path: Path) -> None:
    other, path = net(2), tmp_path / "w.pt"
    before = {name: each.clone() for name, each in other.state_dict().items()}
    wrong = net(1).state_dict()
    wrong["3.weight"] = torch.ones(2, 7)
    torch.save(wrong, path)
    with pytest.raises(NetworkError, match=r"'3\.weight' has the shape \(2, 7\); it can be \(2, 1"):
        load_weights(other, path)
    torch.save({"0.weight": wrong["0.weight"]}, path)
    with pytest.raises(NetworkError, match=r"does not fit .*'0\.bias' is missing, and 7 more"):
        load_weights(other, path)
    path.write_bytes(b"half of a file")
    with pytest.raises(NetworkError, match="cannot be read"):
        load_weights(other, path)
    for name, each in other.state_dict().items():
        assert torch.equal(before[name], each)


class Evil:
    """What runs code where a pickle is read without care."""

    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('code of the file ran')",)


def test_a_file_cannot_run_code(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({"state_dict": Evil()}, path)
    with pytest.raises(NetworkError, match="cannot be read"):
        load_weights(net(), path)


def test_a_history_is_made_of_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchnets.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "torchnets", raising=False)
    for step in (10, 20):
        torch.save(net(step).state_dict(), f"ckpt-{step}.pt")
    called = call(
        "record",
        "--checkpoints",
        "ckpt-*.pt",
        "--model",
        "torchnets:with_batch",
        "--run",
        "runs/x",
        "--plugins",
        "weights",
    )
    assert called.code == 0, called.err
    history = store.open(tmp_path / "runs" / "x")
    assert list(history.steps) == [10, 20]
    key = next(key for key in history.declarations if (key.layer, key.part) == ("0", ""))
    shown = history.tiles(key, 20).values().reshape(3, 3, 3)
    wanted = net(20)[0].weight.detach().numpy().reshape(3, 3, 3)
    assert shown == pytest.approx(wanted, abs=0.01)


def test_a_live_page_follows_the_newest_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "livenets.py"
    file.write_text(MODEL)
    torch.save(net(4).state_dict(), tmp_path / "w-4.pt")
    live = Live(f"{file}:net", str(tmp_path / "w-*.pt"), (1, 8, 8))
    picture = np.full((8, 8, 3), 100, np.uint8)
    first = live.respond(picture, "0")
    torch.save(net(8).state_dict(), tmp_path / "w-8.pt")
    second = live.respond(picture, "0")
    assert (first.step, second.step) == (4, 8)
    assert (first.scores != second.scores).any()


def test_a_collection_gives_a_net_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = "def create_model(name, pretrained):\n    assert not pretrained\n    return name + '!'\n"
    (tmp_path / "timm.py").write_text(made)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    assert factory("timm:resnet18")() == "resnet18!"


def test_a_collection_that_is_not_there_or_lacks_the_net_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match="timm is not installed: pip install timm"):
        factory("timm:resnet18")()
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm.py").write_text(
        "def create_model(name, pretrained):\n    raise KeyError(name)"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match="model is timm:nothing, which cannot be made: 'nothing'"):
        factory("timm:nothing")()
